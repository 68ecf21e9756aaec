/** The dialogs in which a supervisor acts on the mall, or on tickets that an alert is about. */
import { Problem } from './api.js';
import { fill, given, t } from './page.js';
import { forStaff, send } from './staff.js';
import { alertsAlike, api, clock, overview } from './supervisor-overview.js';

const $ = (id) => document.getElementById(id);

let targets = given('targets'); // the services that a ticket can be moved to
let alert = null; // that of the tickets which the open dialog is about

/** The requests of each act, from the fields of its form: method, path and body. */
const REQUESTS = {
  stop: ({ reason }) => [['POST', '/stop', { reason: reason.value }]],
  resume: () => [['DELETE', '/stop']],
  opening: ({ reason }) => [['POST', '/opening', { reason: reason.value }]],
  rule: (fields) => [
    [
      'PUT',
      '/rule',
      {
        rule: fields.rule.value,
        in_a_row: Number(fields.in_a_row.value) || 2,
        ceiling_minutes: Number(fields.ceiling_minutes.value) || null,
        reason: fields.reason.value,
      },
    ],
  ],
  closure(fields) {
    const [scope, ...code] = fields.what.value.split(' ');
    const until = fields.until.value ? clock.instant(fields.until.value) : null;
    return [['POST', '/closures', { scope, code: code.join(' '), reason: fields.reason.value, until }]];
  },
  closing: () => [['POST', '/closing']],
  move({ whom, target }) {
    const tickets = whom.value === 'all' ? `/services/${encodeURIComponent(alert.service)}` : `/tickets/${alert.id}`;
    return [['POST', `${tickets}/transfer`, { service: target.value }]];
  },
  ending({ whom, reason }) {
    const alerts = whom.value === 'all' ? alertsAlike(alert) : [alert];
    return alerts.map(({ id }) => ['POST', `/tickets/${id}/ending`, { reason: reason.value }]);
  },
};

/** Open the dialog of an act. */
function open(act) {
  const dialog = $(act);
  const form = dialog.querySelector('form');
  form.reset();
  form.querySelector('.notice').hidden = true;
  if (act === 'rule') {
    form.elements.rule.value = overview.rule.rule;
    form.elements.in_a_row.value = overview.rule.in_a_row;
    form.elements.ceiling_minutes.value = overview.rule.ceiling_minutes ?? '';
    showRatio();
  }
  if (act === 'closing') {
    const n = (overview.statuses.waiting ?? 0) + (overview.statuses.held ?? 0);
    form.querySelector('[data-slot="about"]').textContent = t(
      n ? 'supervisor.closing.waits' : 'supervisor.closing.nobody',
      { n },
    );
  }
  dialog.showModal();
}

/** Open the dialog of an act on the ticket of an alert, or on all tickets alike. */
export function openForAlert(act, about) {
  alert = about;
  const n = alertsAlike(about).length;
  const whom = $(act).querySelector('[data-whom]');
  open(act);
  fill(whom, {
    all: t('supervisor.whom.all', { n, service: about.service_name }),
    one: t('supervisor.whom.one', about),
  });
  whom.hidden = n < 2;
  $(act).querySelector('[data-slot="about"]').textContent =
    `${about.number} · ${about.service_name}. ${t(`supervisor.${act}.about`)}`;
  offerTargets();
}

function offerTargets() {
  const select = $('target');
  const { value } = select;
  select.replaceChildren(new Option(t('supervisor.move.choose'), ''), ...targets.map(targetOption));
  select.value = [...select.options].some((option) => option.value === value && !option.disabled) ? value : '';
}

function targetOption({ code, name, agency, why_not: not }) {
  const option = new Option(`${name} · ${not ? t(`supervisor.not.${not.kind}`) : agency}`, code);
  option.disabled = Boolean(not);
  return option;
}

/** Take over from a page what can be closed and where tickets can be moved, also in a dialog that is open. */
export function takeChoices(page) {
  const what = $('what');
  const { value } = what;
  what.replaceChildren(...document.importNode(page.getElementById('what'), true).children);
  what.value = [...what.options].some((option) => option.value === value) ? value : '';
  targets = JSON.parse(page.getElementById('targets').textContent);
  if ($('move').open) offerTargets();
}

function showRatio() {
  $('ratio').hidden = $('rule').querySelector('form').elements.rule.value !== 'ratio';
}

async function submit(event, refresh) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector('.button.main');
  const notice = form.querySelector('.notice');
  const { act } = form.dataset;
  button.disabled = true;
  try {
    for (const [method, path, body] of REQUESTS[act](form.elements)) await send(api + path, { method, body });
    form.closest('dialog').close();
    $('said').textContent = t(`supervisor.${act}.said`);
    await forStaff(refresh);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    fill(notice, { title: problem.title, detail: problem.detail });
    notice.hidden = false;
    if (alert) forStaff(refresh); // some of several may have been done
  } finally {
    button.disabled = false;
  }
}

/** Connect the buttons and forms of the dialogs; `refresh` shows the mall again after an act. */
export function connectDialogs(refresh) {
  for (const button of document.querySelectorAll('[data-opens]'))
    button.addEventListener('click', () => {
      alert = null;
      open(button.dataset.opens);
    });
  for (const button of document.querySelectorAll('dialog [data-close]'))
    button.addEventListener('click', () => button.closest('dialog').close());
  for (const form of document.querySelectorAll('dialog form'))
    form.addEventListener('submit', (event) => submit(event, refresh));
  $('rule').addEventListener('change', showRatio);
}
