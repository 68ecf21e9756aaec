import { forgetAsked, keptToken } from './api.js';
import { followCatalogue } from './catalogue.js';
import { checkChosen, classes, markClosed, showAll, takeOffers } from './kiosk-offers.js';
import { closedNotice, earlyNotice, stateOf } from './kiosk-state.js';
import { drawTime, IDLE_S, isAtStart, showBar, showStep, stay, TICKET_S } from './kiosk-steps.js';
import { closeText } from './kiosk-text.js';
import { enableRequests } from './kiosk-ticket.js';
import { clock, dataset, isPhone, kiosk } from './kiosk-visit.js';
import { followHall } from './live.js';
import { fill } from './page.js';
import { showPresence } from './presence.js';
import { ruleInWords } from './sentences.js';
import { visit } from './visit.js';

const REACH = 'mpp-reach';
const $ = (id) => document.getElementById(id);
const firstDay = kiosk.hall.business_day; // other agencies come on other days
const followPage = followCatalogue(takeCatalogue);
let hasCode = false; // of presence, on a kiosk with a token

// The state of the mall

function showHall(hall) {
  kiosk.hall = hall;
  if (hall.business_day !== firstDay && isAtStart()) location.reload();
  const closed = closedNotice(hall, dataset.mall, clock);
  $('closed').hidden = closed === null;
  if (closed) fill($('closed'), closed);
  const early = earlyNotice(hall, dataset.mall, clock);
  $('early').hidden = early === null;
  fill($('early'), { detail: early });
  fill($('override'), { reason: hall.override });
  $('override').hidden = closed !== null || hall.override === null;
  $('rule').textContent = classes.length > 1 ? ruleInWords(hall.rule) : '';
  markClosed();
  enableRequests();
  showCode();
  followPage(hall);
}

function takeCatalogue(page) {
  takeOffers(page);
  showHall(kiosk.hall);
  checkChosen();
}

// Back, to the next ticket or to the next visitor

function goBack() {
  if (kiosk.step !== 'who') showAll();
  showStep('choose');
}

function startAnother() {
  showAll();
  showStep('choose');
  stay(IDLE_S);
}

function restart() {
  forgetAsked();
  visit.end();
  $('again').close();
  Object.assign(kiosk, { chosen: null, ticket: null, slip: null, deadline: null });
  $('checkin').reset();
  closeText();
  $('presence-large').close();
  setReach(false);
  showAll();
  showStep('choose');
  // The next visitor starts in Indonesian; with the line down, a stale language is better than a blank page.
  if (document.documentElement.lang !== 'id' && $('lost').hidden && !isPhone) location.replace(addressInIndonesian());
}

function addressInIndonesian() {
  const parameters = new URLSearchParams(location.search);
  parameters.set('lang', 'id');
  return `?${parameters}`;
}

function isLow() {
  return document.documentElement.classList.contains('low');
}

/** Move everything to touch into the lower half of the screen, until the visitor leaves. */
function setReach(low) {
  document.documentElement.classList.toggle('low', low);
  $('reach').setAttribute('aria-pressed', low);
  $('language-low').hidden = !low;
  if (low) sessionStorage.setItem(REACH, 'low');
  else sessionStorage.removeItem(REACH);
}

function onTouch() {
  if (kiosk.step === 'ticket') return;
  if (isAtStart() && !isLow()) kiosk.deadline = null;
  else stay(IDLE_S);
}

// The code by which phones show that they are in the hall

function openPresence() {
  $('presence-large').showModal();
  stay(IDLE_S);
}

function offerPresence() {
  const isStaff = 'showsPresence' in dataset;
  $('unregistered').hidden = !('proof' in dataset) || Boolean(keptToken()) || isStaff;
  showPresence(dataset.mall, [$('presence'), $('presence-large')], isStaff, (isShown) => {
    hasCode = isShown;
    showCode();
  });
}

/** Show the code of presence while there is one and the mall gives tickets. */
function showCode() {
  const isShown = hasCode && stateOf(kiosk.hall, dataset.mall) === 'open';
  $('presence').hidden = !isShown;
  if (!isShown) $('presence-large').close();
}

if (!isPhone) offerPresence();
$('presence').addEventListener('click', openPresence);
$('back').addEventListener('click', goBack);
$('restart').addEventListener('click', restart);
$('reach').addEventListener('click', () => setReach(!isLow()));
$('another').addEventListener('click', startAnother);
$('booked').addEventListener('click', () => {
  showStep('checkin');
  stay(IDLE_S);
});
$('more').addEventListener('click', () => stay(kiosk.step === 'ticket' ? TICKET_S * 2 : IDLE_S));
for (const kind of ['click', 'keydown', 'input']) document.addEventListener(kind, onTouch); // after what it leads to
document.addEventListener('scroll', onTouch, true); // of any part

keptToken(); // that of the device, if it was given one: taken out of the address
setReach(sessionStorage.getItem(REACH) === 'low');
showHall(kiosk.hall);
showBar();
if (kiosk.ticket) stay(IDLE_S); // the page was left and opened again in the middle of a visit
followHall(dataset.mall, {
  onHall: showHall,
  onConnection: (isFresh) => {
    $('lost').hidden = isFresh;
  },
});
// Not at once: a browser's first clock takes 15 ms, which the first paint would wait for.
setInterval(() => {
  if (drawTime()) restart();
}, 1000);
