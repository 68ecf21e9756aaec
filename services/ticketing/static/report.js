import { bar } from './bar.js';
import { hour } from './clock.js';
import { copy, fill, given, t } from './page.js';
import { forStaff, send } from './staff.js';

const PARTS = ['hour', 'agency', 'service'];

const { dataset } = document.getElementById('report');
const $ = (id) => document.getElementById(id);
const api = `/ticketing/api/malls/${dataset.mall}`;
const names = given('names');
const reasons = given('reasons');
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });

async function look() {
  const { day } = dataset;
  const by = (part) => send(`${api}/statistics?${new URLSearchParams({ from: day, to: day, by: part })}`);
  const [record, ...parts] = await Promise.all([send(`${api}/days/${day}/verification`), ...PARTS.map(by)]);
  figures(parts[0]);
  PARTS.forEach((part, index) => table(part, parts[index].groups));
  const verdict = record.fits ? ({ valid: 'sealed', pending: 'pending' }[record.signature] ?? 'open') : 'broken';
  $('record').dataset.kind = record.fits ? 'good' : 'bad';
  fill($('record'), { record: t(`report.record.${verdict}`), hash: record.seal ?? record.hash });
}

function figures({ all, refused }) {
  fill($('figures'), { ...all, wait: minutes(all.wait_median), service: minutes(all.service_median) });
  const reasonsByCount = Object.entries(refused).sort(([, one], [, other]) => other - one);
  $('refused-part').hidden = reasonsByCount.length === 0;
  $('refused').replaceChildren(
    ...reasonsByCount.map(([reason, times]) => copy('refusal', { why: reasons[`${reason}.title`] ?? reason, times })),
  );
}

function table(part, groups) {
  const rows = Object.entries(groups);
  if (part !== 'hour') rows.sort(([, one], [, other]) => other.tickets - one.tickets);
  const most = Math.max(1, ...rows.map(([, one]) => one.tickets));
  $(part).replaceChildren(
    ...rows.map(([name, one]) => row(part === 'hour' ? hour(name) : (names[part]?.[name] ?? name), one, most)),
  );
  $(`${part}-part`).hidden = rows.length === 0;
}

function row(name, one, most) {
  const filled = copy('part', { name, ...one, wait: minutes(one.wait_median), service: minutes(one.service_median) });
  filled.querySelector('.chart').append(bar(one, most));
  return filled;
}

function minutes(seconds) {
  return seconds === null ? '–' : number.format(seconds / 60);
}

$('print').addEventListener('click', () => print());
forStaff(look);
