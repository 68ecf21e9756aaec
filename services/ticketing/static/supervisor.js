import { followCatalogue, takeTexts } from './catalogue.js';
import { minutesSince } from './clock.js';
import { followHall } from './live.js';
import { copy, fill, t } from './page.js';
import { forStaff, send } from './staff.js';
import { connectDialogs, openForAlert, takeChoices } from './supervisor-acts.js';
import { api, clock, loadOverview, mall, overview } from './supervisor-overview.js';
import { alertInWords, causeInWords, closedPart, closureInWords, stateInWords } from './supervisor-words.js';
import { isStaff } from './token.js';

const $ = (id) => document.getElementById(id);
const KINDS = { open: 'good', paused: 'warn', shut: 'bad' };

const drawn = new Map(); // the content of each list as it was drawn last

async function refresh() {
  if (await loadOverview()) render();
}

function render() {
  const { statuses } = overview;
  fill(document.querySelector('.glance'), {
    date: clock.date(Date.now()),
    rule: t(`supervisor.rule.now.${overview.rule.rule}`, { n: overview.rule.in_a_row }),
  });
  $('open').textContent = stateInWords(overview);
  $('open').dataset.kind = overview.open ? 'good' : 'bad';
  fill($('figures'), {
    waiting: (statuses.waiting ?? 0) + (statuses.held ?? 0),
    serving: (statuses.called ?? 0) + (statuses.serving ?? 0),
    served: statuses.served ?? 0,
    issued: `${overview.issued} / ${overview.capacity}`,
    places: overview.places_left,
    bookings: overview.bookings_unclaimed,
  });
  draw('alerts', overview.alerts, alertRow);
  $('calm').hidden = overview.alerts.length > 0;
  draw('counters', overview.counters, counterRow);
  draw(
    'lines',
    [...overview.lines].sort((one, other) => other.longest_minutes - one.longest_minutes),
    lineRow,
  );
  $('nobody').hidden = overview.lines.length > 0;
  draw('closures', overview.closures, closureRow);
  $('no-closures').hidden = overview.closures.length > 0;
  opener('stop').hidden = overview.stopped !== null;
  opener('resume').hidden = overview.stopped === null;
  opener('opening').hidden = overview.override !== null;
  for (const button of document.querySelectorAll('[data-opens]'))
    button.disabled = overview.closed && button.dataset.opens !== 'closure';
}

/** Draw a list if its content has changed; the focus stays at its place. */
function draw(id, items, row) {
  const rows = items.map(row);
  const content = rows.map((row) => row.innerHTML).join();
  if (drawn.get(id) === content) return;
  drawn.set(id, content);
  const list = $(id);
  const at = [...list.children].findIndex((one) => one.contains(document.activeElement));
  list.replaceChildren(...rows);
  if (at >= 0) rows[Math.min(at, rows.length - 1)]?.querySelector('a, button')?.focus();
}

function alertRow(alert) {
  const row = copy('alert', {
    text: alertInWords(alert, overview.lines, clock),
    why: alert.cause ? causeInWords(alert.cause) : null,
  });
  const buttons = row.querySelector('.buttons');
  if (alert.kind === 'ticket-without-counter') buttons.append(helping('move', alert), helping('ending', alert));
  if (alert.kind === 'counter-withdrawn-busy') buttons.append(consoleOf(alert.counter));
  buttons.hidden = !buttons.children.length;
  return row;
}

/** A button that opens the dialog of an act which helps with an alert. */
function helping(act, alert) {
  const button = document.createElement('button');
  Object.assign(button, { className: 'button', textContent: t(`supervisor.${act}`) });
  Object.assign(button.dataset, { act, ticket: alert.id });
  button.setAttribute('aria-label', `${t(`supervisor.${act}`)}: ${alert.number}`);
  button.addEventListener('click', () => openForAlert(act, alert));
  return button;
}

function consoleOf(counter) {
  const link = document.createElement('a');
  Object.assign(link, {
    className: 'button',
    href: `/ticketing/malls/${mall}/counters/${encodeURIComponent(counter)}`,
    textContent: t('supervisor.console', { counter }),
  });
  return link;
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
  row.querySelector('a').href = `/ticketing/malls/${mall}/counters/${desk.counter}`;
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
  const what = closedPart(closure);
  const row = copy('closure-row', {
    what,
    about: closureInWords(closure, clock),
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
      await refresh();
    });
    button.disabled = false;
  });
  return row;
}

function opener(act) {
  return document.querySelector(`[data-opens="${act}"]`);
}

function takeCatalogue(page) {
  takeTexts(page, ['.brand strong', '.glance h1']);
  takeChoices(page);
}

connectDialogs(refresh);
const followPage = followCatalogue(takeCatalogue);
forStaff(refresh);
followHall(mall, {
  onHall(hall) {
    followPage(hall);
    if (isStaff()) forStaff(refresh);
  },
  onConnection(isFresh, lastAt) {
    $('lost').hidden = isFresh;
    fill($('lost'), { since: t('supervisor.lost', { time: clock.seconds(lastAt) }) });
  },
});
setInterval(() => {
  if (overview && !document.hidden && isStaff()) forStaff(refresh);
}, 30_000);
