import { newKey, request } from './api.js';
import { clockIn } from './clock.js';
import { fill } from './fill.js';
import { followHall } from './live.js';
import { given, t } from './words.js';

const IDLE_S = 60;
const WARN_S = 20;
const TICKET_S = 30;
const STEPS = ['choose', 'who', 'ticket'];

const { dataset } = document.getElementById('kiosk');
const clock = clockIn(dataset.zone);
const $ = (id) => document.getElementById(id);
const offers = [...document.querySelectorAll('[data-service]')];
const classes = [...document.querySelectorAll('[data-class]')];

let step = 'choose';
let chosen = null; // the service the visitor picked
let opening = 'open'; // or 'closed' or 'full'
let busy = false;
let deadline = null;
// One key for each thing asked for, kept until the answer is known, so that asking again cannot make a second ticket.
const keys = new Map();

// Steps

function show(next) {
  step = next;
  for (const section of document.querySelectorAll('[data-step]')) section.hidden = section.dataset.step !== step;
  STEPS.forEach((name, index) => {
    const mark = $('steps').children[index];
    mark.toggleAttribute('data-passed', index < STEPS.indexOf(step));
    if (name === step) mark.setAttribute('aria-current', 'step');
    else mark.removeAttribute('aria-current');
  });
  $('failure').hidden = true;
  bar();
  window.scrollTo(0, 0);
  document.querySelector(`[data-step="${step}"] h1:not([hidden])`).focus();
}

function atStart() {
  return step === 'choose' && $('tiles').hidden === false;
}

function bar() {
  $('back').hidden = atStart() || step === 'ticket';
  $('restart').hidden = atStart();
}

function offer(isOffered, heading) {
  let found = 0;
  for (const button of offers) {
    button.parentElement.hidden = !isOffered(button);
    found += button.parentElement.hidden ? 0 : 1;
  }
  $('tiles').hidden = true;
  $('offers').hidden = false;
  $('none').hidden = found > 0;
  fill($('choose'), { heading: heading(found) });
  bar();
}

function offerAgency(tile) {
  const { agency, name } = tile.dataset;
  $('search-box').hidden = true;
  offer((button) => button.dataset.agency === agency, () => name);
  show('choose');
}

function offerFound() {
  const sought = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!sought.length) {
    allAgencies();
    return;
  }
  const matches = (button) => sought.every((word) => button.dataset.find.toLowerCase().includes(word));
  offer(matches, (n) => t('kiosk.found', { n }));
}

function allAgencies() {
  fill($('choose'), { heading: t('kiosk.choose') });
  $('tiles').hidden = false;
  $('offers').hidden = true;
  $('none').hidden = true;
  $('search-box').hidden = false;
  bar();
}

function choose(button) {
  chosen = button.dataset.service;
  $('chosen').replaceChildren(...button.cloneNode(true).children);
  show('who');
}

function back() {
  if (step === 'choose') {
    $('search').value = '';
    allAgencies();
  }
  show('choose');
}

function restart() {
  keys.clear();
  chosen = null;
  deadline = null;
  $('search').value = '';
  allAgencies();
  show('choose');
  // The next visitor starts in Indonesian; with the line down, a stale language is better than a blank page.
  if (document.documentElement.lang !== 'id' && $('lost').hidden) location.replace('?lang=id');
}

// The ticket

function keyFor(asked) {
  const name = JSON.stringify(asked);
  if (!keys.has(name)) keys.set(name, newKey());
  return keys.get(name);
}

function allow() {
  for (const button of classes) button.disabled = busy || opening !== 'open';
  $('retry').disabled = busy;
  $('busy').hidden = !busy;
}

async function take(priority) {
  if (busy) return;
  busy = true;
  allow();
  $('failure').hidden = true;
  const asked = { service: chosen, priority };
  try {
    const ticket = await request(`/ticketing/api/malls/${dataset.mall}/tickets`, { method: 'POST', body: asked, key: keyFor(asked) });
    keys.clear();
    hand(ticket);
  } catch (problem) {
    if (!problem.retryable) keys.clear();
    fail(problem, priority);
  }
  busy = false;
  allow();
}

function fail(problem, priority) {
  fill($('failure'), { title: problem.title, detail: problem.detail });
  $('retry').hidden = !problem.retryable;
  $('retry').onclick = () => take(priority);
  $('failure').hidden = false;
  $('failure').scrollIntoView({ block: 'center' });
  stay(IDLE_S);
}

function hand(ticket) {
  fill($('slip'), {
    number: ticket.number,
    ahead: ticket.ahead ? t('kiosk.ahead', { n: ticket.ahead }) : t('kiosk.ahead.none'),
    place: ticket.counters.map((counter) => t('kiosk.place', counter)).join(t('kiosk.or')),
    service: ticket.service_name,
    agency: ticket.agency_name,
    issued: `${clock.date(ticket.issued_at)}, ${clock.time(ticket.issued_at)}`,
  });
  $('qr').src = `${ticket.status_url}/qr.svg`;
  show('ticket');
  stay(TICKET_S);
}

async function print() {
  stay(TICKET_S);
  await $('qr').decode().catch(() => {}); // without its QR, the slip is still a ticket
  window.print();
}

// Returning by itself

function stay(seconds) {
  deadline = Date.now() + seconds * 1000;
  tick();
}

function tick() {
  $('time').textContent = clock.time(Date.now());
  const left = deadline && Math.ceil((deadline - Date.now()) / 1000);
  const warned = deadline !== null && (step === 'ticket' || left <= WARN_S);
  if (warned && $('return').hidden) $('announce').textContent = t('kiosk.return', { seconds: left });
  $('return').hidden = !warned;
  if (!warned) return;
  if (left <= 0) restart();
  else fill($('return'), { seconds: t('kiosk.return', { seconds: left }) });
}

function touched() {
  if (step === 'ticket') return;
  if (atStart()) deadline = null;
  else stay(IDLE_S);
}

// The mall's state

function render(hall) {
  const full = hall.issued >= hall.capacity;
  opening = !hall.open ? 'closed' : full ? 'full' : 'open';
  const again = hall.next_opening ? t('kiosk.next-opening', { when: clock.moment(hall.next_opening) }) : '';
  fill($('closed'), { detail: again });
  fill($('full'), { detail: `${t('kiosk.full.detail', hall)} ${again}` });
  fill($('override'), { reason: hall.override });
  $('closed').hidden = opening !== 'closed';
  $('full').hidden = opening !== 'full';
  $('override').hidden = !hall.open || hall.override === null;
  allow();
}

for (const tile of document.querySelectorAll('#tiles [data-agency]')) tile.addEventListener('click', () => offerAgency(tile));
for (const button of offers) button.addEventListener('click', () => choose(button));
for (const button of classes) button.addEventListener('click', () => take(button.dataset.class || null));
$('search').addEventListener('input', offerFound);
$('back').addEventListener('click', back);
$('restart').addEventListener('click', restart);
$('print').addEventListener('click', print);
$('more').addEventListener('click', () => stay(step === 'ticket' ? TICKET_S * 2 : IDLE_S));
for (const kind of ['click', 'keydown', 'input', 'scroll']) document.addEventListener(kind, touched);

render(given('hall'));
followHall(dataset.mall, { onHall: render, onConnection: (fresh) => { $('lost').hidden = fresh; } });
setInterval(tick, 1000);
tick();
