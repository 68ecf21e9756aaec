import { clockIn } from './clock.js';
import { send } from './staff.js';

const { dataset } = document.getElementById('admin');

export const api = `/catalog/api/malls/${dataset.mall}`;
export const clock = clockIn(dataset.zone);

/**
 * The mall, its agencies, services and counters as the server last sent them; null before.
 * @type {any}
 */
export let catalog = null;

/** Fetch the catalog again; throws as `send` does. */
export async function loadCatalog() {
  catalog = await send(`${api}/export`);
}

/** The agencies and services, whose codes are shown by their names. */
export function namedEntries() {
  return [...catalog.agencies, ...catalog.services];
}
