import { copy, fill, given, t } from './page.js';
import { download, forStaff, send } from './staff.js';

const { dataset } = document.getElementById('report');
const $ = (id) => document.getElementById(id);
const api = `/ticketing/api/malls/${dataset.mall}/survey`;
const form = $('wanted').elements;
const names = given('names');
const { lang } = document.documentElement;
const SVG = 'http://www.w3.org/2000/svg';
const KINDS = { A: 'good', B: '', C: 'warn', D: 'bad' };
const NAMES = {
  agencies: (code) => names.agency[code] ?? code,
  services: (code) => names.service[code] ?? code,
  months: inWords,
};
const count = new Intl.NumberFormat(lang);
const two = new Intl.NumberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const three = new Intl.NumberFormat(lang, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const month = new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, {
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});
let asks = 0; // answers may overtake each other: only the last one asked for counts

// What is wanted

function period() {
  const now = dataset.today.slice(0, 7);
  const quarter = Math.floor((Number(now.slice(5)) - 1) / 3) * 3 + 1;
  switch (form.period.value) {
    case 'month':
      return [now, now];
    case 'quarter':
      return [`${now.slice(0, 5)}${String(quarter).padStart(2, '0')}`, now];
    case 'other':
      return [form.from.value || now, form.to.value || now];
    default:
      return [`${now.slice(0, 5)}01`, now];
  }
}

function wanted(more = {}) {
  const [from, to] = period();
  return new URLSearchParams({ from, to, agency: form.agency.value, service: form.service.value, ...more });
}

async function look() {
  const asked = (asks += 1);
  const found = await send(`${api}?${wanted()}`);
  if (asked === asks) render(found);
}

// How it is shown

function inWords(code) {
  return month.format(new Date(`${code}-01T00:00:00Z`));
}

function graded({ value, grade }) {
  return `${two.format(value)} (${grade})`;
}

function sampleOf({ sample, respondents }) {
  const short = Math.max(0, sample - respondents);
  const enough = short ? t('skm.sample.short', { n: count.format(short) }) : t('skm.sample.enough');
  return `${count.format(sample)} (${enough})`;
}

function render(found) {
  const { all } = found;
  const isEnough = all.indices !== null; // to publish an index
  const exact = all.indices?.exact;
  $('of').textContent = [names.agency[found.agency], names.service[found.service]].filter(Boolean).join(', ');
  $('shown').textContent =
    found.from === found.to
      ? inWords(found.from)
      : t('skm.shown', { from: inWords(found.from), to: inWords(found.to) });
  fill($('result'), {
    exact: isEnough ? two.format(exact.value) : '–',
    grade: isEnough ? t('skm.grade', { grade: exact.grade, words: t(`survey.grade.${exact.grade}`) }) : null,
    0.11: isEnough ? graded(all.indices['0.11']) : '–',
    0.111: isEnough ? graded(all.indices['0.111']) : '–',
    respondents: count.format(all.respondents),
    visits: count.format(all.visits),
    sample: sampleOf(all),
  });
  $('result').querySelector('.pill').dataset.kind = KINDS[exact?.grade] ?? '';
  $('few').hidden = isEnough;
  for (const id of ['elements-part', 'profile-part']) $(id).hidden = !isEnough;
  if (isEnough) renderIndices(all);
  for (const part of Object.keys(NAMES)) renderPart(part, found[part]);
}

function renderIndices({ elements, profile }) {
  $('elements').replaceChildren(...elements.map(elementRow));
  const least = Math.min(...elements.map(({ mean }) => mean));
  const lowest = elements.filter(({ mean }) => mean === least).map(({ element }) => t(`survey.name.${element}`));
  $('lowest').textContent = lowest.length < elements.length ? t('skm.lowest', { names: lowest.join('; ') }) : '';
  const kinds = Object.entries(profile).flatMap(([name, counted]) =>
    Object.entries(counted).map(([kind, n]) => [`${name}.${kind}`, count.format(n)]),
  );
  fill($('profile-part'), Object.fromEntries(kinds));
}

function elementRow({ element, mean, weighted, value, grade }) {
  const row = copy('element', {
    name: t(`survey.name.${element}`),
    mean: three.format(mean),
    weighted: three.format(weighted),
    value: two.format(value),
    grade,
  });
  row.querySelector('.bar').append(bar(mean, grade));
  return row;
}

/** A bar from 1 to 4. */
function bar(mean, grade) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 3 1');
  svg.setAttribute('preserveAspectRatio', 'none');
  const rect = document.createElementNS(SVG, 'rect');
  for (const [attribute, set] of Object.entries({ class: `grade-${grade}`, width: mean - 1, height: 1 }))
    rect.setAttribute(attribute, String(set));
  svg.append(rect);
  return svg;
}

function renderPart(part, figuresByCode) {
  const rows = Object.entries(figuresByCode).map(([code, figures]) => ({ ...figures, name: NAMES[part](code) }));
  if (part !== 'months') rows.sort((one, other) => one.name.localeCompare(other.name, lang));
  $(`${part}-part`).hidden = rows.length < 2;
  $(part).replaceChildren(
    ...rows.map((figures) =>
      copy('part', {
        ...figures,
        index: figures.indices ? two.format(figures.indices.exact.value) : '–',
        grade: figures.indices?.exact.grade ?? '–',
      }),
    ),
  );
}

function changed() {
  const other = form.period.value === 'other';
  $('range').hidden = !other;
  if (other && !form.from.value)
    [form.from.value, form.to.value] = [`${dataset.today.slice(0, 5)}01`, dataset.today.slice(0, 7)];
  forStaff(look);
}

$('wanted').addEventListener('change', changed);
$('wanted').addEventListener('submit', (event) => event.preventDefault());
$('csv').addEventListener('click', () =>
  forStaff(() => download(`${api}?${wanted({ format: 'csv' })}`, `survey-${dataset.mall}-${period().join('-')}.csv`)),
);
$('print').addEventListener('click', () => print());
forStaff(look);
