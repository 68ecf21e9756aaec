import { request } from './api.js';
import { setUp, showCodes, showOnly, tell } from './enrolment.js';
import { fill, t } from './page.js';

const $ = (id) => document.getElementById(id);
const API = '/catalog/api/second-factor';
const form = $('form');
const { current } = form.elements;
const acts = {
  'set-up': (body) => setUp(body),
  'new-codes': async (body) => showCodes((await request(`${API}/recovery-codes`, { method: 'POST', body })).codes),
  remove: async (body) => {
    await request(`${API}/removal`, { method: 'POST', body });
    $('said').textContent = t('factor.removed');
    $('said').hidden = false;
  },
};

async function look() {
  const { active, required, can_be_set_up: possible, recovery_codes_left: count } = await request(API);
  fill(form, {
    status: t(active ? 'factor.on' : 'factor.off'),
    required: required ? t('factor.required') : null,
    left: active ? t(`factor.left.${count === 1 ? 'one' : 'many'}`, { count }) : null,
  });
  form.querySelector('.pill').dataset.kind = active ? 'good' : 'warn';
  $('unavailable').hidden = possible;
  $('acts').hidden = !possible && !active;
  const offered = { 'set-up': !active && possible, 'new-codes': active, remove: active && !required };
  for (const [act, is] of Object.entries(offered)) form.querySelector(`[data-act="${act}"]`).hidden = !is;
  showOnly(form, current);
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  for (const id of ['problem', 'said']) $(id).hidden = true;
  const body = { current: current.value };
  current.value = '';
  try {
    await acts[event.submitter.dataset.act](body);
    await look();
  } catch (problem) {
    showOnly(form, current);
    tell($('problem'), problem);
  }
});

const me = await request('/catalog/api/me').catch(() => null);
if (me?.session) {
  form.elements.name.value = me.name;
  await look();
} else {
  $('nobody').hidden = false;
}
