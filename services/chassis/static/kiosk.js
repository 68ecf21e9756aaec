import { forgetAsked, once } from './api.js';
import { clockIn } from './clock.js';
import { fill } from './fill.js';
import { keptToken } from './kept-token.js';
import { followHall } from './live.js';
import { ruleInWords } from './rule.js';
import { onScan } from './scanner.js';
import { waitInWords } from './wait.js';
import { given, t } from './words.js';

const IDLE_S = 60;
const WARN_S = 20;
const TICKET_S = 30;
const STEPS = ['choose', 'who', 'ticket'];
const BOOKING = /\d{8}-b[\w-]{16,}/; // at the end of a booking's address, or typed as it is

const { dataset } = document.getElementById('kiosk');
const clock = clockIn(dataset.zone);
const $ = (id) => document.getElementById(id);
const offers = [...document.querySelectorAll('[data-service]')];
const classes = [...document.querySelectorAll('[data-class]')];

let step = 'choose';
let chosen = null; // the service the visitor picked
let beside = null; // the ticket this visitor has got already
let opening = 'open'; // or why there are no tickets
let busy = false;
let deadline = null;
let hall = given('hall');
const servedOn = hall.business_day; // other agencies come on other days

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
  $('steps').hidden = !STEPS.includes(step);
  $('failure').hidden = true;
  bar();
  window.scrollTo(0, 0);
  const field = step === 'checkin' ? '#code' : `[data-step="${step}"] h1:not([hidden])`;
  document.querySelector(field).focus();
}

function atTop() {
  return step === 'choose' && !$('tiles').hidden;
}

function atStart() {
  return atTop() && !beside;
}

function bar() {
  $('back').hidden = atTop() || step === 'ticket';
  $('restart').hidden = atStart();
  $('beside').hidden = !beside || step === 'ticket';
  fill($('beside'), { number: beside && t('kiosk.beside', beside) });
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
  $('heading').textContent = heading(found);
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
  $('heading').textContent = t('kiosk.choose');
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
  if (step !== 'who') {
    $('search').value = '';
    allAgencies();
  }
  show('choose');
}

function another() {
  $('search').value = '';
  allAgencies();
  show('choose');
  stay(IDLE_S);
}

function restart() {
  forgetAsked();
  chosen = null;
  beside = null;
  deadline = null;
  $('checkin').reset();
  $('search').value = '';
  allAgencies();
  show('choose');
  // The next visitor starts in Indonesian; with the line down, a stale language is better than a blank page.
  if (document.documentElement.lang !== 'id' && $('lost').hidden) location.replace('?lang=id');
}

// The ticket

function allow() {
  for (const button of classes) button.disabled = busy || opening !== 'open';
  for (const button of [$('retry'), ...$('checkin').elements]) button.disabled = busy;
  $('busy').hidden = !busy;
}

function take(priority) {
  const body = { service: chosen, priority, ...(beside && { beside: beside.id }) };
  return getTicket('/tickets', body, () => take(priority));
}

function checkIn(booking) {
  if (step !== 'checkin') show('checkin');
  $('code').value = booking;
  return getTicket(`/bookings/${booking}/check-in`, undefined, () => checkIn(booking));
}

async function getTicket(path, body, again) {
  if (busy) return;
  busy = true;
  allow();
  $('failure').hidden = true;
  try {
    hand(await once(`/ticketing/api/malls/${dataset.mall}${path}`, { body, token: keptToken() }));
  } catch (problem) {
    fail(problem, again);
  }
  busy = false;
  allow();
}

function fail(problem, again = null) {
  fill($('failure'), { title: problem.title, detail: problem.detail });
  $('retry').hidden = !problem.retryable;
  $('retry').onclick = again;
  $('failure').hidden = false;
  $('failure').scrollIntoView({ block: 'center' });
  stay(IDLE_S);
}

