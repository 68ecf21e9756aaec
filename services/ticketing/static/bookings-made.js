import { newKey, request } from './api.js';

const MADE = 'mpp-booked';
const KEY = 'mpp-booking';

/** What was booked in this tab for a service and still holds: `look(api, service)` asks the server. */
export async function bookingsMade(api, service) {
  const made = JSON.parse(sessionStorage.getItem(MADE) ?? '[]').filter((one) => one.service === service);
  const found = await Promise.all(
    made.map(({ id, code = id }) => request(`${api}/bookings/${code}`).catch(() => null)),
  );
  return found.filter((booking) => booking?.status === 'booked');
}

/** Remember a booking that was made in this tab. */
export function rememberBooking({ code, service }) {
  const made = JSON.parse(sessionStorage.getItem(MADE) ?? '[]');
  sessionStorage.setItem(MADE, JSON.stringify([...made.filter((one) => one.code !== code), { code, service }]));
  sessionStorage.removeItem(KEY);
}

/** The key of a request, kept until its answer is known, also when the page is left and opened again. */
export function keyFor(wish) {
  const asked = JSON.stringify(wish);
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
  if (kept.asked === asked) return kept.key;
  const key = newKey();
  sessionStorage.setItem(KEY, JSON.stringify({ asked, key }));
  return key;
}

/** The wish was answered: the next one like it is another one. */
export function forgetKey() {
  sessionStorage.removeItem(KEY);
}
