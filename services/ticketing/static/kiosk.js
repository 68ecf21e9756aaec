import { forgetAsked, keptToken, once, request } from './api.js';
import { followCatalogue, keptList, takeTexts } from './catalogue.js';
import { clockIn } from './clock.js';
import { keypad, onScan } from './kiosk-input.js';
import { followHall } from './live.js';
import { fill, given, t } from './page.js';
import { ruleInWords, waitInWords } from './sentences.js';
import { pass, scannedCode } from './pass.js';
import { showPresence } from './presence.js';
import { printer, slipOf } from './slip.js';
import { visit } from './visit.js';

const IDLE_S = 60;
const WARN_S = 20;
const TICKET_S = 30;
const REACH = 'mpp-reach';
const STEPS = ['choose', 'who', 'ticket'];
const BOOKING = /\d{8}-b[\w-]{16,}/; // at the end of a booking's address, or typed as it is

const OF_PASS = ['presence-over', 'pass-used-up'];
const FROM_HOME = ['home-limit-reached', 'home-share-reached', 'not-from-home']; // a code of a screen helps
const { dataset } = document.getElementById('kiosk');
const onPhone = 'phone' in dataset; // a visitor's own: nobody else comes after this one
const clock = clockIn(dataset.zone);
const $ = (id) => document.getElementById(id);
const lists = ['often-list', 'tiles', 'offers', 'classes'].map((id) => keptList($(id)));
const paper = printer(dataset);
const alone = ['often', 'agencies-name'].map($); // beside the tiles only

let offers = []; // the buttons that the catalogue gives
let often = [];
let classes = [];
let shownOffers = null; // how the list of services was asked for, to ask for it again
let step = 'choose';
let chosen = null; // the service the visitor picked: its code, and its name as it was
let beside = visit.last(); // the ticket this visitor has got already
let slip = null; // what is printed of it
let opening = 'open'; // or why there are no tickets
let busy = false;
let needsCode = false; // on a phone: the last request was refused for want of one
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
  $('changed').hidden = true;
  bar();
  presentOrAway();
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

/** Show the services of an agency or of a search; they are asked for again when the catalogue has changed. */
function offer(isOffered, heading) {
  shownOffers = () => {
    for (const button of offers) button.parentElement.hidden = !isOffered(button);
    const found = offers.filter((button) => !button.parentElement.hidden).length;
    $('none').hidden = found > 0;
    const words = heading(found);
    if ($('heading').textContent !== words) $('heading').textContent = words;
  };
  shownOffers();
  for (const part of [$('tiles'), ...alone]) part.hidden = true;
  $('offers').hidden = false;
  bar();
}

function tileOf(agency) {
  return document.querySelector(`#tiles [data-agency="${CSS.escape(agency)}"]`);
}

function offerAgency({ dataset: { agency, name } }) {
  $('search-box').hidden = true;
  offer(
    (button) => button.dataset.agency === agency,
    () => tileOf(agency)?.dataset.name ?? name,
  );
  show('choose');
}

function offerFound() {
  const sought = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!sought.length) {
    allAgencies();
    return;
  }
  const matches = (button) => sought.every((word) => wordsOf(button).includes(word));
  offer(matches, (n) => t('kiosk.found', { n }));
}

/** By what words a service is found: its own name, and its agency's name and code. */
function wordsOf(button) {
  const [name, agency] = ['strong', '.of'].map((part) => button.querySelector(part).textContent);
  return `${name} ${agency} ${button.dataset.agency}`.toLowerCase();
}

function allAgencies() {
  shownOffers = null;
  $('heading').textContent = t('kiosk.choose');
  $('tiles').hidden = false;
  for (const part of alone) part.hidden = !often.length;
  $('offers').hidden = true;
  $('none').hidden = true;
  $('search-box').hidden = false;
  bar();
}

async function choose(button) {
  const { service } = button.dataset;
  const number = visit.numberFor(service);
  if (number && !(await wantsAnother(number))) return;
  chosen = { code: service, name: nameOf(button) };
  $('chosen').replaceChildren(...button.cloneNode(true).children);
  show('who');
}

function nameOf(button) {
  return button.querySelector('strong').textContent;
}

