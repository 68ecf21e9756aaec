import { bar } from './bar.js';
import { hour } from './clock.js';
import { copy, fill, given, t } from './page.js';
import { download, forStaff, send } from './staff.js';

const { dataset } = document.getElementById('statistics');
const $ = (id) => document.getElementById(id);
const api = `/ticketing/api/malls/${dataset.mall}/statistics`;
const form = $('wanted').elements;
const names = given('names');
const reasons = given('reasons');
const { lang } = document.documentElement;
const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 0 });
const dated = new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
let asks = 0; // answers may overtake each other: only the last one asked for counts

// What is wanted

function today() {
  return new Intl.DateTimeFormat('en-CA', { timeZone: dataset.zone }).format(Date.now()); // writes dates as ISO does
}

function shifted(day, days) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

function period() {
  const now = today();
  switch (form.period.value) {
    case 'week':
      return [shifted(now, -((new Date(`${now}T00:00:00Z`).getUTCDay() + 6) % 7)), now];
    case 'month':
      return [`${now.slice(0, 8)}01`, now];
    case 'other':
      return [form.from.value || now, form.to.value || now];
    default:
      return [now, now];
  }
}

function wanted(more = {}) {
  const [from, to] = period();
  return new URLSearchParams({ from, to, by: form.by.value, ...more });
}

async function look() {
  const asked = (asks += 1);
  const found = await send(`${api}?${wanted()}`);
  if (asked === asks) render(found);
}

// How it is shown

function minutes(seconds) {
  return seconds === null ? null : number.format(seconds / 60);
}

function day(date) {
  return dated.format(new Date(`${date}T00:00:00Z`));
}

function render(found) {
  const { all, by } = found;
  const shown = found.from === found.to ? 'statistics.shown.one' : 'statistics.shown';
  document.querySelector('[data-slot="period"]').textContent = t(shown, {
    from: day(found.from),
    to: day(found.to),
    n: found.days,
  });
  fill($('figures'), {
    ...all,
    wait: inMinutes(all.wait_median),
    'wait-p90': all.wait_p90 === null ? null : t('statistics.p90', { n: minutes(all.wait_p90) }),
    service: inMinutes(all.service_median),
    'service-p90': all.service_p90 === null ? null : t('statistics.p90', { n: minutes(all.service_p90) }),
    told: all.waits_in_range === null ? '–' : share.format(all.waits_in_range),
  });
  $('nothing').hidden = all.tickets > 0;
  $('parts-card').hidden = all.tickets === 0;
  $('parts-name').textContent = t('statistics.parts', { by: t(`statistics.by.${by}`).toLowerCase() });
  $('part-name').textContent = t(`statistics.by.${by}`);
  $('by-class').hidden = by !== 'class';
  const groups = Object.entries(found.groups);
  if (by !== 'hour' && by !== 'day') groups.sort(([, one], [, other]) => other.tickets - one.tickets);
  const most = Math.max(1, ...groups.map(([, part]) => part.tickets));
  $('parts').replaceChildren(...groups.map(([name, part]) => row(by, name, part, most)));
  const refused = Object.entries(found.refused).sort(([, one], [, other]) => other - one);
  $('refused-part').hidden = refused.length === 0;
  $('refused').replaceChildren(
    ...refused.map(([reason, times]) => copy('refusal', { why: reasons[`${reason}.title`] ?? reason, times })),
  );
}

function inMinutes(seconds) {
  return seconds === null ? '–' : t('statistics.minutes', { n: minutes(seconds) });
}

function row(by, name, part, most) {
  const filled = copy('part', {
    ...part,
    ...ends(part),
    name: named(by, name),
    wait: spread(part.wait_median, part.wait_p90),
    service: spread(part.service_median, part.service_p90),
    told: part.waits_in_range === null ? '–' : share.format(part.waits_in_range),
  });
  if (part.served !== null) filled.querySelector('.chart').append(bar(part, most));
  return filled;
}

/** How visits ended, or a dash where it is not shown. */
function ends({ served, missed, cancelled, unserved }) {
  return Object.fromEntries(
    Object.entries({ served, missed, cancelled, unserved }).map(([name, count]) => [name, count ?? '–']),
  );
}

function spread(median, p90) {
  return median === null ? '–' : `${minutes(median)} (${minutes(p90)})`;
}

function named(by, name) {
  if (by === 'day') return day(name);
  if (by === 'hour') return hour(name);
  if (by === 'class' && (name === 'ordinary' || name === 'priority')) return t(`statistics.part.${name}`);
  return names[by]?.[name] ?? (name || t('statistics.part.nowhere'));
}

function changed() {
  const other = form.period.value === 'other';
  $('range').hidden = !other;
  if (other && !form.from.value) [form.from.value, form.to.value] = [shifted(today(), -30), today()];
  forStaff(look);
}

$('wanted').addEventListener('change', changed);
$('wanted').addEventListener('submit', (event) => event.preventDefault());
$('csv').addEventListener('click', () =>
  forStaff(() =>
    download(`${api}?${wanted({ format: 'csv' })}`, `statistics-${dataset.mall}-${period().join('-')}.csv`),
  ),
);
$('print').addEventListener('click', () => print());
forStaff(look);
