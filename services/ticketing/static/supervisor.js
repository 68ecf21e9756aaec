import { Problem } from './api.js';
import { followCatalogue, takeTexts } from './catalogue.js';
import { clockIn, minutesSince } from './clock.js';
import { followHall } from './live.js';
import { copy, fill, given, has, t } from './page.js';
import { forStaff, send } from './staff.js';
import { isStaff } from './token.js';

const { dataset } = document.getElementById('supervisor');
const $ = (id) => document.getElementById(id);
const api = `/ticketing/api/malls/${dataset.mall}`;
const clock = clockIn(dataset.zone);
const KINDS = { open: 'good', paused: 'warn', shut: 'bad' };

const drawn = new Map(); // what each list says now

let targets = given('targets'); // where a visitor can be sent on to
let concerned = null; // the alert whose act is asked for
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
  fill(document.querySelector('.glance'), {
    date: clock.date(Date.now()),
    rule: t(`supervisor.rule.now.${view.rule.rule}`, { n: view.rule.in_a_row }),
  });
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
  draw('alerts', view.alerts, alertRow);
  $('calm').hidden = view.alerts.length > 0;
  draw('counters', view.counters, counterRow);
  draw(
    'lines',
    [...view.lines].sort((one, other) => other.longest_minutes - one.longest_minutes),
    lineRow,
  );
  $('nobody').hidden = view.lines.length > 0;
  draw('closures', view.closures, closureRow);
  $('no-closures').hidden = view.closures.length > 0;
  opener('stop').hidden = view.stopped !== null;
  opener('resume').hidden = view.stopped === null;
  opener('opening').hidden = view.override !== null;
  for (const button of document.querySelectorAll('[data-opens]'))
    button.disabled = view.closed && button.dataset.opens !== 'closure';
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

function alertRow(alert) {
  const row = copy('alert', { text: alertText(alert), why: alert.cause ? cause(alert.cause) : null });
  const buttons = row.querySelector('.buttons');
  if (alert.kind === 'ticket-without-counter') buttons.append(helping('move', alert), helping('ending', alert));
  if (alert.kind === 'counter-withdrawn-busy') buttons.append(consoleOf(alert.counter));
  buttons.hidden = !buttons.children.length;
  return row;
}

function alertText(alert) {
  const key = `supervisor.alert.${alert.kind}`;
  const line = view.lines.find((one) => one.line === alert.line);
  const day = alert.day && clock.date(`${alert.day}T12:00:00Z`);
  const one = `${key}.one`;
  return t(alert.count === 1 && has(one) ? one : key, { number: line?.longest_number, ...alert, day });
}

/** Why it came about: a word that this page has a sentence for, or a sentence as it is. */
function cause(found) {
  const key = `supervisor.cause.${found}`;
  return has(key) ? t(key) : found;
}

/** A button that opens the dialog of an act which helps with an alert. */
function helping(act, alert) {
  const button = document.createElement('button');
  Object.assign(button, { className: 'button', textContent: t(`supervisor.${act}`) });
  Object.assign(button.dataset, { act, ticket: alert.id });
  button.setAttribute('aria-label', `${t(`supervisor.${act}`)}: ${alert.number}`);
  button.addEventListener('click', () => openFor(act, alert));
  return button;
}

function consoleOf(counter) {
  const link = document.createElement('a');
  Object.assign(link, {
    className: 'button',
    href: `/ticketing/malls/${dataset.mall}/counters/${encodeURIComponent(counter)}`,
    textContent: t('supervisor.console', { counter }),
  });
  return link;
}

/** The alerts of all tickets of the same service that no counter can call. */
function alike({ service }) {
  return view.alerts.filter((alert) => alert.kind === 'ticket-without-counter' && alert.service === service);
}

function openFor(act, alert) {
  concerned = alert;
  const n = alike(alert).length;
  const whom = $(act).querySelector('[data-whom]');
  open(act);
  fill(whom, {
    all: t('supervisor.whom.all', { n, service: alert.service_name }),
    one: t('supervisor.whom.one', alert),
  });
  whom.hidden = n < 2;
  $(act).querySelector('[data-slot="about"]').textContent =
    `${alert.number} · ${alert.service_name}. ${t(`supervisor.${act}.about`)}`;
  offerTargets();
}

function offerTargets() {
  const select = $('target');
  const { value } = select;
  select.replaceChildren(new Option(t('supervisor.move.choose'), ''), ...targets.map(target));
  select.value = [...select.options].some((option) => option.value === value && !option.disabled) ? value : '';
}

function target({ code, name, agency, why_not: not }) {
  const option = new Option(`${name} · ${not ? t(`supervisor.not.${not.kind}`) : agency}`, code);
  option.disabled = Boolean(not);
  return option;
}

/** The tickets that an act is for: that of the alert, or all alike. */
function concernedBy(form) {
  return form.whom.value === 'all' ? alike(concerned) : [concerned];
}

