import { clockIn } from './clock.js';
import { send } from './staff.js';

const { dataset } = document.getElementById('supervisor');
let requests = 0; // answers may overtake each other: only that of the last request counts

export const { mall } = dataset;
export const api = `/ticketing/api/malls/${mall}`;
export const clock = clockIn(dataset.zone);

/**
 * The state of the mall's day as the server last sent it; null before.
 * @type {any}
 */
export let overview = null;

/** Fetch the overview. Returns whether it is the latest; throws as `send` does. */
export async function loadOverview() {
  const number = (requests += 1);
  const answer = await send(`${api}/overview`);
  if (number !== requests) return false;
  overview = answer;
  return true;
}

/** The alerts of all tickets of the same service that no counter can call. */
export function alertsAlike({ service }) {
  return overview.alerts.filter((alert) => alert.kind === 'ticket-without-counter' && alert.service === service);
}
