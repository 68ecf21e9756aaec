import { newKey, request } from './api.js';
import { clockIn, minutesSince } from './clock.js';
import { copy, fill } from './fill.js';
import { followHall } from './live.js';
import { askForToken, staffToken } from './token.js';
import { t } from './words.js';

const { dataset } = document.getElementById('console');
const $ = (id) => document.getElementById(id);
const api = `/ticketing/api/malls/${dataset.mall}`;
const clock = clockIn(dataset.zone);
const acts = { n: callNext, s: () => finish('completion'), t: () => finish('no-show') };

let view = null;
let asks = 0; // answers may overtake each other: only the last one asked for counts
let busy = false;
let callKey = newKey(); // kept until the answer is known, so that pressing again cannot call two visitors

function send(path, options = {}) {
  return request(api + path, { token: staffToken(), ...options });
}

// Looking

async function refresh() {
  if (!staffToken()) {
    turnAway(null);
    return;
  }
  const asked = (asks += 1);
  try {
    const answer = await send(`/counters/${dataset.counter}`);
    if (asked !== asks) return;
    view = answer;
    render();
  } catch (problem) {
    // A line that is down has its own notice.
    if (!problem.retryable) refused(problem);
  }
}

function render() {
  const { current } = view;
  $('desk').hidden = false;
  $('free').hidden = Boolean(current);
  $('current').hidden = !current;
  if (current) {
    fill($('current'), {
      number: current.number,
      service: current.service_name,
      since: t('counter.since', { time: clock.time(current.called_at), minutes: minutesSince(current.called_at) }),
    });
  }
  fill($('figures'), { waiting: view.waiting.length, served: view.served_today });
  $('line').replaceChildren(...view.waiting.map(waitingRow));
  $('nobody').hidden = view.waiting.length > 0;
  $('closed').hidden = view.open;
  fill($('override'), { reason: view.override });
  $('override').hidden = !view.open || view.override === null;
  allow();
}

function waitingRow(ticket) {
  const minutes = t('counter.minutes', { n: minutesSince(ticket.issued_at) });
  return copy('row', { number: ticket.number, service: ticket.service_name, minutes });
}

function allow() {
  $('act-n').disabled = busy || !view || Boolean(view.current) || view.waiting.length === 0;
  for (const id of ['act-s', 'act-t']) $(id).disabled = busy || !view?.current;
}

// Acting

async function act(path, said, key) {
  busy = true;
  allow();
  $('problem').hidden = true;
  try {
    const ticket = await send(path, { method: 'POST', key });
    $('said').textContent = t(said, { number: ticket.number });
    callKey = newKey();
  } catch (problem) {
    if (!problem.retryable) callKey = newKey();
    refused(problem);
  }
  busy = false;
  await refresh();
}

function callNext() {
  return act(`/counters/${dataset.counter}/calls`, 'counter.said.called', callKey);
}

function finish(how) {
  return act(`/tickets/${view.current.id}/${how}`, `counter.said.${how}`);
}

function refused(problem) {
  if (problem.status === 401) {
    turnAway(problem.detail);
    return;
  }
  fill($('problem'), { title: problem.title, detail: problem.detail });
  $('problem').hidden = false;
  $('change-token').hidden = problem.status !== 403;
}

async function turnAway(why) {
  $('desk').hidden = true;
  $('problem').hidden = true;
  await askForToken(why);
  await refresh();
}

// Keys

function pressed(event) {
  const act = $(`act-${event.key.toLowerCase()}`);
  const typing = event.target.closest('input:not([type="checkbox"]), textarea, select');
  if (!act || typing || event.ctrlKey || event.altKey || event.metaKey || event.repeat || !$('keys').checked) return;
  event.preventDefault();
  act.click();
}

for (const [key, doIt] of Object.entries(acts)) $(`act-${key}`).addEventListener('click', doIt);
$('change-token').addEventListener('click', () => turnAway(null));
$('keys').checked = localStorage.getItem('mpp-keys') !== 'off';
$('keys').addEventListener('change', () => localStorage.setItem('mpp-keys', $('keys').checked ? 'on' : 'off'));
document.addEventListener('keydown', pressed);

refresh();
followHall(dataset.mall, {
  onHall: () => { if (staffToken() && !busy) refresh(); },
  onConnection(fresh, heardAt) {
    $('lost').hidden = fresh;
    fill($('lost'), { since: t('counter.lost', { time: clock.seconds(heardAt) }) });
  },
});
setInterval(() => { if (view && !$('desk').hidden) render(); }, 30_000);
