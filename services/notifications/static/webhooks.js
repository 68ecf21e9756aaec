import { Problem } from './api.js';
import { clockIn } from './clock.js';
import { copy, fill, has, t } from './page.js';
import { forStaff, send } from './staff.js';
import { whoIsHere } from './token.js';

const $ = (id) => document.getElementById(id);
const { dataset } = $('webhooks');
const api = `/notifications/api/malls/${encodeURIComponent(dataset.mall)}/webhooks`;
const clock = clockIn(dataset.zone);
const REFRESH_MS = 5_000;
const KINDS = { active: 'good', failing: 'warn', paused: 'bad' };
let hooks = [];
let logged = null; // the id of the webhook whose log is open
let shown = '';
let isAgency = true;

// Looking

async function look() {
  const [me, found] = await Promise.all([whoIsHere(), send(api)]);
  isAgency = me?.role === 'agency';
  hooks = found.webhooks;
  $('none').hidden = hooks.length > 0;
  // Left alone while nothing changes, as it may be read or a button about to be pressed.
  if (JSON.stringify(hooks) !== shown) {
    shown = JSON.stringify(hooks);
    const focused = document.activeElement?.closest('.hook') && document.activeElement;
    const { hook, do: act } = focused instanceof HTMLElement ? focused.dataset : {};
    $('hooks').replaceChildren(...hooks.map(card));
    if (hook) $('hooks').querySelector(`[data-hook="${hook}"][data-do="${act}"]`)?.focus();
  }
  await lookAtLog();
}

function card(hook) {
  const { name, url, status } = hook;
  const since = hook.paused_at && clock.stamp(hook.paused_at);
  const next = hook.next_attempt_at && clock.stamp(hook.next_attempt_at);
  const paused = status === 'paused';
  const item = copy('hook', {
    name,
    url,
    status: t(`webhooks.status.${status}`),
    agency: hook.agency || t('webhooks.agency.all'),
    trouble: paused
      ? t(`webhooks.cause.${hook.cause}`, { since })
      : hook.failed
        ? t('webhooks.failing', { failed: hook.failed, next })
        : null,
    address: ['unchecked', 'outside'].includes(hook.address)
      ? null
      : t(`webhooks.address.${hook.address}`, { at: clock.stamp(hook.address_checked_at) }),
    old: hook.old_secret_until && t('webhooks.old-secret', { until: clock.stamp(hook.old_secret_until) }),
    kinds: [...hook.kinds.map(labelOf), ...hook.services].join(' · '),
    standing: standing(hook),
    switch: t(paused ? 'webhooks.resume' : 'webhooks.pause'),
  });
  item.querySelector('.pill').dataset.kind = KINDS[status];
  item.querySelector('[data-do="retry"]').hidden = status !== 'failing';
  const path = `${api}/${hook.id}`;
  const doing = {
    attempts: () => openLog(hook),
    ping: () => act(`${path}/pings`, { method: 'POST' }, t('webhooks.pinged', { name }), hook),
    switch: () => act(`${path}/paused`, { method: paused ? 'DELETE' : 'PUT' }, t('webhooks.said', { name })),
    retry: () => act(`${path}/paused`, { method: 'DELETE' }, t('webhooks.said', { name })),
    edit: () => open('edit', hook),
    rotate: () => open('rotate', hook),
    replay: () => open('replay', hook),
    remove: () => open('remove', hook),
  };
  for (const button of item.querySelectorAll('[data-do]')) {
    button.dataset.hook = hook.id;
    button.setAttribute('aria-label', `${button.textContent}: ${name}`);
    button.addEventListener('click', doing[button.dataset.do]);
  }
  return item;
}

function standing(hook) {
  const begun = hook.standing.filter(({ told }) => told !== null);
  const each = begun.map(({ producer, told, last }) =>
    t('webhooks.standing.of', { producer: t(`webhooks.producer.${producer}`), told, last }),
  );
  return each.join(' · ') || t('webhooks.standing.none');
}

// The log

async function openLog(hook) {
  logged = hook.id;
  await forStaff(lookAtLog);
  $('log').focus();
}

async function lookAtLog() {
  const hook = hooks.find(({ id }) => id === logged);
  $('log').hidden = !hook;
  if (!hook) return;
  const { attempts } = await send(`${api}/${hook.id}/attempts`);
  $('log-name').textContent = t('webhooks.attempts.of', { name: hook.name });
  $('attempts').replaceChildren(...attempts.map(line));
  $('no-attempts').hidden = attempts.length > 0;
}

/** What a type of event is called; one that no words are written for goes by its own name. */
function labelOf(kind) {
  return has(`webhooks.kind.${kind}`) ? t(`webhooks.kind.${kind}`) : kind;
}

