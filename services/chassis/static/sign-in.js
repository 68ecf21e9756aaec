import { request } from './api.js';
import { fill } from './page.js';

const $ = (id) => document.getElementById(id);
const form = $('form');

function tell(problem) {
  fill($('problem'), { title: problem.title, detail: problem.detail });
  $('problem').hidden = false;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  $('problem').hidden = true;
  try {
    const body = { name: form.elements.name.value, password: form.elements.password.value };
    await request('/catalog/api/session', { method: 'POST', body });
    location.assign(form.dataset.back);
    return;
  } catch (problem) {
    tell(problem);
    form.elements.password.value = '';
    form.elements.password.focus();
  }
  button.disabled = false;
});

$('sign-out')?.addEventListener('click', async () => {
  try {
    await request('/catalog/api/session', { method: 'DELETE' });
    location.reload();
  } catch (problem) {
    tell(problem);
  }
});
