import { request } from './api.js';
import { fill, showNotice, t } from './page.js';

const $ = (id) => document.getElementById(id);
const form = $('form');
const { current, password, again } = form.elements;

function mustBeTheSame() {
  again.setCustomValidity(again.value === password.value ? '' : t('password.differs'));
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  $('problem').hidden = true;
  try {
    await request('/catalog/api/session/password', {
      method: 'PUT',
      body: { current: current.value, password: password.value },
    });
    form.reset();
    form.hidden = true;
    $('done').hidden = false;
  } catch (problem) {
    showNotice($('problem'), problem);
    current.focus();
  }
  button.disabled = false;
});
for (const field of [password, again]) field.addEventListener('input', mustBeTheSame);

const me = await request('/catalog/api/me').catch(() => null);
if (me?.session) {
  form.elements.name.value = me.name;
  fill($('who'), { who: t('password.who', { name: me.name }) });
  form.hidden = false;
  current.focus();
} else {
  $('nobody').hidden = false;
}
