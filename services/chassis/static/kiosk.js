import { forgetAsked, keptToken, once, request } from './api.js';
import { clockIn } from './clock.js';
import { keypad, onScan } from './kiosk-input.js';
import { followHall } from './live.js';
import { fill, given, t } from './page.js';
import { ruleInWords, waitInWords } from './sentences.js';
import { printer, slipOf } from './slip.js';

const IDLE_S = 60;
const WARN_S = 20;
const TICKET_S = 30;
const REACH = 'mpp-reach';
const STEPS = ['choose', 'who', 'ticket'];
const BOOKING = /\d{8}-b[\w-]{16,}/; // at the end of a booking's address, or typed as it is

const { dataset } = document.getElementById('kiosk');
const clock = clockIn(dataset.zone);
const $ = (id) => document.getElementById(id);
const offers = [...document.querySelectorAll('[data-service]')];
const findable = new Map(offers.map((button) => [button, wordsOf(button)]));
const often = [...document.querySelectorAll('[data-often]')];
const classes = [...document.querySelectorAll('[data-class]')];
const paper = printer(dataset);
const alone = ['often', 'agencies-name'].map($).filter(Boolean); // beside the tiles only

let step = 'choose';
let chosen = null; // the service the visitor picked
let beside = null; // the ticket this visitor has got already
let slip = null; // what is printed of it
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
  $('main').scrollTop = 0;
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
  for (const part of [$('tiles'), ...alone]) part.hidden = true;
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
  const matches = (button) => sought.every((word) => findable.get(button).includes(word));
  offer(matches, (n) => t('kiosk.found', { n }));
}

/** By what words a service is found: its own name, and its agency's name and code. */
function wordsOf(button) {
  const [name, agency] = ['strong', '.of'].map((part) => button.querySelector(part).textContent);
  return `${name} ${agency} ${button.dataset.agency}`.toLowerCase();
}

function allAgencies() {
  $('heading').textContent = t('kiosk.choose');
  for (const part of [$('tiles'), ...alone]) part.hidden = false;
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
  slip = null;
  deadline = null;
  $('checkin').reset();
  $('search').value = '';
  closeSms();
  reach(false);
  allAgencies();
  show('choose');
  // The next visitor starts in Indonesian; with the line down, a stale language is better than a blank page.
  if (document.documentElement.lang !== 'id' && $('lost').hidden) location.replace(inIndonesian());
}

function inIndonesian() {
  const asked = new URLSearchParams(location.search);
  asked.set('lang', 'id');
  return `?${asked}`;
}

/** Everything to touch in the lower half of the screen, until the visitor leaves. */
function reach(low) {
  document.documentElement.classList.toggle('low', low);
  $('reach').setAttribute('aria-pressed', low);
  $('language-low').hidden = !low;
  if (low) sessionStorage.setItem(REACH, 'low');
  else sessionStorage.removeItem(REACH);
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
  const offered = offers.find((button) => button.dataset.service === ticket.service);
  const says = {
    place: ticket.counters.map((counter) => t('kiosk.place', counter)).join(t('kiosk.or')),
    ahead: ticket.ahead ? t('kiosk.ahead', { n: ticket.ahead }) : t('kiosk.ahead.none'),
    wait: ticket.ahead && ticket.estimate ? waitInWords('kiosk.wait', ticket.estimate) : null,
    service: ticket.service_name,
    agency: ticket.agency_name,
    bring: offered?.querySelector('.needs')?.textContent ?? null,
    issued: t('kiosk.slip.issued', { when: `${clock.date(ticket.issued_at).replaceAll(/(?<!,) /g, '\u00a0')}, ${clock.time(ticket.issued_at)}` }),
  };
  slip = slipOf(ticket, Object.values(says));
  fill($('slip'), { number: ticket.number, ...says });
  $('qr').src = `${ticket.status_url}/qr.svg`;
  for (const part of ['printing', 'unprinted', 'texted']) $(part).hidden = true;
  fill($('print'), { print: t('kiosk.print') });
  show('ticket');
  stay(TICKET_S);
  if (paper.byItself) print();
}

