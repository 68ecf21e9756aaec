/** What the parts of the kiosk share: its settings, and the state of the visit that is under way. */
import { clockIn } from './clock.js';
import { given } from './page.js';
import { visit } from './visit.js';

export const { dataset } = document.getElementById('kiosk');
export const isPhone = 'phone' in dataset; // a visitor's own: no other visitor comes after this one
export const clock = clockIn(dataset.zone);

/**
 * @type {{ step: string, chosen: { code: string, name: string } | null, ticket: any, slip: any, isBusy: boolean,
 *   needsCode: boolean, deadline: number | null, hall: any }}
 */
export const kiosk = {
  step: 'choose',
  chosen: null, // the service: its code, and its name when it was chosen
  ticket: visit.last(), // the last one that this visitor took
  slip: null, // what is printed of it
  isBusy: false, // a request for a ticket is under way
  needsCode: false, // on a phone: the last request was refused because it had no code from a screen
  deadline: null, // when the page returns to its start, in ms
  hall: given('hall'),
};