function counterRow(desk) {
  const status = desk.closure === null ? desk.status : 'shut';
  const row = copy('counter', {
    counter: desk.counter,
    agency: desk.agency_name,
    status: t(`supervisor.status.${status}`),
    why: desk.closure ?? (desk.status_reason || null),
    current: desk.current,
    since:
      desk.current &&
      t('supervisor.since', { time: clock.time(desk.current_since), minutes: minutesSince(desk.current_since) }),
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
  const what = {
    mall: t('supervisor.closure.mall'),
    counter: `${t('supervisor.closure.counter')} ${closure.code}`,
    service: closure.name,
  }[closure.scope];
  const begins = closure.holds ? [] : [t('supervisor.closure.begins', { when: clock.moment(closure.since) })];
  const ends = closure.until
    ? t('supervisor.closure.ends', { when: clock.moment(closure.until) })
    : t('supervisor.closure.open-ended');
  const row = copy('closure-row', {
    what,
    about: [closure.reason, ...begins, ends].join(' · '),
    reopen: t('supervisor.reopen'),
  });
  const button = row.querySelector('button');
  button.setAttribute('aria-label', `${t('supervisor.reopen')}: ${what}`);
  button.addEventListener('click', async () => {
    button.disabled = true;
    await forStaff(async () => {
      await send(
        `${api}/closures/${closure.scope}/${encodeURIComponent(closure.code)}?id=${encodeURIComponent(closure.id)}`,
        { method: 'DELETE' },
      );
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
  rule: (form) => [
    'PUT',
    '/rule',
    {
      rule: form.rule.value,
      in_a_row: Number(form.in_a_row.value) || 2,
      ceiling_minutes: Number(form.ceiling_minutes.value) || null,
      reason: form.reason.value,
    },
  ],
  closure(form) {
    const [scope, ...code] = form.what.value.split(' ');
    const until = form.until.value ? clock.instant(form.until.value) : null;
    return ['POST', '/closures', { scope, code: code.join(' '), reason: form.reason.value, until }];
  },
  closing: () => ['POST', '/closing'],
  move: (form) => [
    'POST',
    form.whom.value === 'all'
      ? `/services/${encodeURIComponent(concerned.service)}/transfer`
      : `/tickets/${concerned.id}/transfer`,
    { service: form.target.value },
  ],
  ending: (form) => concernedBy(form).map(({ id }) => ['POST', `/tickets/${id}/ending`, { reason: form.reason.value }]),
};

/** Take over names, and what can be closed or sent to, also in a dialog that is open. */
function takeCatalogue(page) {
  takeTexts(page, ['.brand strong', '.glance h1']);
  const [what, there] = [$('what'), page.getElementById('what')];
  const { value } = what;
  what.replaceChildren(...document.importNode(there, true).children);
  what.value = [...what.options].some((option) => option.value === value) ? value : '';
  targets = JSON.parse(page.getElementById('targets').textContent);
  if ($('move').open) offerTargets();
}

function opener(act) {
  return document.querySelector(`[data-opens="${act}"]`);
}

function open(act) {
  const dialog = $(act);
  const form = dialog.querySelector('form');
  form.reset();
  form.querySelector('.notice').hidden = true;
  if (!['move', 'ending'].includes(act)) concerned = null;
  if (act === 'rule') {
    form.elements.rule.value = view.rule.rule;
    form.elements.in_a_row.value = view.rule.in_a_row;
    form.elements.ceiling_minutes.value = view.rule.ceiling_minutes ?? '';
    ratio();
  }
  if (act === 'closing') {
    const n = (view.statuses.waiting ?? 0) + (view.statuses.held ?? 0);
    form.querySelector('[data-slot="about"]').textContent = t(
      n ? 'supervisor.closing.waits' : 'supervisor.closing.nobody',
      { n },
    );
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
    const asked = ACTS[act](form.elements);
    for (const [method, path, body] of Array.isArray(asked[0]) ? asked : [asked])
      await send(api + path, { method, body });
    form.closest('dialog').close();
    $('said').textContent = t(`supervisor.${act}.said`);
    await forStaff(look);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    fill(notice, { title: problem.title, detail: problem.detail });
    notice.hidden = false;
    if (concerned) forStaff(look); // some of several may have been done
  } finally {
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll('[data-opens]'))
  button.addEventListener('click', () => open(button.dataset.opens));
for (const button of document.querySelectorAll('dialog [data-close]'))
  button.addEventListener('click', () => button.closest('dialog').close());
for (const form of document.querySelectorAll('dialog form')) form.addEventListener('submit', submit);
$('rule').addEventListener('change', ratio);

const followPage = followCatalogue(takeCatalogue);
forStaff(look);
followHall(dataset.mall, {
  onHall(hall) {
    followPage(hall);
    if (isStaff()) forStaff(look);
  },
  onConnection(fresh, heardAt) {
    $('lost').hidden = fresh;
    fill($('lost'), { since: t('supervisor.lost', { time: clock.seconds(heardAt) }) });
  },
});
setInterval(() => {
  if (view && !document.hidden && isStaff()) forStaff(look);
}, 30_000);
