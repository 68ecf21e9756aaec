import { keepToken, keptToken, request } from './api.js';

const ME = '/catalog/api/me';
const RENEW_MS = 5 * 60_000;
const form = document.getElementById('token-form');
const problem = document.getElementById('token-problem');
const badge = document.getElementById('signed-in');

let session = null; // who is signed in by a cookie; a token, where there is one, goes before it
let here = null; // who that is, or will be answered to be, once it was asked

/** The staff member's access token, where one was given. */
export const staffToken = keptToken;

/** Whether somebody of the staff is here: by a token of this tab, or signed in. */
export function isStaff() {
  return Boolean(staffToken() || session);
}

/** Forget who it was and ask anew, saying why. Resolves when a token is given; signing in leads back to this page. */
export function askForToken(why = null) {
  keepToken(null);
  session = here = null;
  badge.hidden = true;
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

/** Learn who is signed in, which also makes the session last longer. */
async function lookForSession() {
  const me = await request(ME).catch(() => null); // the token form is there for whoever cannot reach it
  if (me === null) return;
  session = me.session ? me : null;
  document.getElementById('sign-in').hidden = !me.can_sign_in;
  badge.hidden = session === null;
  if (session) badge.querySelector('strong').textContent = session.name;
}

document.getElementById('sign-in').href += `?return=${encodeURIComponent(location.pathname + location.search)}`;
document.getElementById('sign-out').addEventListener('click', async () => {
  await request('/catalog/api/session', { method: 'DELETE' }).catch(() => null);
  location.reload();
});
if (!staffToken()) {
  await lookForSession();
  setInterval(() => { if (session) lookForSession(); }, RENEW_MS);
}
