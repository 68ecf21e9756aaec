import { copy, fill, t } from './page.js';
import { forStaff, send } from './staff.js';

const WAIT_MS = 400; // after the last key, before the server is asked how it would look

const page = document.getElementById('page');
const base = `/notifications/api/malls/${encodeURIComponent(page.dataset.mall)}/texts`;

function show(form, label, worded) {
  fill(form, { label, count: t('texts.count', { n: worded.longest }), example: worded.example });
  form.querySelector('[data-problem]').hidden = true;
  form.querySelector('[data-own]').hidden = worded.usual;
  form.querySelector('[data-usual]').hidden = worded.usual;
  form.elements.text.removeAttribute('aria-invalid');
}

function tell(form, problem) {
  const notice = form.querySelector('[data-problem]');
  const faults = problem.errors?.text ?? problem.errors?.json?.text ?? [];
  notice.textContent = [problem.title, ...(faults.length ? faults : [problem.detail])].join(' · ');
  notice.hidden = false;
  form.elements.text.setAttribute('aria-invalid', 'true');
}

function wording(kind, language, worded) {
  const form = copy('wording', {});
  const label = t('texts.wording', { language: t(`texts.language.${language}`) });
  const { text } = form.elements;
  const address = `${base}/${kind}/${language}`;
  const id = `text-${kind}-${language}`;
  let asked = 0;
  let timer = 0;
  text.id = id;
  form.querySelector('label').htmlFor = id;
  form.querySelector('[data-problem]').id = `${id}-problem`;
  text.setAttribute('aria-describedby', `${id}-problem`);
  text.value = worded.text;
  show(form, label, worded);

  async function ask(path, options, saves) {
    const mine = ++asked;
    try {
      const found = await send(path, options);
      if (mine !== asked) return;
      show(form, label, found);
      form.querySelector('[data-saved]').hidden = !saves;
      if (saves) text.value = found.text;
    } catch (problem) {
      if (mine === asked) tell(form, problem);
    }
  }

  text.addEventListener('input', () => {
    clearTimeout(timer);
    form.querySelector('[data-saved]').hidden = true;
    timer = setTimeout(
      () => ask(`${address}?dry_run=true`, { method: 'PUT', body: { text: text.value } }, false),
      WAIT_MS,
    );
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    ask(address, { method: 'PUT', body: { text: text.value } }, true);
  });
  form.querySelector('[data-usual]').addEventListener('click', () => ask(address, { method: 'DELETE' }, true));
  return form;
}

function occasion(found) {
  const values = t('texts.values', { values: found.placeholders.map((name) => `{${name}}`).join(' ') });
  const section = copy('occasion', { name: t(`texts.kind.${found.kind}`), values });
  const box = section.querySelector('[data-switch]');
  const said = section.querySelector('[data-slot=switch]');
  const problemAt = section.querySelector('[data-switch-problem]');
  const turn = (on) => {
    box.checked = on;
    said.textContent = t(on ? 'texts.on' : 'texts.off');
    said.hidden = false;
    section.toggleAttribute('data-off', !on);
  };
  turn(found.on);
  box.addEventListener('change', async () => {
    problemAt.hidden = true;
    try {
      turn((await send(`${base}/${found.kind}`, { method: 'PUT', body: { on: box.checked } })).on);
    } catch (problem) {
      turn(!box.checked);
      fill(problemAt, { title: problem.title, detail: problem.detail });
      problemAt.hidden = false;
    }
  });
  const languages = Object.entries(found.languages).sort(
    ([one], [other]) => Number(other === 'id') - Number(one === 'id'),
  );
  section.querySelector('.wordings').append(...languages.map(([code, worded]) => wording(found.kind, code, worded)));
  return section;
}

forStaff(async () => {
  const { occasions } = await send(base);
  document.getElementById('occasions').replaceChildren(...occasions.map(occasion));
});
