import { once, request } from './api.js';
import { followCatalogue, keptList, takeTexts } from './catalogue.js';
import { clockIn, minutesSince } from './clock.js';
import { ask, clear, offer, offerAlso, walkThrough } from './counter-dialogs.js';
import { freeFor, isReady, mainAct, noticesOf, transferChoices } from './counter-state.js';
import { followHall } from './live.js';
import { copy, fill, given, t } from './page.js';
import { askForToken, isStaff, staffToken } from './token.js';

const { dataset } = document.getElementById('console');
const $ = (id) => document.getElementById(id);
const api = `/ticketing/api/malls/${dataset.mall}`;
const counterPath = `/counters/${dataset.counter}`;
const clock = clockIn(dataset.zone);
const classes = keptList($('walk-in-classes'));
// Acts that need more than a press of their button; the others follow from the path that their button holds.
const acts = {
  call: () => act(`${counterPath}/calls`, 'called', {}),
  complete: finish,
  hold: () => withReason('hold', `/tickets/${view.current.id}/hold`, view.current.number),
  transfer,
  walk_in: walkIn,
  pause_counter: () => withReason('pause', `${counterPath}/pause`),
  close_counter: close,
};
// What choosing a ticket from a list does.
const choosing = {
  waiting: (ticket) => withReason('chosen', `${counterPath}/calls`, ticket.number, { ticket: ticket.id }),
  held: (ticket) => act(`/tickets/${ticket.id}/resumption`, 'resumption', { counter: dataset.counter }),
  missed: (ticket) => act(`/tickets/${ticket.id}/restoration`, 'restoration'),
};

let services = given('services'); // where a visitor can be sent on to
let view = null;
let requests = 0; // answers may overtake each other: only that of the last request counts
let busy = false;
let list = 'waiting'; // or 'held' or 'missed'
let undoUntil = 0;

// Showing

async function refresh() {
  if (!isStaff()) {
    turnAway(null);
    return;
  }
  const number = (requests += 1);
  try {
    const answer = await request(api + counterPath, { token: staffToken() });
    if (number !== requests) return;
    view = answer;
    undoUntil = view.undo ? Date.now() + view.undo.seconds_left * 1000 : 0;
    render();
  } catch (problem) {
    // A lost connection has its own notice.
    if (!problem.retryable) showProblem(problem);
  }
}

function render() {
  $('desk').hidden = false;
  renderNotices();
  renderCurrent();
  renderStatus();
  fill($('lists'), { waiting: view.waiting_count, held: view.held.length, missed: view.missed.length });
  renderList();
  enableActs();
}

function renderNotices() {
  for (const [id, text] of Object.entries(noticesOf(view))) {
    $(id).hidden = text === null;
    fill($(id), { reason: text, services: text, detail: text });
  }
}

function renderStatus() {
  const pace = view.pace_minutes?.toLocaleString(document.documentElement.lang) ?? '–';
  fill($('status'), {
    status: t(`counter.status.${view.status}`),
    reason: view.status_reason || null,
    waiting: view.waiting_count,
    served: view.served_today,
    pace,
  });
  $('status').querySelector('.pill').dataset.kind = { open: 'good', paused: 'warn', closed: 'bad' }[view.status] ?? '';
}

function renderCurrent() {
  const { current } = view;
  $('free').hidden = Boolean(current);
  $('current').hidden = !current;
  $('free').textContent = t(`counter.free.${freeFor(view)}`);
  if (!current) return;
  const since = current.started_at ?? current.called_at;
  fill($('current'), {
    stage: t(`counter.stage.${current.status}`),
    since: t('counter.since', { time: clock.time(since), minutes: minutesSince(since) }),
    number: current.number,
    service: current.service_name,
    others: current.other_numbers.length ? t('counter.others', { numbers: current.other_numbers.join(', ') }) : null,
    note: current.note,
  });
  $('note').hidden = !current.note;
}

function renderList() {
  const active = document.activeElement;
  const focused = active instanceof HTMLElement ? active.dataset.ticket : undefined;
  for (const tab of $('lists').children) tab.setAttribute('aria-pressed', tab.dataset.list === list);
  $('list-about').textContent = t(`counter.list.${list}.${view[list].length ? 'about' : 'none'}`);
  $('line').replaceChildren(...view[list].map(row));
  $('line').querySelector(`[data-ticket="${focused}"]`)?.focus();
}

function row(ticket) {
  const since = ticket.missed_at ?? ticket.issued_at;
  const minutes = t('counter.minutes', { n: minutesSince(since) });
  const item = copy('row', { number: ticket.number, service: ticket.service_name, note: ticket.note || null, minutes });
  const button = item.querySelector('button');
  button.dataset.ticket = ticket.id;
  button.disabled = busy || (list !== 'missed' && !isReady(view));
  button.addEventListener('click', () => choosing[list](ticket).then(() => showList('waiting')));
  return item;
}

/** Enable the acts that the counter is offered now, and mark the one that comes next. */
function enableActs() {
  // An older release, which serves beside this one during an upgrade, answers without `offered`.
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-act]')))
    button.disabled = busy || view.offered?.includes(button.dataset.act) === false;
  for (const key of ['w', 'b', 'i']) $(`act-${key}`).hidden = Boolean(view.withdrawn); // no new visitor comes here
  $('act-n').hidden = Boolean(view.withdrawn) && !view.waiting_count;
  const main = mainAct(view);
  for (const key of ['n', 'm', 's', 'b']) $(`act-${key}`).classList.toggle('main', key === main);
  const isCalled = view.current?.status === 'called';
  const recalls = isCalled ? t('counter.recalls', { n: view.current.recalls_left }) : null;
  fill($('act-r'), { recalls });
  countDown();
}

