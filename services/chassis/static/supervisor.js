import { Problem } from './api.js';
import { clockIn, minutesSince } from './clock.js';
import { followHall } from './live.js';
import { copy, fill, t } from './page.js';
import { forStaff, send } from './staff.js';
import { isStaff } from './token.js';

const { dataset } = document.getElementById('supervisor');
const $ = (id) => document.getElementById(id);
const api = `/ticketing/api/malls/${dataset.mall}`;
const clock = clockIn(dataset.zone);
const KINDS = { open: 'good', paused: 'warn', shut: 'bad' };

const drawn = new Map(); // what each list says now

let view = null;
let asks = 0; // answers may overtake each other: only the last one asked for counts

// Looking

async function look() {
  const asked = (asks += 1);
  const answer = await send(`${api}/overview`);
  if (asked !== asks) return;
  view = answer;
  render();
}

function render() {
  const { statuses } = view;
  fill(document.querySelector('.glance'), { date: clock.date(Date.now()), rule: t(`supervisor.rule.now.${view.rule.rule}`, { n: view.rule.in_a_row }) });
  $('open').textContent = state();
  $('open').dataset.kind = view.open ? 'good' : 'bad';
  fill($('figures'), {
    waiting: (statuses.waiting ?? 0) + (statuses.held ?? 0),
    serving: (statuses.called ?? 0) + (statuses.serving ?? 0),
    served: statuses.served ?? 0,
    issued: `${view.issued} / ${view.capacity}`,
    places: view.places_left,
    bookings: view.bookings_unclaimed,
  });
  draw('alerts', view.alerts, (alert) => copy('alert', { text: alertText(alert) }));
  $('calm').hidden = view.alerts.length > 0;
  draw('counters', view.counters, counterRow);
  draw('lines', [...view.lines].sort((one, other) => other.longest_minutes - one.longest_minutes), lineRow);
  $('nobody').hidden = view.lines.length > 0;
  draw('closures', view.closures, closureRow);
  $('no-closures').hidden = view.closures.length > 0;
  opener('stop').hidden = view.stopped !== null;
  opener('resume').hidden = view.stopped === null;
  opener('opening').hidden = view.override !== null;
  for (const button of document.querySelectorAll('[data-opens]')) button.disabled = view.closed && button.dataset.opens !== 'closure';
}

/** Draw a list anew if it says something new; whoever is on a link or button in it stays there. */
function draw(id, items, row) {
  const rows = items.map(row);
  const says = rows.map((one) => one.innerHTML).join();
  if (drawn.get(id) === says) return;
  drawn.set(id, says);
  const list = $(id);
  const at = [...list.children].findIndex((one) => one.contains(document.activeElement));
  list.replaceChildren(...rows);
  if (at >= 0) rows[Math.min(at, rows.length - 1)]?.querySelector('a, button')?.focus();
}

function state() {
  if (view.closed) return t('supervisor.over');
  if (view.stopped !== null) return t('supervisor.stopped', { reason: view.stopped });
  if (!view.open) return t('supervisor.shut');
  return view.override === null ? t('supervisor.open') : t('supervisor.forced', { reason: view.override });
}

function alertText(alert) {
  const line = view.lines.find((one) => one.line === alert.line);
  return t(`supervisor.alert.${alert.kind}`, { ...alert, number: line?.longest_number });
}

function counterRow(desk) {
  const status = desk.closure === null ? desk.status : 'shut';
  const row = copy('counter', {
    counter: desk.counter,
    agency: desk.agency_name,
    status: t(`supervisor.status.${status}`),
    why: desk.closure ?? (desk.status_reason || null),
    current: desk.current,
    since: desk.current && t('supervisor.since', { time: clock.time(desk.current_since), minutes: minutesSince(desk.current_since) }),
    waiting: desk.waiting,
    served: desk.served_today,
    pace: desk.pace_minutes?.toLocaleString(document.documentElement.lang) ?? '–',
  });
  row.querySelector('a').href = `/ticketing/malls/${dataset.mall}/counters/${desk.counter}`;
  row.querySelector('.pill').dataset.kind = KINDS[status] ?? 'plain';
  return row;
}

