import { api, catalog, namedEntries } from './admin-catalog.js';
import { changeCards } from './admin-changes.js';
import { codeFrom, freeLine, nextCounter, serviceCode } from './admin-codes.js';
import { forgetFaults, forgetWhenCorrected, goToFault, lines, number, piece, showFaults } from './admin-forms.js';
import { newKey, Problem } from './api.js';
import { showNotice, t } from './page.js';
import { send } from './staff.js';

const $ = (id) => document.getElementById(id);
const STEPS = ['agency', 'counter', 'services', 'check'];

/**
 * The guide for a new agency: its name, its counter, its services, a check. Returns `begin`, which starts it empty;
 * `refresh` is called when the agency was added.
 */
export function newAgency(refresh) {
  const form = $('new-form');
  const fields = (step) => form.querySelector(`[data-part="${step}"]`);
  const input = (step, name) => fields(step).querySelector(`[name="${name}"]`);
  let step = 0;
  let key = newKey();
  let own = { code: false, line: false };

  function begin() {
    form.reset();
    form.hidden = false;
    $('new-done').hidden = true;
    $('new-services').replaceChildren();
    addService();
    own = { code: false, line: false };
    key = newKey();
    input('agency', 'line').value = freeLine(catalog.agencies);
    const code = nextCounter(catalog.counters);
    input('counter', 'code').value = code;
    input('counter', 'floor').value = 1;
    input('counter', 'name').value = counterName(code);
    go(0);
  }

  function go(to) {
    step = to;
    forgetFaults(form);
    form.querySelector('[data-problem]').hidden = true;
    for (const each of STEPS) fields(each).hidden = each !== STEPS[step];
    STEPS.forEach((each, index) => {
      const shown = document.querySelector(`[data-step="${each}"]`);
      shown.className = index < step ? 'past' : '';
      if (index === step) shown.setAttribute('aria-current', 'step');
      else shown.removeAttribute('aria-current');
    });
    $('new-back').hidden = step === 0;
    $('new-next').textContent = t(step === 3 ? 'admin.new.do' : 'admin.next');
    (fields(STEPS[step]).querySelector('input') ?? fields(STEPS[step]).querySelector('legend')).focus();
  }

  function setCode(code) {
    input('agency', 'code').value = code;
    if (code) input('agency', 'code').closest('[data-field]').querySelector('.fault')?.remove();
    if (code) input('agency', 'code').removeAttribute('aria-invalid');
  }

  function counterName(code) {
    return t('admin.counter-name', { n: code.replace(/^G0*/, '') });
  }

  function addService() {
    const row = piece('new-service-row');
    $('new-services').append(row);
    row.querySelector('[data-drop-row]').addEventListener('click', () => {
      row.remove();
      numberRows();
      $('new-service').focus();
    });
    numberRows();
    return row;
  }

  function numberRows() {
    const rows = [...$('new-services').children];
    rows.forEach((row, index) => {
      row.dataset.field = `services.${index}`;
      row.querySelector('h3').textContent = t('admin.service-number', { n: index + 1 });
      row.setAttribute('aria-label', t('admin.service-number', { n: index + 1 }));
      for (const field of row.querySelectorAll('[data-of]'))
        field.dataset.field = `services.${index}.${field.dataset.of}`;
      row.querySelector('[data-drop-row]').hidden = rows.length === 1;
      row
        .querySelector('[data-drop-row]')
        .setAttribute('aria-label', `${t('admin.drop')}: ${t('admin.service-number', { n: index + 1 })}`);
    });
  }

  function body() {
    const agency = input('agency', 'code').value.trim().toUpperCase();
    const codes = new Set(catalog.services.map((one) => one.code));
    const services = [...$('new-services').children].map((row) => {
      const part = (name) => row.querySelector(`[data-part-of="${name}"]`);
      const code = serviceCode(agency, part('name').value, codes);
      codes.add(code);
      return {
        code,
        name: part('name').value,
        minutes: number(part('minutes')),
        fee: part('fee').value,
        requirements: lines(part('requirements')),
      };
    });
    return {
      agency: {
        code: agency,
        name: input('agency', 'name').value,
        line: input('agency', 'line').value.trim().toUpperCase(),
      },
      counter: {
        code: input('counter', 'code').value.trim().toUpperCase(),
        name: input('counter', 'name').value,
        floor: number(input('counter', 'floor')),
      },
      services,
    };
  }

  /** Faults of the required fields of this step that are empty. */
  function missing() {
    const needed = [...fields(STEPS[step]).querySelectorAll('input')].filter(
      (one) => one.name || ['name', 'minutes'].includes(one.dataset.partOf),
    );
    const faults = {};
    for (const one of needed)
      if (!one.value.trim()) faults[one.closest('[data-field]').dataset.field] = [t('admin.required')];
    return faults;
  }

  async function next() {
    const faults = missing();
    if (Object.keys(faults).length) {
      showFaults(form, faults);
      goToFault(form);
      return;
    }
    if (step < 2) go(step + 1);
    else if (step === 2) await check();
    else await addAgency();
  }

  async function check() {
    try {
      const would = await send(`${api}/agencies?dry_run=true`, { method: 'POST', body: body() });
      $('new-preview').replaceChildren(...changeCards(would.changes, namedEntries()));
      go(3);
    } catch (problem) {
      showProblem(problem);
    }
  }

  async function addAgency() {
    $('new-next').disabled = true;
    const wanted = body();
    try {
      await send(`${api}/agencies`, { method: 'POST', body: wanted, key });
      await refresh();
      form.hidden = true;
      $('new-said').textContent = t('admin.done', { agency: wanted.agency.name, counter: wanted.counter.name });
      $('new-counter-page').textContent = t('admin.done.counter', { counter: wanted.counter.name });
      $('new-counter-page').href = `${$('new-kiosk')
        .getAttribute('href')
        .replace(/kiosk$/, 'counters')}/${wanted.counter.code}`;
      $('new-done').hidden = false;
      $('new-said').focus();
    } catch (problem) {
      showProblem(problem);
    }
    $('new-next').disabled = false;
  }

  /** Show a problem in the first step that has a fault. */
  function showProblem(problem) {
    if (!(problem instanceof Problem)) throw problem;
    const paths = Object.keys(problem.errors ?? {});
    const first = STEPS.findIndex((each) => paths.some((path) => path.startsWith(each)));
    if (first >= 0) go(first);
    const withoutField = showFaults(form, problem.errors ?? {});
    const detail = [problem.detail, ...withoutField].join(' ');
    showNotice(form.querySelector('[data-problem]'), { title: problem.title, detail });
    goToFault(form);
  }

  input('agency', 'name').addEventListener('input', (event) => {
    if (!own.code) setCode(codeFrom(event.target.value));
  });
  input('agency', 'code').addEventListener('input', () => {
    own.code = true;
  });
  input('counter', 'code').addEventListener('input', (event) => {
    input('counter', 'name').value = counterName(event.target.value.trim().toUpperCase());
  });
  $('new-service').addEventListener('click', () => addService().querySelector('input').focus());
  $('new-back').addEventListener('click', () => go(step - 1));
  forgetWhenCorrected(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    next();
  });
  return { begin };
}
