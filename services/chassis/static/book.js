import { newKey, request } from './api.js';
import { clockIn } from './clock.js';
import { fill, t } from './page.js';

const form = document.getElementById('book');
const { api, service, zone } = form.dataset;
const clock = clockIn(zone);
const refused = document.getElementById('refused');
const button = form.querySelector('.confirm button');
let key = newKey(); // kept until the answer is known, so that pressing again cannot take two places

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

/** The days as they are now, for the class that is chosen: places go while somebody thinks. */
async function refresh() {
  const query = new URLSearchParams({ service, ...(priority() && { priority: priority() }) });
  const { days } = await request(`${api}/bookings/days?${query}`);
  for (const day of days) {
    const label = form.querySelector(`[data-day="${day.day}"]`);
    if (!label) continue;
    const input = label.querySelector('input');
    input.disabled = !day.bookable;
    if (!day.bookable) input.checked = false;
    fill(label, { about: about(day) });
  }
  document.getElementById('no-days').hidden = days.some((day) => day.bookable);
  name();
}

function about(day) {
  return t(`booking.day.${day.standing}`, { time: clock.time(day.claim_by), why: day.why_closed });
}

async function book(event) {
  event.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  refused.hidden = true;
  try {
    const body = { service, day: chosen().value, priority: priority() };
    const booking = await request(`${api}/bookings`, { method: 'POST', body, key });
    location.assign(booking.status_url);
    return;
  } catch (problem) {
    if (!problem.retryable) key = newKey();
    fill(refused, { title: problem.title, detail: problem.detail });
    refused.hidden = false;
  }
  button.disabled = false;
  await refresh().catch(() => {});
}

form.addEventListener('submit', book);
form.addEventListener('change', (event) => {
  key = newKey(); // another wish is another booking
  if (event.target.name === 'priority') refresh().catch(() => {});
  name();
});
window.addEventListener('pageshow', (event) => { if (event.persisted) { button.disabled = false; refresh().catch(() => {}); } });
name();