/** Ask a visitor who has a number for this service already; resolves with whether another one is wanted. */
function wantsAnother(number) {
  fill($('again'), { about: t('kiosk.again.about', { number }) });
  $('again').returnValue = '';
  $('again').showModal();
  return new Promise((answer) => {
    $('again').onclose = () => answer($('again').returnValue === 'yes');
  });
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
  visit.end();
  $('again').close();
  chosen = null;
  beside = null;
  slip = null;
  deadline = null;
  $('checkin').reset();
  $('search').value = '';
  closeSms();
  $('presence-large').close();
  reach(false);
  allAgencies();
  show('choose');
  // The next visitor starts in Indonesian; with the line down, a stale language is better than a blank page.
  if (document.documentElement.lang !== 'id' && $('lost').hidden && !onPhone) location.replace(inIndonesian());
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
  const body = { service: chosen.code, priority, ...(beside && { beside: beside.code }) };
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
    const ticket = await once(`/ticketing/api/malls/${dataset.mall}${path}`, {
      body,
      token: keptToken(),
      pass: pass.kept()?.text,
      lasting: true,
    });
    if (onPhone) follow(ticket);
    else hand(ticket);
  } catch (problem) {
    if (OF_PASS.includes(problem.reason)) pass.forget();
    needsCode = [...OF_PASS, ...FROM_HOME].includes(problem.reason);
    fail(problem, again);
    presentOrAway();
  }
  busy = false;
  allow();
  recheck();
}

function fail(problem, again = null) {
  fill($('failure'), { title: problem.title, detail: problem.detail });
  $('retry').hidden = !problem.retryable;
  $('retry').onclick = again;
  $('failure').hidden = false;
  $('failure').scrollIntoView({ block: 'center' });
  stay(IDLE_S);
}

/** On a phone, the ticket has a page of its own. */
function follow(ticket) {
  visit.add(ticket);
  location.assign(ticket.status_url);
}