function lineRow(line) {
  return copy('line', {
    line: line.line,
    agency: line.agency_name,
    waiting: line.waiting,
    first: t('supervisor.first', { number: line.longest_number }),
    longest: t('supervisor.minutes', { n: line.longest_minutes }),
  });
}

function closureRow(closure) {
  const what = { mall: t('supervisor.closure.mall'), counter: `${t('supervisor.closure.counter')} ${closure.code}`, service: closure.name }[closure.scope];
  const begins = closure.holds ? [] : [t('supervisor.closure.begins', { when: clock.moment(closure.since) })];
  const ends = closure.until ? t('supervisor.closure.ends', { when: clock.moment(closure.until) }) : t('supervisor.closure.open-ended');
  const row = copy('closure-row', { what, about: [closure.reason, ...begins, ends].join(' · '), reopen: t('supervisor.reopen') });
  const button = row.querySelector('button');
  button.setAttribute('aria-label', `${t('supervisor.reopen')}: ${what}`);
  button.addEventListener('click', async () => {
    button.disabled = true;
    await forStaff(async () => {
      await send(`${api}/closures/${closure.scope}/${encodeURIComponent(closure.code)}`, { method: 'DELETE' });
      $('said').textContent = t('supervisor.reopen.said', { what });
      await look();
    });
    button.disabled = false;
  });
  return row;
}

// Acting

const ACTS = {
  stop: (form) => ['POST', '/stop', { reason: form.reason.value }],
  resume: () => ['DELETE', '/stop'],
  opening: (form) => ['POST', '/opening', { reason: form.reason.value }],
  rule: (form) => ['PUT', '/rule', {
    rule: form.rule.value,
    in_a_row: Number(form.in_a_row.value) || 2,
    ceiling_minutes: Number(form.ceiling_minutes.value) || null,
    reason: form.reason.value,
  }],
  closure(form) {
    const [scope, ...code] = form.what.value.split(' ');
    const until = form.until.value ? clock.instant(form.until.value) : null;
    return ['POST', '/closures', { scope, code: code.join(' '), reason: form.reason.value, until }];
  },
  closing: () => ['POST', '/closing'],
};

function opener(act) {
  return document.querySelector(`[data-opens="${act}"]`);
}

function open(act) {
  const dialog = $(act);
  const form = dialog.querySelector('form');
  form.reset();
  form.querySelector('.notice').hidden = true;
  if (act === 'rule') {
    form.elements.rule.value = view.rule.rule;
    form.elements.in_a_row.value = view.rule.in_a_row;
    form.elements.ceiling_minutes.value = view.rule.ceiling_minutes ?? '';
    ratio();
  }
  if (act === 'closing') {
    const n = (view.statuses.waiting ?? 0) + (view.statuses.held ?? 0);
    form.querySelector('[data-slot="about"]').textContent = t(n ? 'supervisor.closing.waits' : 'supervisor.closing.nobody', { n });
  }
  dialog.showModal();
}

function ratio() {
  $('ratio').hidden = $('rule').querySelector('form').elements.rule.value !== 'ratio';
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector('.button.main');
  const notice = form.querySelector('.notice');
  const { act } = form.dataset;
  button.disabled = true;
  try {
    const [method, path, body] = ACTS[act](form.elements);
    await send(api + path, { method, body });
    form.closest('dialog').close();
    $('said').textContent = t(`supervisor.${act}.said`);
    await forStaff(look);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    fill(notice, { title: problem.title, detail: problem.detail });
    notice.hidden = false;
  } finally {
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll('[data-opens]')) button.addEventListener('click', () => open(button.dataset.opens));
for (const button of document.querySelectorAll('dialog [data-close]')) button.addEventListener('click', () => button.closest('dialog').close());
for (const form of document.querySelectorAll('dialog form')) form.addEventListener('submit', submit);
$('rule').addEventListener('change', ratio);

forStaff(look);
followHall(dataset.mall, {
  onHall: () => { if (isStaff()) forStaff(look); },
  onConnection(fresh, heardAt) {
    $('lost').hidden = fresh;
    fill($('lost'), { since: t('supervisor.lost', { time: clock.seconds(heardAt) }) });
  },
});
setInterval(() => { if (view && !document.hidden && isStaff()) forStaff(look); }, 30_000);
