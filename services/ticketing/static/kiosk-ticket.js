/** Getting a ticket, for a service or a booking; showing and printing it. */
import { keptToken, once } from './api.js';
import { buttonOf, checkChosen, classes, onPress } from './kiosk-offers.js';
import { onScan } from './kiosk-input.js';
import { showPass } from './kiosk-phone.js';
import { stateOf } from './kiosk-state.js';
import { IDLE_S, showStep, stay, TICKET_S } from './kiosk-steps.js';
import { clock, dataset, isPhone, kiosk } from './kiosk-visit.js';
import { fill, t } from './page.js';
import { pass } from './pass.js';
import { waitInWords } from './sentences.js';
import { printer, slipOf } from './slip.js';
import { visit } from './visit.js';

const BOOKING = /\d{8}-b[\w-]{16,}/; // at the end of a booking's address, or typed as it is
const OF_PASS = ['presence-over', 'pass-used-up'];
const FROM_HOME = ['home-limit-reached', 'home-share-reached', 'not-from-home']; // a code of a screen helps
const $ = (id) => document.getElementById(id);
const paper = printer(dataset);

/** Enable what asks for a ticket while the mall gives tickets and no request is under way. */
export function enableRequests() {
  const { hall, isBusy } = kiosk;
  for (const button of classes) button.disabled = isBusy || stateOf(hall, dataset.mall) !== 'open';
  for (const button of [$('retry'), ...$('checkin').elements]) button.disabled = isBusy;
  $('busy').hidden = !isBusy;
}

function takeTicket(priority) {
  const { chosen, ticket } = kiosk;
  const body = { service: chosen?.code, priority, ...(ticket && { beside: ticket.code }) };
  return requestTicket('/tickets', body, () => takeTicket(priority));
}

function checkIn(booking) {
  if (kiosk.step !== 'checkin') showStep('checkin');
  $('code').value = booking;
  return requestTicket(`/bookings/${booking}/check-in`, undefined, () => checkIn(booking));
}

async function requestTicket(path, body, retry) {
  if (kiosk.isBusy) return;
  kiosk.isBusy = true;
  enableRequests();
  $('failure').hidden = true;
  try {
    const ticket = await once(`/ticketing/api/malls/${dataset.mall}${path}`, {
      body,
      token: keptToken(),
      pass: pass.kept()?.text,
      lasting: true,
    });
    visit.add(ticket);
    if (isPhone) location.assign(ticket.status_url); // on a phone, the ticket has a page of its own
    else showTicket(ticket);
  } catch (problem) {
    if (OF_PASS.includes(problem.reason)) pass.forget();
    kiosk.needsCode = [...OF_PASS, ...FROM_HOME].includes(problem.reason);
    showFailure(problem, retry);
    showPass();
  }
  kiosk.isBusy = false;
  enableRequests();
  checkChosen();
}

/** @param {(() => void) | null} [retry] */
function showFailure(problem, retry = null) {
  fill($('failure'), { title: problem.title, detail: problem.detail });
  $('retry').hidden = !problem.retryable;
  $('retry').onclick = retry;
  $('failure').hidden = false;
  $('failure').scrollIntoView({ block: 'center' });
  stay(IDLE_S);
}

function showTicket(ticket) {
  kiosk.ticket = ticket;
  $('checkin').reset();
  const texts = textsOf(ticket);
  kiosk.slip = slipOf(ticket, Object.values(texts));
  fill($('slip'), { number: ticket.number, ...texts });
  $('qr').src = `${ticket.status_url}/qr.svg`;
  for (const part of ['printing', 'unprinted', 'texted']) $(part).hidden = true;
  fill($('print'), { print: t('kiosk.print') });
  showStep('ticket');
  stay(TICKET_S);
  if (paper.byItself) print();
}

/** What the slip says, in its order on paper. */
function textsOf(ticket) {
  return {
    place: ticket.counters.map((counter) => t('kiosk.place', counter)).join(t('kiosk.or')),
    ahead: ticket.ahead ? t('kiosk.ahead', { n: ticket.ahead }) : t('kiosk.ahead.none'),
    wait: ticket.ahead && ticket.estimate ? waitInWords('kiosk.wait', ticket.estimate) : null,
    service: ticket.service_name,
    agency: ticket.agency_name,
    bring: buttonOf(ticket.service)?.querySelector('.needs')?.textContent ?? null,
    issued: t('kiosk.slip.issued', {
      when: `${clock.date(ticket.issued_at).replaceAll(/(?<!,) /g, '\u00a0')}, ${clock.time(ticket.issued_at)}`,
    }),
  };
}

async function print() {
  const { slip } = kiosk;
  $('print').disabled = true;
  $('unprinted').hidden = true;
  fill($('printing'), { state: t('kiosk.printing') });
  $('printing').hidden = false;
  const isPrinted = await paper.print(slip); // null: unknown
  $('print').disabled = false;
  if (kiosk.slip !== slip) return; // another visitor's ticket is shown
  stay(isPrinted === false ? TICKET_S * 2 : TICKET_S);
  fill($('print'), { print: t('kiosk.print.again') });
  fill($('printing'), { state: t('kiosk.printed') });
  $('printing').hidden = isPrinted !== true;
  fill($('unprinted'), { detail: t('kiosk.unprinted.detail', slip) });
  $('unprinted').hidden = isPrinted !== false;
}

function submitBooking(event) {
  event.preventDefault();
  const match = BOOKING.exec($('code').value);
  if (match) checkIn(match[0]);
  else showFailure({ title: t('kiosk.checkin.unreadable'), detail: t('kiosk.checkin.unreadable.detail') });
}

onPress('classes', (button) => takeTicket(button.dataset.class || null));
$('print').addEventListener('click', print);
$('checkin').addEventListener('submit', submitBooking);
onScan(BOOKING, ([booking]) => checkIn(booking));
