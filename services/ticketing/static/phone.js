import { request } from './api.js';
import { fill } from './page.js';

const $ = (id) => document.getElementById(id);

/** Do what a button asks for, once at a time, and say what is wrong in the place for it. */
export async function withButton(button, problemAt, doIt) {
  button.disabled = true;
  $(problemAt).hidden = true;
  try {
    await doIt();
  } catch (problem) {
    fill($(problemAt), { title: problem.title, detail: problem.detail });
    $(problemAt).hidden = false;
  }
  button.disabled = false;
}

function say(kept) {
  fill($('phone-kept'), { kept });
  $('phone-kept').hidden = false;
}

/**
 * Let a visitor leave a number for the code of a ticket or booking, and take it back. `kept` and `withdrawn` say that
 * it was done.
 */
export function takePhone(code, kept, withdrawn) {
  const path = `/notifications/api/tickets/${code}/phone`;
  $('phone-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const form = event.target;
    withButton(form.querySelector('button'), 'phone-problem', async () => {
      const body = { phone: form.elements.phone.value, language: document.documentElement.lang };
      const answer = await request(path, { method: 'PUT', body });
      form.reset();
      say(kept(answer));
    });
  });
  $('phone-withdraw').addEventListener('click', () => {
    withButton($('phone-withdraw'), 'phone-problem', async () => {
      await request(path, { method: 'DELETE' });
      say(withdrawn());
    });
  });
}
