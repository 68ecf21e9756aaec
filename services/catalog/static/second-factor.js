import { request } from './api.js';
import { setUp, showCodes, showOnly } from './enrolment.js';
import { copy, fill, showNotice, t } from './page.js';
import { whyNoPasskeys } from './passkey.js';

const $ = (id) => document.getElementById(id);
const API = '/catalog/api/second-factor';
const form = $('form');
const { current } = form.elements;
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'short' });
const acts = {
  'set-up': (body) => setUp(body, { ways: ['totp'] }),
  'add-passkey': async (body) => {
    const added = await setUp(body, { ways: ['passkey'] });
    return added && t('factor.passkeys.added', added);
  },
  'new-codes': async (body) => {
    await showCodes((await request(`${API}/recovery-codes`, { method: 'POST', body })).codes);
  },
  'remove-app': (body) => remove({ ...body, kind: 'totp' }, t('factor.app.removed')),
  'remove-passkey': (body, { passkey, name }) =>
    remove({ ...body, kind: 'passkey', passkey }, t('factor.passkeys.removed', { name })),
  remove: (body) => remove(body, t('factor.removed')),
};

async function remove(body, said) {
  await request(`${API}/removal`, { method: 'POST', body });
  return said;
}

async function look() {
  const { active, required, totp, passkeys, can_be_set_up: possible, recovery_codes_left: count } = await request(API);
  fill(form, {
    status: t(active ? 'factor.on' : 'factor.off'),
    required: required ? t('factor.required') : null,
    app: totp ? t('factor.app') : null,
    left: active ? t(`factor.left.${count === 1 ? 'one' : 'many'}`, { count }) : null,
  });
  form.querySelector('.pill').dataset.kind = active ? 'good' : 'warn';
  const why = whyNoPasskeys();
  $('unavailable').hidden = possible || totp;
  $('acts').hidden = !possible && !active && why !== null;
  listPasskeys(passkeys, required && !totp && passkeys.length === 1);
  $('passkeys-about').textContent = t(`factor.passkeys.${why ?? 'about'}`);
  const offered = {
    'set-up': !totp && possible,
    'add-passkey': why === null,
    'new-codes': active,
    'remove-app': totp && passkeys.length > 0,
    remove: active && !required,
  };
  for (const [act, is] of Object.entries(offered)) form.querySelector(`[data-act="${act}"]`).hidden = !is;
  showOnly(form, current);
}

function listPasskeys(passkeys, isLast) {
  const when = (at) => moment.format(new Date(at));
  $('passkeys-none').hidden = passkeys.length > 0;
  $('passkeys').replaceChildren(
    ...passkeys.map(({ id, name, added_at: added, used_at: used }) => {
      const item = copy('passkey', {
        name,
        since: t('factor.passkeys.since', { when: when(added) }),
        used: used ? t('factor.passkeys.used', { when: when(used) }) : t('factor.passkeys.unused'),
      });
      const button = item.querySelector('button');
      Object.assign(button.dataset, { passkey: id, name });
      button.setAttribute('aria-label', t('factor.passkeys.remove.which', { name }));
      button.hidden = isLast;
      return item;
    }),
  );
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  for (const id of ['problem', 'said']) $(id).hidden = true;
  const body = { current: current.value };
  const { dataset } = event.submitter;
  current.value = '';
  try {
    const said = await acts[dataset.act](body, dataset);
    await look();
    if (typeof said === 'string') $('said').textContent = said;
    $('said').hidden = typeof said !== 'string';
  } catch (problem) {
    showOnly(form, current);
    showNotice($('problem'), problem);
  }
});

const me = await request('/catalog/api/me').catch(() => null);
if (me?.session) {
  form.elements.name.value = me.name;
  await look();
} else {
  $('nobody').hidden = false;
}
