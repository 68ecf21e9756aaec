import { newKey, request } from './api.js';
import { clockIn } from './clock.js';
import { fill, given, t } from './page.js';
import { takePhone } from './phone.js';
import { otherTabs } from './tabs.js';

const POLL_MS = 10_000;

const { dataset } = document.getElementById('booking-page');
const $ = (id) => document.getElementById(id);
const clock = clockIn(dataset.zone);
const isoDay = new Intl.DateTimeFormat('en-CA', { timeZone: dataset.zone }); // writes dates as ISO does
const key = newKey();
let shown = given('booking');
let heardAt = Date.now();

function render(booking) {
  shown = booking;
  const isToday = isoDay.format(Date.now()) === booking.day;
  for (const part of document.querySelectorAll('[data-when]'))
    part.hidden = !part.dataset.when.split(' ').includes(booking.status);
  renderForce(booking);
  $('today').hidden = !isToday;
  $('late').hidden = !isToday;
  $('ticket').hidden = !booking.ticket_url; // issued by a release that gave the page no address
  if (booking.ticket_url) $('ticket').href = booking.ticket_url;
}

/** Show why the booked day is not possible and what to do, instead of when to come. */
function renderForce({ status, in_force: force }) {
  const isHeld = status === 'booked' && Boolean(force) && force.state !== 'open';
  $('in-force').hidden = !isHeld;
  if (!isHeld) return;
  for (const part of [$('come'), ...document.querySelectorAll('.share')]) part.hidden = true;
  fill($('in-force'), { state: t(`booking.force.${force.state}`), reason: force.reason || null });
  const isWithdrawn = force.state === 'service-withdrawn'; // it cannot be booked on any day
  $('other-day').search = isWithdrawn ? '' : new URLSearchParams({ service: shown.service });
  $('other-day').textContent = t(isWithdrawn ? 'booking.other-service' : 'booking.again');
}

async function look() {
  if (document.hidden || shown.status === 'claimed' || shown.status === 'cancelled') return;
  try {
    render(await request(dataset.api));
    heardAt = Date.now();
    $('lost').hidden = true;
  } catch {
    fill($('lost'), { since: t('booking.lost', { time: clock.seconds(heardAt) }) });
    $('lost').hidden = false;
  }
}

async function act(button) {
  button.disabled = true;
  $('refused').hidden = true;
  $('sure').close();
  try {
    const answer = await request(`${dataset.api}/${button.dataset.act}`, {
      method: 'POST',
      key: `${button.dataset.act}-${key}`,
    });
    others.tell();
    if (button.dataset.act === 'check-in') location.assign(answer.status_url);
    else render(answer);
  } catch (problem) {
    fill($('refused'), { title: problem.title, detail: problem.detail });
    $('refused').hidden = false;
    await look();
  }
  button.disabled = false;
}

takePhone(
  shown.code,
  (kept) => t('booking.phone.kept', kept),
  () => t('booking.phone.withdrawn'),
);
for (const button of document.querySelectorAll('[data-act]')) button.addEventListener('click', () => act(button));
for (const button of document.querySelectorAll('[data-give-back]'))
  button.addEventListener('click', () => $('sure').showModal());
$('sure')
  .querySelector('[data-close]')
  .addEventListener('click', () => $('sure').close());
const others = otherTabs(shown.id, look);
render(shown);
setInterval(look, POLL_MS);
document.addEventListener('visibilitychange', look);
