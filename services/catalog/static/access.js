import { Problem } from './api.js';
import { copy, fill, showNotice, t } from './page.js';
import { forStaff, send } from './staff.js';

const $ = (id) => document.getElementById(id);
const api = '/catalog/api/access';
const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium' });

// Looking

async function look() {
  const paths = ['accounts', 'tokens', 'second-factor'];
  const [{ accounts }, { tokens }, { roles }] = await Promise.all(paths.map((path) => send(`${api}/${path}`)));
  for (const box of $('factor-form').elements.roles) box.checked = roles.includes(box.value);
  $('accounts').replaceChildren(...accounts.map(accountRow));
  $('tokens').replaceChildren(...tokens.map(tokenRow));
  $('no-tokens').hidden = tokens.length > 0;
}

function about({ name, role, scope }) {
  return { name, role: t(`access.role.${role}`), scope: Object.values(scope).join(' · ') || '–' };
}

function accountRow(account) {
  const { enabled } = account;
  const row = copy('account', {
    ...about(account),
    known_as: account.known_as,
    factor: account.second_factor ? t('access.factor-on') : null,
    status: t(enabled ? 'access.enabled' : 'access.disabled'),
    switch: t(enabled ? 'access.disable' : 'access.enable'),
  });
  row.querySelector('.pill').dataset.kind = enabled ? 'good' : 'bad';
  row.querySelector('[data-do="reset-factor"]').hidden = !account.second_factor;
  const path = `${api}/accounts/${account.id}`;
  const doing = {
    change: () => open('change', account),
    'set-password': () => open('set-password', account),
    link: () => open('link', account),
    'end-sessions': () => act(account.name, `${path}/sessions`, { method: 'DELETE' }),
    'reset-factor': () => act(account.name, `${path}/second-factor`, { method: 'DELETE' }),
    switch: () => act(account.name, `${path}/disabled`, { method: enabled ? 'PUT' : 'DELETE' }),
  };
  return withButtons(row, account.name, doing);
}

function tokenRow(token) {
  const row = copy('token-row', {
    ...about(token),
    until: day.format(new Date(token.expires_at)),
    status: t(token.revoked ? 'access.revoked' : 'access.valid'),
  });
  row.querySelector('.pill').dataset.kind = token.revoked ? 'bad' : 'good';
  row.querySelector('button').hidden = token.revoked;
  return withButtons(row, token.name, {
    revoke: () => act(token.name, `${api}/tokens/${token.id}`, { method: 'DELETE' }),
  });
}

function withButtons(row, name, doing) {
  for (const button of row.querySelectorAll('[data-do]')) {
    button.setAttribute('aria-label', `${button.textContent}: ${name}`);
    button.addEventListener('click', doing[button.dataset.do]);
  }
  return row;
}

// Acting

const ACTS = {
  'new-account': (form) => ['POST', '/accounts', { name: form.name, ...access(form), password: form.password }],
  change: (form, id) => ['PUT', `/accounts/${id}/access`, access(form)],
  'set-password': (form, id) => ['PUT', `/accounts/${id}/password`, { password: form.password }],
  link: (form, id) =>
    form.known_as.trim()
      ? ['PUT', `/accounts/${id}/known-as`, { known_as: form.known_as.trim() }]
      : ['DELETE', `/accounts/${id}/known-as`],
  'new-token': (form) => ['POST', '/tokens', { name: form.name, ...access(form), days: Number(form.days) }],
};

function access({ role, mall, counter, agency }) {
  return { role, mall: mall.trim(), counter: counter.trim(), agency: agency.trim() };
}

function act(name, path, options) {
  return forStaff(async () => {
    await send(path, options);
    $('said').textContent = t('access.said', { name });
    await look();
  });
}

/** @param {string} id @param {any} [account] */
function open(id, account = null) {
  const dialog = $(id);
  const form = dialog.querySelector('form');
  form.reset();
  form.dataset.of = account?.id ?? '';
  dialog.querySelector('.notice').hidden = true;
  fill(dialog.querySelector('h2'), { of: account && t('access.of', { name: account.name }) });
  if (id === 'change') {
    form.elements.role.value = account.role;
    for (const [name, code] of Object.entries(account.scope)) form.elements[name].value = code;
  }
  if (id === 'link') form.elements.known_as.value = account.known_as;
  dialog.showModal();
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const dialog = form.closest('dialog');
  const given = Object.fromEntries(new FormData(form));
  const [method, path, body] = ACTS[form.dataset.act](given, form.dataset.of);
  let answer;
  try {
    answer = await send(api + path, { method, body });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    showNotice(dialog.querySelector('.notice'), problem);
    return;
  }
  form.reset();
  dialog.close();
  fill($('issued'), { token: answer.token ?? null });
  $('issued').hidden = !answer.token;
  $('said').textContent = t('access.said', { name: answer.name });
  await forStaff(look);
}

for (const button of document.querySelectorAll('[data-opens]'))
  button.addEventListener('click', () => open(button.dataset.opens));
for (const button of document.querySelectorAll('[data-close]'))
  button.addEventListener('click', () => button.closest('dialog').close());
$('factor-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const roles = new FormData(event.target).getAll('roles');
  act(t('access.factor.title'), `${api}/second-factor`, { method: 'PUT', body: { roles } });
});
for (const form of document.querySelectorAll('form[data-act]')) form.addEventListener('submit', submit);
forStaff(look);
