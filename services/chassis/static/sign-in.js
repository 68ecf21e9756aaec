import { request } from './api.js';
import { setUp, showOnly, tell } from './enrolment.js';
import { fill, t } from './page.js';

const $ = (id) => document.getElementById(id);
const SESSION = '/catalog/api/session';
const form = $('form');
const codeForm = $('code-form');
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' });

/** Go on after an answer to a step of signing in: to the next step, to what failed before, or to where one came from. */
async function goOn({ next, half, failed_attempts: count, last_failed_at: last }) {
  if (next === 'code') {
    codeForm.dataset.half = half;
    showOnly(codeForm, codeForm.elements.code);
  } else if (next === 'enrolment') {
    await goOn(await setUp({ half }, { required: true }));
  } else if (count) {
    const when = moment.format(new Date(last));
    fill($('failed'), { failed: t(`sign-in.failed.${count === 1 ? 'one' : 'many'}`, { count, when }) });
    showOnly($('failed'), $('failed-name'));
  } else {
    location.assign(form.dataset.back);
  }
}

/** Start from the start, saying why. */
function startAgain(problem) {
  showOnly(form, form.elements.name);
  tell($('problem'), problem);
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
    await goOn(answer);
  } catch (problem) {
    startAgain(problem);
    form.elements.password.value = '';
    form.elements.password.focus();
  }
  button.disabled = false;
});

codeForm.addEventListener('submit', async (event) => {
  event.preventDefault();
  $('code-problem').hidden = true;
  const { code } = codeForm.elements;
  try {
    const body = { half: codeForm.dataset.half, code: code.value };
    await goOn(await request(`${SESSION}/code`, { method: 'POST', body }));
  } catch (problem) {
    if (problem.reason === 'sign-in-expired') {
      startAgain(problem);
      return;
    }
    tell($('code-problem'), problem);
    code.select();
  }
});

for (const [id, path] of [['sign-out', SESSION], ['sign-out-everywhere', `${SESSION}s`]]) {
  $(id)?.addEventListener('click', async () => {
    try {
      await request(path, { method: 'DELETE' });
      location.reload();
    } catch (problem) {
      tell($('problem'), problem);
    }
  });
}

const { half, next } = form.dataset;
if (half) goOn({ half, next }).catch(startAgain);