function hand(ticket) {
  beside = ticket;
  $('checkin').reset();
  fill($('slip'), {
    number: ticket.number,
    ahead: ticket.ahead ? t('kiosk.ahead', { n: ticket.ahead }) : t('kiosk.ahead.none'),
    wait: ticket.ahead && ticket.estimate ? waitInWords('kiosk.wait', ticket.estimate) : null,
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

function why() {
  if (hall.seal) return 'over';
  if (hall.stopped !== null) return 'stopped';
  if (closure('mall', dataset.mall)) return 'suspended';
  if (!hall.tickets) return hall.open ? 'cut-off' : 'closed';
  return hall.issued >= hall.capacity ? 'full' : 'open';
}

function closure(scope, code) {
  return hall.closures.find((one) => one.scope === scope && one.code === code && one.holds);
}

function render(news) {
  hall = news;
  if (hall.business_day !== servedOn && atStart()) location.reload();
  opening = why();
  const again = hall.next_opening ? t('kiosk.next-opening', { when: clock.moment(hall.next_opening) }) : '';
  const reason = {
    full: t('kiosk.full.detail', hall),
    stopped: hall.stopped,
    suspended: closure('mall', dataset.mall)?.reason,
    closed: hall.why_closed,
    'cut-off': t('kiosk.cut-off.detail'),
  }[opening];
  $('closed').hidden = opening === 'open';
  if (opening !== 'open') fill($('closed'), { title: t(`kiosk.${opening}`), detail: [reason && asSentence(reason), again].filter(Boolean).join(' ') });
  $('early').hidden = opening !== 'open' || hall.open || !hall.next_opening;
  fill($('early'), { detail: hall.next_opening && t('kiosk.early', { when: clock.time(hall.next_opening) }) });
  fill($('override'), { reason: hall.override });
  $('override').hidden = opening !== 'open' || hall.override === null;
  $('rule').textContent = classes.length > 1 ? ruleInWords(hall.rule) : '';
  markClosed();
  allow();
}

function asSentence(reason) {
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

function markClosed() {
  for (const button of offers) mark(button, whyNot(button.dataset));
  for (const tile of document.querySelectorAll('#tiles [data-agency]')) {
    const reasons = offers.filter((button) => button.dataset.agency === tile.dataset.agency).map((button) => whyNot(button.dataset));
    mark(tile, reasons.every(Boolean) ? reasons[0] : null);
  }
}

function mark(button, reason) {
  button.disabled = Boolean(reason);
  fill(button, { why: reason });
}

/** Why a service cannot be chosen now: it is closed for a while, or each of its counters is, or nobody comes today. */
function whyNot({ service, counters, away }) {
  const closed = counters.split(' ').map((code) => closure('counter', code));
  const found = closure('service', service) ?? (closed.every(Boolean) ? closed[0] : null);
  if (found) return t(found.until ? 'kiosk.service-closed.until' : 'kiosk.service-closed', { reason: found.reason, when: found.until && clock.brief(found.until) });
  if (away === undefined) return null;
  return t(away ? 'kiosk.away.until' : 'kiosk.away', { when: away && clock.moment(away) });
}

function typed(event) {
  event.preventDefault();
  const match = BOOKING.exec($('code').value);
  if (match) checkIn(match[0]);
  else fail({ title: t('kiosk.checkin.unreadable'), detail: t('kiosk.checkin.unreadable.detail') });
}

for (const tile of document.querySelectorAll('#tiles [data-agency]')) tile.addEventListener('click', () => offerAgency(tile));
for (const button of offers) button.addEventListener('click', () => choose(button));
for (const button of classes) button.addEventListener('click', () => take(button.dataset.class || null));
$('search').addEventListener('input', offerFound);
$('back').addEventListener('click', back);
$('restart').addEventListener('click', restart);
$('print').addEventListener('click', print);
$('another').addEventListener('click', another);
$('booked')?.addEventListener('click', () => { show('checkin'); stay(IDLE_S); });
$('checkin').addEventListener('submit', typed);
onScan(BOOKING, ([booking]) => checkIn(booking));
$('more').addEventListener('click', () => stay(step === 'ticket' ? TICKET_S * 2 : IDLE_S));
for (const kind of ['click', 'keydown', 'input', 'scroll']) document.addEventListener(kind, touched);

keptToken(); // that of the device, if it was given one: taken out of the address
render(hall);
followHall(dataset.mall, { onHall: render, onConnection: (fresh) => { $('lost').hidden = fresh; } });
setInterval(tick, 1000);
tick();