async function print() {
  const printed = slip;
  $('print').disabled = true;
  $('unprinted').hidden = true;
  fill($('printing'), { state: t('kiosk.printing') });
  $('printing').hidden = false;
  const done = await paper.print(printed);
  $('print').disabled = false;
  if (slip !== printed) return; // somebody else's ticket is shown by now
  stay(done === false ? TICKET_S * 2 : TICKET_S);
  fill($('print'), { print: t('kiosk.print.again') });
  fill($('printing'), { state: t('kiosk.printed') });
  $('printing').hidden = done !== true;
  fill($('unprinted'), { detail: t('kiosk.unprinted.detail', printed) });
  $('unprinted').hidden = done !== false;
}

// A text to the visitor's phone

function openSms() {
  $('sms-form').reset();
  $('sms-problem').hidden = true;
  $('sms').showModal();
  $('phone').focus();
  stay(IDLE_S);
}

function closeSms() {
  $('sms-form').reset(); // the number stays no longer than its owner
  $('sms').close();
}

async function sendSms(event) {
  event.preventDefault();
  const button = $('sms-form').querySelector('.button.main');
  const { id } = beside;
  button.disabled = true;
  $('sms-problem').hidden = true;
  try {
    const kept = await request(`/notifications/api/tickets/${id}/phone`, { method: 'PUT', body: { phone: $('phone').value, language: document.documentElement.lang }, token: keptToken() });
    if (beside?.id === id) {
      fill($('texted'), { texted: t('kiosk.text.done', kept) });
      $('texted').hidden = false;
      closeSms();
      stay(TICKET_S);
    }
  } catch (problem) {
    fill($('sms-problem'), { title: problem.title, detail: problem.detail });
    $('sms-problem').hidden = false;
    stay(IDLE_S);
  }
  button.disabled = false;
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
  if (atStart() && !document.documentElement.classList.contains('low')) deadline = null;
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
  const reason = {
    full: t('kiosk.full.detail', hall),
    stopped: hall.stopped,
    suspended: closure('mall', dataset.mall)?.reason,
    closed: hall.why_closed,
    'cut-off': t('kiosk.cut-off.detail'),
  }[opening];
  $('closed').hidden = opening === 'open';
  if (opening !== 'open') {
    const again = hall.next_opening && t('kiosk.next-opening', { when: clock.moment(hall.next_opening) });
    fill($('closed'), { title: t(`kiosk.${opening}`), detail: [reason && asSentence(reason), again].filter(Boolean).join(' ') });
  }
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
  for (const button of often) mark(button, whyNot(offerOf(button).dataset));
  for (const tile of document.querySelectorAll('#tiles [data-agency]')) {
    const reasons = offers.filter((button) => button.dataset.agency === tile.dataset.agency).map((button) => whyNot(button.dataset));
    mark(tile, reasons.every(Boolean) ? reasons[0] : null);
  }
}

function offerOf({ dataset: { often: code } }) {
  return offers.find((button) => button.dataset.service === code);
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
for (const button of often) button.addEventListener('click', () => choose(offerOf(button)));
for (const button of classes) button.addEventListener('click', () => take(button.dataset.class || null));
$('search').addEventListener('input', offerFound);
$('back').addEventListener('click', back);
$('restart').addEventListener('click', restart);
$('print').addEventListener('click', print);
$('reach').addEventListener('click', () => reach(!document.documentElement.classList.contains('low')));
$('text').addEventListener('click', openSms);
$('sms-form').addEventListener('submit', sendSms);
$('sms').querySelector('[data-close]').addEventListener('click', closeSms);
keypad($('sms').querySelector('.keypad'), $('phone'), () => stay(IDLE_S));
$('phone').addEventListener('input', () => stay(IDLE_S));
$('another').addEventListener('click', another);
$('booked')?.addEventListener('click', () => { show('checkin'); stay(IDLE_S); });
$('checkin').addEventListener('submit', typed);
onScan(BOOKING, ([booking]) => checkIn(booking));
$('more').addEventListener('click', () => stay(step === 'ticket' ? TICKET_S * 2 : IDLE_S));
for (const kind of ['click', 'keydown', 'input']) document.addEventListener(kind, touched); // after what it leads to
document.addEventListener('scroll', touched, true); // of whatever part

keptToken(); // that of the device, if it was given one: taken out of the address
reach(sessionStorage.getItem(REACH) === 'low');
render(hall);
followHall(dataset.mall, { onHall: render, onConnection: (fresh) => { $('lost').hidden = fresh; } });
setInterval(tick, 1000); // not at once: a browser's first clock takes 15 ms, which the first paint would wait for
