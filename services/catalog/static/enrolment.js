import { request } from './api.js';
import { showNotice, t } from './page.js';
import { makePasskey, whyNoPasskeys } from './passkey.js';

const $ = (id) => document.getElementById(id);
const API = '/catalog/api/second-factor';
const PASSKEYS = 'factor.passkeys';

/** Show one of the page's cards and none of the others, with the focus on what is to be read or filled in first. */
export function showOnly(card, focused) {
  for (const other of document.querySelectorAll('.token-form')) other.hidden = other !== card;
  focused.focus();
}

/**
 * Set up a second factor in one of these ways (`totp`, `passkey`) for who has shown `wanted`: the password, or
 * `half` of a sign-in. Returns what turned it on; null where the person left.
 */
export async function setUp(wanted, { required = false, ways = ['totp', 'passkey'] } = {}) {
  const byApp = ways.includes('totp');
  if (byApp) showOffer(await request(`${API}/offer`, { method: 'POST', body: wanted }));
  // at once, so that a wrong password is refused on this form
  const offered = byApp ? null : await offerPasskey(wanted);
  $('enrolment-form').hidden = !byApp;
  $('enrolment-required').hidden = !required;
  $('enrolment-back').hidden = required;
  showPasskeyForm(ways);
  showOnly($('enrolment'), $('enrolment-name'));
  const turnedOn = await Promise.race([firstCode(wanted.half), newPasskey(wanted, offered), left()]);
  if (turnedOn?.codes.length) await showCodes(turnedOn.codes);
  return turnedOn;
}

function showOffer({ qr, secret }) {
  $('enrolment-qr').src = qr;
  $('enrolment-secret').textContent = secret.match(/.{1,4}/g).join(' ');
}

function showPasskeyForm(ways) {
  const why = whyNoPasskeys();
  const isOffered = ways.includes('passkey');
  $('passkey-form').hidden = !isOffered || why !== null;
  $('passkey-problem').hidden = true;
  $('passkey-form-name').textContent = t(`${PASSKEYS}.${ways.length > 1 ? 'or' : 'title'}`);
  $('passkey-none').hidden = !isOffered || why === null;
  $('passkey-none').textContent = why && t(`${PASSKEYS}.${why}`);
}

function firstCode(half) {
  const form = $('enrolment-form');
  const { code } = form.elements;
  return new Promise((resolve, reject) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      $('enrolment-problem').hidden = true;
      try {
        resolve(await request(API, { method: 'PUT', body: { code: code.value, ...(half && { half }) } }));
        form.reset();
      } catch (problem) {
        if (problem.status === 401) return reject(problem);
        showNotice($('enrolment-problem'), problem);
        code.select();
      }
    };
  });
}

function offerPasskey(body) {
  return request(`${API}/passkeys/offer`, { method: 'POST', body });
}

function newPasskey(wanted, offered) {
  const form = $('passkey-form');
  const button = form.querySelector('button');
  const { half } = wanted;
  return new Promise((resolve, reject) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      $('passkey-problem').hidden = true;
      button.disabled = true;
      try {
        const { options } = offered ?? (await offerPasskey(wanted));
        offered = null; // a challenge is answered once
        $('passkey-waiting').textContent = t(`${PASSKEYS}.waiting`);
        const made = await makePasskey(options, PASSKEYS);
        const name = form.elements.name.value.trim();
        resolve({
          ...(await request(`${API}/passkeys`, { method: 'POST', body: { name, ...made, ...(half && { half }) } })),
          name,
        });
        form.reset();
      } catch (problem) {
        if (problem.status === 401) reject(problem);
        else showNotice($('passkey-problem'), problem);
      }
      $('passkey-waiting').textContent = '';
      button.disabled = false;
      if (!$('passkey-problem').hidden) button.focus();
    };
  });
}

function left() {
  return new Promise((resolve) => {
    $('enrolment-back').onclick = () => resolve(null);
  });
}

/**
 * Show recovery codes until the person has saved them.
 * @returns {Promise<void>}
 */
export function showCodes(codes) {
  const items = codes.map((code) => Object.assign(document.createElement('li'), { textContent: code }));
  $('recovery-codes').replaceChildren(...items);
  showOnly($('recovery'), $('recovery-name'));
  return new Promise((resolve) => {
    $('recovery-done').onclick = () => {
      $('recovery-codes').replaceChildren();
      resolve();
    };
  });
}

$('recovery-print').addEventListener('click', () => window.print());