function line(attempt) {
  const { event, status, millis, came } = attempt;
  const row = copy('attempt', {
    at: clock.stamp(attempt.at),
    kind: labelOf(attempt.kind),
    event,
    attempt: attempt.attempt,
    came: `${t(`webhooks.came.${came}`)}${status ? ` (${status})` : ''}`,
    millis: t('webhooks.millis', { millis }),
    answer: attempt.answer || '–',
  });
  row.querySelector('.pill').dataset.kind = came === 'delivered' ? 'good' : 'bad';
  return row;
}

// Acting

const ACTS = {
  edit: (form, id) => [id ? 'PUT' : 'POST', id ? `/${id}` : '', wanted(form, id)],
  rotate: (_, id) => ['POST', `/${id}/secret`],
  remove: (_, id) => ['DELETE', `/${id}`],
  replay: (form, id) => [
    'POST',
    `/${id}/replays`,
    form.get('by') === 'since'
      ? { since: clock.instant(form.get('since')) }
      : { producer: form.get('producer'), sequence: Number(form.get('sequence')) },
  ],
};

function wanted(form, id) {
  const services = form
    .get('services')
    .split(',')
    .map((code) => code.trim())
    .filter(Boolean);
  const agency = id || isAgency ? {} : { agency: form.get('agency').trim() };
  return {
    name: form.get('name').trim(),
    url: form.get('url').trim(),
    kinds: form.getAll('kinds'),
    services,
    ...agency,
  };
}

/** @param {string} path @param {object} options @param {string} said @param {any} [log] */
function act(path, options, said, log = null) {
  return forStaff(async () => {
    await send(path, options);
    $('said').textContent = said;
    if (log) logged = log.id;
    await look();
  });
}

/** @param {string} id @param {any} [hook] */
function open(id, hook = null) {
  const dialog = $(id);
  const form = dialog.querySelector('form');
  form.reset();
  form.dataset.of = hook?.id ?? '';
  dialog.querySelector('.notice').hidden = true;
  fill(dialog.querySelector('h2'), { of: hook && `· ${hook.name}` });
  if (id === 'edit') {
    $('agency-field').hidden = isAgency || Boolean(hook);
    if (hook) {
      for (const field of ['name', 'url']) form.elements[field].value = hook[field];
      form.elements.services.value = hook.services.join(', ');
      for (const box of form.querySelectorAll('[name="kinds"]')) box.checked = hook.kinds.includes(box.value);
    }
  }
  if (id === 'replay') chooseReplay(form);
  dialog.showModal();
}

function chooseReplay(form) {
  const by = form.elements.by.value;
  for (const part of form.querySelectorAll('[data-by]')) {
    part.hidden = part.dataset.by !== by;
    for (const field of part.querySelectorAll('input, select')) field.disabled = part.hidden;
  }
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const dialog = form.closest('dialog');
  const hook = hooks.find(({ id }) => id === form.dataset.of);
  const [method, path, body] = ACTS[form.dataset.act](new FormData(form), form.dataset.of);
  let answer;
  try {
    answer = await send(api + path, { method, body });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const notice = dialog.querySelector('.notice');
    const wrong = Object.values(problem.errors?.json ?? problem.errors ?? {}).flat();
    fill(notice, {
      title: problem.title,
      detail: [problem.detail, ...wrong.filter((one) => typeof one === 'string')].join(' '),
    });
    notice.hidden = false;
    notice.scrollIntoView({ block: 'nearest' });
    return;
  }
  dialog.close();
  if (answer?.secret) showSecret(answer);
  $('said').textContent = t('webhooks.said', { name: answer?.name ?? hook?.name ?? '' });
  await forStaff(look);
}

// The secret, once

function showSecret({ name, secret }) {
  fill($('secret'), { name, secret });
  $('secret').hidden = false;
  $('copy').focus();
}

async function copySecret() {
  const code = $('secret').querySelector('code');
  try {
    await navigator.clipboard.writeText(code.textContent); // missing on plain-http addresses of a LAN
    $('said').textContent = t('webhooks.copied');
    $('copy').textContent = t('webhooks.copied');
  } catch {
    getSelection()?.selectAllChildren(code);
  }
}

function forgetSecret() {
  fill($('secret'), { name: '', secret: '' });
  $('secret').hidden = true;
  $('copy').textContent = t('webhooks.copy');
  $('page').querySelector('[data-opens]').focus();
}

$('copy').addEventListener('click', copySecret);
$('have-it').addEventListener('click', forgetSecret);
for (const button of document.querySelectorAll('[data-opens]'))
  button.addEventListener('click', () => open(button.dataset.opens));
for (const button of document.querySelectorAll('[data-close]'))
  button.addEventListener('click', () => button.closest('dialog').close());
for (const form of document.querySelectorAll('form[data-act]')) form.addEventListener('submit', submit);
for (const by of document.querySelectorAll('[name="by"]')) by.addEventListener('change', () => chooseReplay(by.form));
forStaff(look);
setInterval(() => {
  if (!document.hidden && !$('page').hidden && !document.querySelector('dialog[open]')) forStaff(look);
}, REFRESH_MS);