function hand(ticket) {
  beside = ticket;
  visit.add(ticket);
  $('checkin').reset();
  const offered = buttonOf(ticket.service);
  const says = {
    place: ticket.counters.map((counter) => t('kiosk.place', counter)).join(t('kiosk.or')),
    ahead: ticket.ahead ? t('kiosk.ahead', { n: ticket.ahead }) : t('kiosk.ahead.none'),
    wait: ticket.ahead && ticket.estimate ? waitInWords('kiosk.wait', ticket.estimate) : null,
    service: ticket.service_name,
    agency: ticket.agency_name,
    bring: offered?.querySelector('.needs')?.textContent ?? null,
    issued: t('kiosk.slip.issued', {
      when: `${clock.date(ticket.issued_at).replaceAll(/(?<!,) /g, '\u00a0')}, ${clock.time(ticket.issued_at)}`,
    }),
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
  const { code } = beside;
  button.disabled = true;
  $('sms-problem').hidden = true;
  try {
    const kept = await request(`/notifications/api/tickets/${code}/phone`, {
      method: 'PUT',
      body: { phone: $('phone').value, language: document.documentElement.lang },
      token: keptToken(),
    });
    if (beside?.code === code) {
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

// In the hall, or elsewhere

/** Say on a phone whether it takes tickets as one in the hall, and until when. */
function presentOrAway() {
  if (!onPhone || !$('away')) return;
  const held = pass.kept();
  $('present').hidden = !held;
  fill($('present'), { until: held && t('kiosk.phone.until', { time: clock.time(held.until) }) });
  $('away').hidden = Boolean(held) || (step !== 'choose' && !needsCode);
}

/** Exchange a code for a pass, and say so. */
async function prove(code) {
  $('prove-problem').hidden = true;
  try {
    await pass.exchange(dataset.mall, code);
    $('prove').reset();
    $('failure').hidden = true;
    needsCode = false;
  } catch (problem) {
    fill($('prove-problem'), problem);
    $('prove-problem').hidden = false;
  }
  presentOrAway();
}

function typedCode(event) {
  event.preventDefault();
  const code = $('seen-code').value.trim();
  if (code) prove(code);
  else $('seen-code').focus();
}

// Returning by itself

function stay(seconds) {
  if (onPhone) return;
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
    fill($('closed'), {
      title: t(`kiosk.${opening}`),
      detail: [reason && asSentence(reason), again].filter(Boolean).join(' '),
    });
  }
  $('early').hidden = opening !== 'open' || hall.open || !hall.next_opening;
  fill($('early'), { detail: hall.next_opening && t('kiosk.early', { when: clock.time(hall.next_opening) }) });
  fill($('override'), { reason: hall.override });
  $('override').hidden = opening !== 'open' || hall.override === null;
  $('rule').textContent = classes.length > 1 ? ruleInWords(hall.rule) : '';
  markClosed();
  allow();
  followPage(news);
}

function asSentence(reason) {
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

function buttonOf(service) {
  return offers.find((button) => button.dataset.service === service);
}

function markClosed() {
  for (const button of offers) mark(button, whyNot(button.dataset));
  for (const button of often) mark(button, whyNot(buttonOf(button.dataset.often)?.dataset ?? { why: 'withdrawn' }));
  for (const tile of document.querySelectorAll('#tiles [data-agency]')) {
    const reasons = offers
      .filter((button) => button.dataset.agency === tile.dataset.agency)
      .map((button) => whyNot(button.dataset));
    mark(tile, reasons.every(Boolean) ? reasons[0] : null);
  }
}

function mark(button, reason) {
  const hadFocus = button === document.activeElement;
  button.disabled = Boolean(reason);
  fill(button, { why: reason });
  if (!reason || !hadFocus) return;
  $('announce').textContent = `${nameOf(button)}: ${reason}`;
  $('heading').focus({ preventScroll: true }); // a disabled button loses the focus to nowhere
}

/** Why a service cannot be chosen now, as the server says of it; null if it can. */
function whyNot({ why, reason, until }) {
  if (!why) return null;
  const when = until && clock.brief(until);
  return t(`kiosk.not.${why}${until ? '.until' : ''}`, { reason, when });
}

// The catalogue's changes

/** Take over what the server offers by now; a visitor who is half-way keeps what can still be had. */
function takeCatalogue(page) {
  takeTexts(page, ['title', '.brand strong', '#privacy', '.slip .paper']);
  for (const take of lists) take(page);
  $('booked').hidden = page.getElementById('booked').hidden;
  readLists();
  if (shownOffers) offerAnew();
  else if (step === 'choose') for (const part of alone) part.hidden = !often.length;
  render(hall);
  recheck();
}

/** The list that is shown, as it is by now; from that of an agency that has left, back to all. */
function offerAnew() {
  shownOffers();
  if (!$('search-box').hidden || offers.some((button) => !button.parentElement.hidden)) return;
  allAgencies();
  if (step !== 'choose') return;
  show('choose');
  fill($('changed'), { title: t('kiosk.changed.agency'), detail: t('kiosk.changed.next') });
  $('changed').hidden = false;
}

function readLists() {
  [offers, often, classes] = ['[data-service]', '[data-often]', '[data-class]'].map((kind) => [
    ...document.querySelectorAll(`#kiosk ${kind}`),
  ]);
}

/** Tell a visitor at once that the service just chosen can be had no more, and lead back to the list. */
function recheck() {
  if (step !== 'who' || busy) return;
  const button = buttonOf(chosen.code);
  const reason = whyNot(button?.dataset ?? { why: 'withdrawn' });
  if (!reason) {
    $('chosen').replaceChildren(...button.cloneNode(true).children);
    return;
  }
  show('choose');
  fill($('changed'), {
    title: t('kiosk.changed', { service: chosen.name }),
    detail: `${asSentence(reason)} ${t('kiosk.changed.next')}`,
  });
  $('changed').hidden = false;
  stay(IDLE_S);
}

function typed(event) {
  event.preventDefault();
  const match = BOOKING.exec($('code').value);
  if (match) checkIn(match[0]);
  else fail({ title: t('kiosk.checkin.unreadable'), detail: t('kiosk.checkin.unreadable.detail') });
}

/** Do something with the button of a list that is pressed; the buttons themselves come and go. */
function onPress(list, press) {
  $(list).addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (button && !button.disabled) press(button);
  });
}

if (onPhone && $('prove')) {
  $('prove').addEventListener('submit', typedCode);
  presentOrAway();
  const scanned = scannedCode();
  if (scanned) prove(scanned);
  setInterval(presentOrAway, 5_000); // a pass expires
}
$('presence').addEventListener('click', () => {
  $('presence-large').showModal();
  stay(IDLE_S);
});
const isStaff = 'showsPresence' in dataset;
if (!onPhone) {
  $('unregistered').hidden = !('proof' in dataset) || Boolean(keptToken()) || isStaff;
  showPresence(dataset.mall, [$('presence'), $('presence-large')], isStaff, (isShown) => {
    $('presence').hidden = !isShown;
    if (!isShown) $('presence-large').close();
  });
}
const followPage = followCatalogue(takeCatalogue);
onPress('tiles', offerAgency);
onPress('offers', choose);
onPress('often-list', (button) => choose(buttonOf(button.dataset.often)));
onPress('classes', (button) => take(button.dataset.class || null));
$('again-no').addEventListener('click', () => $('again').close());
$('again-yes').addEventListener('click', () => $('again').close('yes'));
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
$('booked').addEventListener('click', () => {
  show('checkin');
  stay(IDLE_S);
});
$('checkin').addEventListener('submit', typed);
onScan(BOOKING, ([booking]) => checkIn(booking));
$('more').addEventListener('click', () => stay(step === 'ticket' ? TICKET_S * 2 : IDLE_S));
for (const kind of ['click', 'keydown', 'input']) document.addEventListener(kind, touched); // after what it leads to
document.addEventListener('scroll', touched, true); // of whatever part

keptToken(); // that of the device, if it was given one: taken out of the address
reach(sessionStorage.getItem(REACH) === 'low');
readLists();
render(hall);
bar();
if (beside) stay(IDLE_S); // the page was left and opened again in the middle of a visit
followHall(dataset.mall, {
  onHall: render,
  onConnection: (fresh) => {
    $('lost').hidden = fresh;
  },
});
setInterval(tick, 1000); // not at once: a browser's first clock takes 15 ms, which the first paint would wait for