function countDown() {
  const seconds = Math.ceil((undoUntil - Date.now()) / 1000);
  const said = seconds > 0 ? t(`counter.undo.${view.undo.act}`, { number: view.undo.number, seconds }) : null;
  fill($('act-u'), { act: said });
  if (seconds <= 0) $('act-u').disabled = true;
}

// Acting

async function act(path, said, body, dialog) {
  if (busy) return;
  busy = true;
  enableActs();
  $('problem').hidden = true;
  try {
    const answer = await once(api + path, { body, token: staffToken() });
    $('said').textContent = t(`counter.said.${said}`, { number: answer.number ?? answer.undo?.number ?? '' });
    if (dialog) clear(dialog);
  } catch (problem) {
    showProblem(problem);
  }
  busy = false;
  await refresh();
}

/**
 * Send an act that asks nothing; the last part of its path names what is said after it.
 *
 * @param {string} path
 */
function actAt(path) {
  const [said] = path.split('/').slice(-1);
  const address = path.replace('<counter>', dataset.counter).replace('<ticket_id>', view.current?.id);
  return act(address, said);
}

async function withReason(name, path, number = '', more = {}) {
  const dialog = $(`ask-${name}`);
  const answer = await ask(dialog, { number });
  if (answer) await act(path, name, { ...more, reason: answer.get('reason') }, dialog);
}

async function finish() {
  const dialog = $('ask-finish');
  const { id, number, service } = view.current;
  offerAlso(
    dialog,
    view.services.filter((other) => other.code !== service),
  );
  const answer = await ask(dialog, { number });
  if (!answer) return;
  await act(
    `/tickets/${id}/completion`,
    'completion',
    { result: answer.get('result'), also: answer.getAll('also') },
    dialog,
  );
}

async function transfer() {
  const dialog = $('ask-transfer');
  const { id, number } = view.current;
  offerTargets();
  const answer = await ask(dialog, { number });
  if (!answer) return;
  const body = { ...JSON.parse(answer.get('choice')), note: answer.get('note').trim() };
  await act(`/tickets/${id}/transfer`, 'transfer', body, dialog);
}

function offerTargets() {
  offer($('ask-transfer'), services.flatMap(transferChoices));
}

/** Take over names, classes and where a visitor can be sent on to, also in a dialog that is open. */
function takeCatalogue(page) {
  takeTexts(page, ['title', '.brand strong', '.here strong', '.here span']);
  classes(page);
  services = JSON.parse(page.getElementById('services').textContent);
  if ($('ask-transfer').open) offerTargets();
}

async function walkIn() {
  const dialog = $('ask-walk-in');
  const othersWait = view.waiting.length > 0;
  const reason = dialog.querySelector('[data-reason]');
  reason.hidden = !othersWait;
  reason.querySelector('input').required = othersWait;
  offer(
    dialog,
    view.services.filter((service) => !service.closed).map(({ code, name }) => ({ value: code, title: name })),
  );
  const answer = await ask(dialog);
  if (!answer) return;
  const body = {
    service: JSON.parse(answer.get('choice')),
    priority: answer.get('priority') || null,
    reason: answer.get('reason').trim(),
  };
  await act(`${counterPath}/walk-ins`, 'walk-in', body, dialog);
}

async function close() {
  const dialog = $('ask-close');
  if (await ask(dialog)) await act(`${counterPath}/closing`, 'close');
}

function showProblem(problem) {
  if (problem.status === 401) {
    turnAway(problem.detail);
    return;
  }
  fill($('problem'), { title: problem.title, detail: problem.detail });
  $('problem').hidden = false;
  $('change-token').hidden = problem.status !== 403;
}

async function turnAway(why) {
  document.querySelector('dialog[open]')?.close();
  $('desk').hidden = true;
  $('problem').hidden = true;
  await askForToken(why);
  await refresh();
}

// Keys

function onKey(event) {
  const field = event.target.closest('input:not([type="checkbox"], [type="radio"]), textarea, select');
  // that of a dialog just closed keeps the focus until the next frame
  const isTyping = field?.getClientRects().length > 0;
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey || event.repeat || !$('keys').checked) return;
  const area = document.querySelector('dialog[open]') ?? $('desk');
  const button = area.querySelector(`[aria-keyshortcuts~="${CSS.escape(event.key.toUpperCase())}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
}

function showList(name) {
  list = name;
  renderList();
}

function enterList(name) {
  showList(name);
  $('line').querySelector('button:enabled')?.focus();
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-act]')))
  button.addEventListener('click', acts[button.dataset.act] ?? (() => actAt(button.dataset.path ?? '')));
for (const tab of $('lists').children) tab.addEventListener('click', () => enterList(tab.dataset.list));
walkThrough($('line'), $('line'));
$('change-token').addEventListener('click', () => turnAway(null));
$('keys').checked = localStorage.getItem('mpp-keys') !== 'off';
$('keys').addEventListener('change', () => localStorage.setItem('mpp-keys', $('keys').checked ? 'on' : 'off'));
document.addEventListener('keydown', onKey);

const followPage = followCatalogue(takeCatalogue);
refresh();
followHall(dataset.mall, {
  onHall(hall) {
    followPage(hall);
    if (isStaff() && !busy) refresh();
  },
  onConnection(isFresh, lastAt) {
    $('lost').hidden = isFresh;
    fill($('lost'), { since: t('counter.lost', { time: clock.seconds(lastAt) }) });
  },
});
setInterval(() => {
  if (view && !$('desk').hidden) countDown();
}, 1_000);
setInterval(() => {
  if (view && !$('desk').hidden) render();
}, 30_000);
