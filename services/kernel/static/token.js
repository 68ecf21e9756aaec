import { keepToken, keptToken, request } from './api.js';

const ME = '/catalog/api/me';
const SESSION = '/catalog/api/session';
const RENEW_MS = 5 * 60_000;
const WARN_S = 2 * 60; // before the session ends, so that there is time to stay signed in
const INPUT = ['pointerdown', 'keydown', 'wheel'];
const form = document.getElementById('token-form');
const problem = document.getElementById('token-problem');
const badge = document.getElementById('signed-in');

const ends = document.getElementById('session-ends');
let renewedAt = 0;
let nextLook = 0;
let session = null; // who is signed in by a cookie; a token, where there is one, goes before it
let here = null; // who that is, or will be answered to be, once it was asked

/** The staff member's access token, where one was given. */
export const staffToken = keptToken;

/** Whether somebody of the staff is here: by a token of this tab, or signed in. */
export function isStaff() {
  return Boolean(staffToken() || session);
}

/**
 * Forget who it was and ask again, saying why. Resolves when a token is given; signing in leads back to this page.
 * @param {string | null} [why]
 * @returns {Promise<void>}
 */
export function askForToken(why = null) {
  keepToken(null);
  session = here = null;
  clearTimeout(nextLook);
  badge.hidden = ends.hidden = true;
  problem.textContent = why;
  problem.hidden = !why;
  form.hidden = false;
  form.elements.token.focus();
  return new Promise((given) => {
    form.onsubmit = (event) => {
      event.preventDefault();
      keepToken(form.elements.token.value.trim());
      form.reset();
      form.hidden = true;
      given();
    };
  });
}

/** Who is here: role and scope, of a token too; null where nobody can be asked. */
export async function whoIsHere() {
  here ??= session ?? request(ME, { token: staffToken() }).catch(() => (here = null));
  return here;
}

/** Show who is signed in, and warn before the session ends; null where nobody could be asked. */
function note(me) {
  if (me === null) return;
  if (session && !me.session && !staffToken()) {
    location.reload(); // the session has ended: nothing that it showed stays
    return;
  }
  session = me.session ? me : null;
  document.getElementById('sign-in').hidden = !me.can_sign_in;
  badge.hidden = session === null;
  if (session) badge.querySelector('strong').textContent = session.name;
  clearTimeout(nextLook);
  ends.hidden = !session || session.expires_in > WARN_S;
  if (!session) return;
  const left = ends.hidden ? session.expires_in - WARN_S : session.expires_in;
  nextLook = setTimeout(lookForSession, (left + 1) * 1000); // another tab may have renewed it
}

/** Learn who is signed in. The session does not last longer for it. */
async function lookForSession() {
  note(await request(ME).catch(() => null)); // without an answer the token form remains
}

/** Renew the session because of a key, click, touch or wheel: never because time has passed. */
async function renew() {
  renewedAt = Date.now();
  note(await request(SESSION, { method: 'PUT' }).catch(() => null));
}

function onInput(event) {
  if (!session || staffToken() || !event.isTrusted) return;
  if (!ends.hidden || Date.now() - renewedAt >= RENEW_MS) renew();
}

document.getElementById('sign-in').href += `?return=${encodeURIComponent(location.pathname + location.search)}`;
document.getElementById('sign-out').addEventListener('click', async () => {
  await request(SESSION, { method: 'DELETE' }).catch(() => null);
  location.reload();
});
if (!staffToken()) {
  await lookForSession();
  for (const kind of INPUT) addEventListener(kind, onInput, { capture: true, passive: true });
}
