import { request } from './api.js';
import { bookingsMade, forgetKey, keyFor, rememberBooking } from './bookings-made.js';
import { keptList, takeTexts, watchCatalogue } from './catalogue.js';
import { clockIn } from './clock.js';
import { fill, t } from './page.js';

const REFRESH_MS = 30_000; // others book while a visitor decides

const form = document.getElementById('book');
const { api, service, zone } = form.dataset;
const clock = clockIn(zone);
const refused = document.getElementById('refused');
const button = form.querySelector('.confirm button');
const again = document.getElementById('again');
const aboutService = keptList(document.getElementById('about-service'));
let made = []; // what this visitor has booked for this service already

function priority() {
  return form.elements.priority.value || null;
}

function chosen() {
  return form.querySelector('[name="day"]:checked');
}

function name() {
  const day = chosen()?.closest('.day');
  const words = day && [day.querySelector('b'), day.querySelector('.date')].map((part) => part.textContent).join(', ');
  button.querySelector('span').textContent = words ? t('booking.confirm.day', { day: words }) : t('booking.confirm');
}

/** Who has booked this service already is told, also after Back. */
async function lookForMade() {
  made = await bookingsMade(api, service);
  const [last] = made.slice(-1);
  const notice = document.getElementById('booked-already');
  notice.hidden = !last;
  if (!last) return;
  fill(notice, { title: t('booking.already', { day: longDay(last.day) }) });
  notice.querySelector('[data-link]').href = last.status_url;
}

function longDay(day) {
  return clock.date(`${day}T12:00:00Z`);
}

/** Whether a second place on the same day is meant; resolves at once where there is none yet. */
function isMeant(day) {
  if (!made.some((booking) => booking.day === day)) return true;
  fill(again, { about: t('booking.again-for.about', { day: longDay(day) }) });
  again.returnValue = '';
  again.showModal();
  return new Promise((answer) => {
    again.onclose = () => answer(again.returnValue === 'yes');
  });
}

/** Take over the service and the days as the server offers them by now. */
async function takeCatalogue(page) {
  const isOffered = page.getElementById('book') !== null;
  form.hidden = !isOffered;
  document.getElementById('no-service').hidden = isOffered;
  if (!isOffered) return;
  takeTexts(page, ['title', '.brand strong', '#claim']);
  aboutService(page);
  await refresh().catch(() => {});
}

/** Load the days again for the chosen class: others book while a visitor decides. */
async function refresh() {
  const query = new URLSearchParams({ service, ...(priority() && { priority: priority() }) });
  const answer = await request(`${api}/bookings/days?${query}`);
  for (const day of answer.days) {
    const label = form.querySelector(`[data-day="${day.day}"]`);
    if (!label) continue;
    const input = label.querySelector('input');
    input.disabled = !day.bookable;
    if (!day.bookable) input.checked = false;
    fill(label, { about: about(day) });
  }
  document.getElementById('no-days').hidden = answer.days.some((day) => day.bookable);
  name();
}

function about(day) {
  return t(`booking.day.${day.standing}`, { time: clock.time(day.claim_by), why: day.why_closed });
}

async function book(event) {
  event.preventDefault();
  const body = { service, day: chosen().value, priority: priority() };
  if (button.disabled || !(await isMeant(body.day))) return;
  button.disabled = true;
  refused.hidden = true;
  try {
    const booking = await request(`${api}/bookings`, { method: 'POST', body, key: keyFor(body) });
    rememberBooking(booking);
    location.assign(booking.status_url);
    return;
  } catch (problem) {
    if (!problem.retryable) forgetKey();
    fill(refused, { title: problem.title, detail: problem.detail });
    refused.hidden = false;
  }
  button.disabled = false;
  await refresh().catch(() => {});
}

form.addEventListener('submit', book);
form.addEventListener('change', (event) => {
  if (event.target.name === 'priority') refresh().catch(() => {});
  name();
});
window.addEventListener('pageshow', (event) => {
  name(); // browsers tick again what was ticked before Back
  if (!event.persisted) return;
  button.disabled = false;
  lookForMade();
  refresh().catch(() => {});
});
watchCatalogue(api, takeCatalogue);
setInterval(() => {
  if (!document.hidden) refresh().catch(() => {});
}, REFRESH_MS);
lookForMade();
name();
