/** Changes of the catalog in words: fields by their labels, codes by the names of their entries. */
import { weekInWords } from './admin-forms.js';
import { copy, has, t } from './page.js';

const MOST_SHOWN = 200;
const KINDS = { added: 'good', changed: 'warn', withdrawn: 'bad' };

export function isEmpty(value) {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The label of a field as the forms have it; its name where they have none. */
export function labelOf(field) {
  if (has(`admin.field.${field}`)) return t(`admin.field.${field}`);
  return has(`admin.standard.${field}`) ? t(`admin.standard.${field}`) : field;
}

/** The value of a field as people read it; `entries` name what codes of agencies and services refer to. */
export function valueInWords(value, field, entries) {
  if (isEmpty(value)) return '–';
  if (field === 'agency' || field === 'services') return [value].flat().map(nameIn(entries)).join(', ');
  if (field === 'closed_on') return value.map((kind) => t(`admin.closed.${kind}`)).join(', ');
  if (field === 'rule') return t(`admin.rule.${value}`);
  if (field === 'intervals') return value.map((interval) => interval.join('–')).join(', ');
  if (field === 'classes') return value.map(({ name, code }) => name[document.documentElement.lang] ?? code).join(', ');
  if (field === 'week') return weekInWords(value) || t('admin.hours.none');
  if (Array.isArray(value)) return value.map((item) => valueInWords(item, '', entries)).join('; ');
  if (typeof value === 'object') return fieldsInWords(value, entries);
  return String(value);
}

function nameIn(entries) {
  return (code) => entries.find((entry) => entry.code === code)?.name ?? code;
}

function fieldsInWords(value, entries) {
  return Object.entries(value)
    .filter(([, inner]) => !isEmpty(inner))
    .map(([field, inner]) => `${labelOf(field)}: ${valueInWords(inner, field, entries)}`)
    .join(', ');
}

/** What a change made different, in one line; empty for an entry that was added or withdrawn. */
export function differencesInWords({ act, differs }, entries) {
  if (act !== 'changed') return '';
  const inWords = (value, field) => valueInWords(value, field, entries);
  return differs
    .map(({ field, before, after }) => `${labelOf(field)}: ${inWords(before, field)} → ${inWords(after, field)}`)
    .join('; ');
}

export function kindInWords({ kind, code }) {
  return `${t(`admin.kind.${kind}`)} · ${code}`;
}

/** Changes as elements; `entries` name what their codes refer to, besides the changed entries themselves. */
export function changeCards(changes, entries) {
  if (!changes.length) return [element('p', t('admin.nothing'))];
  const named = [...changes, ...entries];
  return changes.slice(0, MOST_SHOWN).map((change) => changeCard(change, named));
}

function changeCard(change, entries) {
  const card = copy('change', {
    act: t(`admin.act.${change.act}`),
    name: change.name,
    kind: kindInWords(change),
  });
  card.querySelector('.pill').dataset.kind = KINDS[change.act];
  for (const { field, before, after } of change.differs) {
    if (change.act === 'added' && (isEmpty(after) || field === 'name')) continue;
    const values = document.createElement('dd');
    if (change.act === 'changed') values.append(element('del', valueInWords(before, field, entries)), ' → ');
    values.append(element('ins', valueInWords(after, field, entries)));
    card.querySelector('dl').append(element('dt', labelOf(field)), values);
  }
  return card;
}

function element(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}
