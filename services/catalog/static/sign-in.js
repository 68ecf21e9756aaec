import { request } from './api.js';
import { setUp, showOnly } from './enrolment.js';
import { copy, fill, showNotice, t } from './page.js';
import { usePasskey, whyNoPasskeys } from './passkey.js';

const $ = (id) => document.getElementById(id);
const SESSION = '/catalog/api/session';
const form = $('form');
const codeForm = $('code-form');
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' });

/**
 * After an answer to a step of signing in, show the next step or the earlier failures, or return to the page before.
 * @param {any} answer
 */
async function continueSignIn({ next, half, factors, failed_attempts: count, last_failed_at: last }) {
  if (next === 'code') {
    codeForm.dataset.half = half;
    if (factors.includes('passkey')) offerPasskey(factors.includes('totp'));
    showOnly(codeForm, $('passkey-way').hidden ? codeForm.elements.code : $('use-passkey'));
  } else if (next === 'enrolment') {
    await continueSignIn(await setUp({ half }, { required: true }));
  } else if (count) {
    const when = moment.format(new Date(last));
    fill($('failed'), { failed: t(`sign-in.failed.${count === 1 ? 'one' : 'many'}`, { count, when }) });
    showOnly($('failed'), $('failed-name'));
  } else {
    location.assign(form.dataset.back);
  }
}

/** Offer the account's passkeys before the field for codes, or say why they cannot be used here. */
function offerPasskey(hasApp) {
  const why = whyNoPasskeys();
  $('passkey-way').hidden = why !== null;
  $('code-submit').classList.toggle('main', why !== null);
  if (why)
    showNotice($('no-passkeys'), {
      title: t(`sign-in.factor.${why}.title`),
      detail: t(`sign-in.factor.${why}.detail`),
    });
  $('code-name').textContent = t('sign-in.factor.title');
  $('code-about').textContent = t(`sign-in.factor.${hasApp ? 'either' : 'backup'}`);
}

/** Show the first step again with the problem. */
function startAgain(problem) {
  showOnly(form, form.elements.name);
  showNotice($('problem'), problem);
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  $('problem').hidden = true;
  try {
    const body = { name: form.elements.name.value, password: form.elements.password.value };
    const answer = await request(SESSION, { method: 'POST', body });
    form.elements.password.value = '';
    await continueSignIn(answer);
  } catch (problem) {
    startAgain(problem);
    form.elements.password.value = '';
    form.elements.password.focus();
  }
  button.disabled = false;
});

/** Send the second step with `answer`, a function of the request's body; focus `focused` after a failure. */
async function takeSecondStep(answer, focused) {
  $('code-problem').hidden = true;
  try {
    await continueSignIn(await answer({ half: codeForm.dataset.half }));
  } catch (problem) {
    if (problem.reason === 'sign-in-expired') {
      startAgain(problem);
      return;
    }
    showNotice($('code-problem'), problem);
    focused.focus();
  }
}

codeForm.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { code } = codeForm.elements;
  await takeSecondStep(
    (half) => request(`${SESSION}/code`, { method: 'POST', body: { ...half, code: code.value } }),
    code,
  );
  code.select();
});

$('use-passkey').addEventListener('click', async ({ target }) => {
  target.disabled = true;
  await takeSecondStep(async (half) => {
    const { options } = await request(`${SESSION}/passkey/offer`, { method: 'POST', body: half });
    $('use-waiting').textContent = t('sign-in.factor.waiting');
    return request(`${SESSION}/passkey`, {
      method: 'POST',
      body: { ...half, ...(await usePasskey(options, 'sign-in.factor')) },
    });
  }, target);
  $('use-waiting').textContent = '';
  target.disabled = false;
  if (!$('code-problem').hidden) target.focus();
});

for (const [id, path] of [
  ['sign-out', SESSION],
  ['sign-out-everywhere', `${SESSION}s`],
]) {
  $(id)?.addEventListener('click', async () => {
    try {
      await request(path, { method: 'DELETE' });
      location.reload();
    } catch (problem) {
      showNotice($('problem'), problem);
    }
  });
}

/** List where the person is signed in, each with a button that ends it; this browser's has none, for it signs out. */
async function listSessions() {
  const { sessions } = await request(`${SESSION}s`);
  $('sessions').replaceChildren(
    ...sessions.map(({ id, device, began_at: began, used_at: used, current }) => {
      const name = device || t('sign-in.sessions.unknown');
      const [since, last] = [began, used].map((at) => moment.format(new Date(at)));
      const item = copy('session', {
        device: name,
        here: current ? t('sign-in.sessions.here') : null,
        since: t('sign-in.sessions.since', { since, last }),
      });
      const button = item.querySelector('button');
      button.hidden = current;
      button.setAttribute('aria-label', t('sign-in.sessions.end.which', { device: name, since }));
      button.addEventListener('click', () => endSession(id));
      return item;
    }),
  );
}

async function endSession(id) {
  try {
    await request(`${SESSION}s/${id}`, { method: 'DELETE' });
    await listSessions();
  } catch (problem) {
    showNotice($('problem'), problem);
  }
}

if ($('sessions')) listSessions().catch((problem) => showNotice($('problem'), problem));

const { half, next, factors } = form.dataset;
if (half) continueSignIn({ half, next, factors: factors.split(' ') }).catch(startAgain);
