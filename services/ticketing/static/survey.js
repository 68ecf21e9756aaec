import { request } from './api.js';
import { fill, t } from './page.js';

const { dataset } = document.getElementById('survey');
const $ = (id) => document.getElementById(id);
const form = $('questions');
const questions = [...form.querySelectorAll('.question')];
const number = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2 });

function answerTo(question) {
  return question.querySelector('input:checked')?.value ?? null;
}

function progress() {
  const n = questions.filter(answerTo).length;
  $('bar').value = n;
  $('progress').textContent = t('survey.progress', { n });
}

function mark(question) {
  const lacks = !answerTo(question);
  question.querySelector('.missing').hidden = !lacks;
  question.toggleAttribute('data-lacks', lacks);
}

/** What was answered; null, with the first question that lacks an answer in focus, while there is one. */
function answers() {
  questions.forEach(mark);
  const lacking = questions.find((question) => !answerTo(question));
  lacking?.querySelector('input').focus();
  return lacking
    ? null
    : Object.fromEntries(questions.map((question) => [question.dataset.element, Number(answerTo(question))]));
}

function profile() {
  return Object.fromEntries([...form.querySelectorAll('[data-profile]')].map((field) => [field.name, field.value]));
}

async function send(event) {
  event.preventDefault();
  $('problem').hidden = true;
  const given = answers();
  if (!given) return;
  const button = form.querySelector('button');
  button.disabled = true; // asking twice does no harm: the same answers change nothing
  try {
    await request(`${dataset.api}/tickets/${dataset.ticket}/survey`, {
      method: 'POST',
      body: { answers: given, profile: profile() },
    });
    thank();
  } catch (problem) {
    fill($('problem'), { title: problem.title, detail: problem.detail });
    $('problem').hidden = false;
    $('problem').scrollIntoView({ block: 'center' });
  }
  button.disabled = false;
}

function thank() {
  form.hidden = true;
  $('answered').hidden = false;
  $('answered').focus();
  window.scrollTo(0, 0);
  tellIndex();
}

/** What all answers come to so far; nothing where it is not known. */
async function tellIndex() {
  const found = await request(`${dataset.api}/survey/index`).catch(() => null);
  if (!found?.grade) return;
  const values = {
    year: found.year,
    index: number.format(found.index),
    grade: found.grade,
    words: t(`survey.grade.${found.grade}`),
    n: found.respondents,
  };
  $('index').textContent = t('survey.index', values);
  $('index').hidden = false;
}

form.addEventListener('submit', send);
form.addEventListener('change', (event) => {
  const question = event.target.closest('.question');
  if (question) mark(question);
  progress();
});
progress(); // a browser may have kept the answers over a reload
if (!$('answered').hidden) tellIndex();
