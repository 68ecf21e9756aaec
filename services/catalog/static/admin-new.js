import { forgetFaults, forgetWhenCorrected, goToFault, lines, number, piece, showFaults } from './admin-forms.js';
import { newKey, Problem } from './api.js';
import { fill, t } from './page.js';
import { send } from './staff.js';

const $ = (id) => document.getElementById(id);
const STEPS = ['agency', 'counter', 'services', 'check'];

/** The guided way in for a new agency: its name, its counter, its services, a last look. */
export function newAgency({ api, catalog, changes, look }) {
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
    input('agency', 'line').value = freeLine();
    const code = nextCounter();
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
    STEPS.forEach((each, place) => {
      const shown = document.querySelector(`[data-step="${each}"]`);
      shown.className = place < step ? 'past' : '';
      if (place === step) shown.setAttribute('aria-current', 'step');
      else shown.removeAttribute('aria-current');
    });
    $('new-back').hidden = step === 0;
    $('new-next').textContent = t(step === 3 ? 'admin.new.do' : 'admin.next');
    (fields(STEPS[step]).querySelector('input') ?? fields(STEPS[step]).querySelector('legend')).focus();
  }

  /** A code in capitals, made of the first word of the name that tells something. */
  function codeFrom(name) {
    const words =
      name
        .toUpperCase()
        .replace(/\(.*?\)/g, '')
        .match(/[A-Z0-9]+/g) ?? [];
    const telling = words.filter(
      (word) => !['PT', 'DINAS', 'KANTOR', 'KOTA', 'BADAN', 'PERSERO', 'DAN', 'PEKALONGAN'].includes(word),
    );
    return (telling[0] ?? words[0] ?? '').slice(0, 16);
  }

  function setCode(code) {
    input('agency', 'code').value = code;
    if (code) input('agency', 'code').closest('[data-field]').querySelector('.fault')?.remove();
    if (code) input('agency', 'code').removeAttribute('aria-invalid');
  }

  function freeLine() {
    const taken = new Set(catalog().agencies.map((one) => one.line));
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    return [...letters, ...letters.map((one) => `A${one}`)].find((one) => !taken.has(one)) ?? '';
  }

  function nextCounter() {
    const numbers = catalog().counters.map((one) => Number(one.code.match(/^G(\d+)$/)?.[1] ?? 0));
    return `G${String(Math.max(0, ...numbers) + 1).padStart(2, '0')}`;
  }

  function counterName(code) {
    return t('admin.counter-name', { n: code.replace(/^G0*/, '') });
  }

  function addService() {
    const row = piece('new-service-row');
    $('new-services').append(row);
    row.querySelector('[data-drop-row]').addEventListener('click', () => {
      row.remove();
      rename();
      $('new-service').focus();
    });
    rename();
    return row;
  }

  function rename() {
    const rows = [...$('new-services').children];
    rows.forEach((row, place) => {
      row.dataset.field = `services.${place}`;
      row.querySelector('h3').textContent = t('admin.service-number', { n: place + 1 });
      row.setAttribute('aria-label', t('admin.service-number', { n: place + 1 }));
      for (const field of row.querySelectorAll('[data-of]'))
        field.dataset.field = `services.${place}.${field.dataset.of}`;
      row.querySelector('[data-drop-row]').hidden = rows.length === 1;
      row
        .querySelector('[data-drop-row]')
        .setAttribute('aria-label', `${t('admin.drop')}: ${t('admin.service-number', { n: place + 1 })}`);
    });
  }

  function body() {
    const agency = input('agency', 'code').value.trim().toUpperCase();
    const codes = new Set(catalog().services.map((one) => one.code));
    const services = [...$('new-services').children].map((row) => {
      const part = (name) => row.querySelector(`[data-part-of="${name}"]`);
      const stem = `${agency}-${codeFrom(part('name').value) || 'LAYANAN'}`.slice(0, 36);
      let code = stem;
      for (let n = 2; codes.has(code); n += 1) code = `${stem}-${n}`;
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

  /** What is empty in this step and must not be, so that nobody is sent on to be sent back. */
  function lacking() {
    const needed = [...fields(STEPS[step]).querySelectorAll('input')].filter(
      (one) => one.name || ['name', 'minutes'].includes(one.dataset.partOf),
    );
    const faults = {};
    for (const one of needed)
      if (!one.value.trim()) faults[one.closest('[data-field]').dataset.field] = [t('admin.required')];
    return faults;
  }

  async function next() {
    const faults = lacking();
    if (Object.keys(faults).length) {
      showFaults(form, faults);
      goToFault(form);
      return;
    }
    if (step < 2) go(step + 1);
    else if (step === 2) await check();
    else await admit();
  }

  async function check() {
    try {
      const would = await send(`${api}/agencies?dry_run=true`, { method: 'POST', body: body() });
      $('new-preview').replaceChildren(...changes(would.changes));
      go(3);
    } catch (problem) {
      tell(problem);
    }
  }

  async function admit() {
    $('new-next').disabled = true;
    const wanted = body();
    try {
      await send(`${api}/agencies`, { method: 'POST', body: wanted, key });
      await look();
      form.hidden = true;
      $('new-said').textContent = t('admin.done', { agency: wanted.agency.name, counter: wanted.counter.name });
      $('new-counter-page').textContent = t('admin.done.counter', { counter: wanted.counter.name });
      $('new-counter-page').href = `${$('new-kiosk')
        .getAttribute('href')
        .replace(/kiosk$/, 'counters')}/${wanted.counter.code}`;
      $('new-done').hidden = false;
      $('new-said').focus();
    } catch (problem) {
      tell(problem);
    }
    $('new-next').disabled = false;
  }

  /** Say what is wrong, in the first step where something is. */
  function tell(problem) {
    if (!(problem instanceof Problem)) throw problem;
    const paths = Object.keys(problem.errors ?? {});
    const first = STEPS.findIndex((each) => paths.some((path) => path.startsWith(each)));
    if (first >= 0) go(first);
    const homeless = showFaults(form, problem.errors ?? {});
    fill(form.querySelector('[data-problem]'), {
      title: problem.title,
      detail: [problem.detail, ...homeless].join(' '),
    });
    form.querySelector('[data-problem]').hidden = false;
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
  return { begin, nextCounter };
}
