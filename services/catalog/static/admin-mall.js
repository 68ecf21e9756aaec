/** The form of the mall itself: its texts, limits, hours, days off, bookings and priority rule. */
import {
  dayEditor,
  declaredValues,
  intervalsOf,
  number,
  piece,
  showDeclared,
  showWeek,
  ticked,
  timeFrom,
  weekOf,
} from './admin-forms.js';
import { t } from './page.js';

const form = document.querySelector('[data-edits="mall"]');
const exceptions = form.querySelector('[data-exceptions]');
const classes = form.querySelector('[data-classes]');
const bookings = form.querySelector('[data-bookings]');

/** Show a mall in the form. */
export function showMall(mall) {
  const { elements } = form;
  showDeclared(form, mall);
  showWeek(form.querySelector('[data-week]'), mall.week);
  for (const box of form.querySelectorAll('[name="closed_on"]')) box.checked = mall.closed_on.includes(box.value);
  exceptions.replaceChildren();
  for (const exception of mall.exceptions) addException(exception);
  elements.bookings.checked = mall.bookings !== null;
  elements.days_ahead.value = mall.bookings?.days_ahead ?? 14;
  elements.claim_by.value = mall.bookings?.claim_by ?? '10:00';
  bookings.hidden = mall.bookings === null;
  elements.rule.value = mall.priority.rule;
  elements.in_a_row.value = mall.priority.in_a_row;
  elements.ceiling_minutes.value = mall.priority.ceiling_minutes ?? '';
  classes.replaceChildren();
  for (const priorityClass of mall.priority.classes) addClass(priorityClass);
}

/** The mall as the form has it. */
export function mallFromForm() {
  const { elements } = form;
  return {
    ...declaredValues(form),
    week: weekOf(form.querySelector('[data-week]')),
    closed_on: ticked(form, 'closed_on'),
    exceptions: [...exceptions.children].map(exceptionFrom),
    bookings: elements.bookings.checked
      ? { days_ahead: number(elements.days_ahead), claim_by: timeFrom(elements.claim_by.value) }
      : null,
    priority: {
      rule: elements.rule.value,
      in_a_row: number(elements.in_a_row),
      ceiling_minutes: number(elements.ceiling_minutes),
      classes: [...classes.children].map(classFrom),
    },
  };
}

function exceptionFrom(row) {
  return {
    date: row.querySelector('[data-date]').value,
    reason: row.querySelector('[data-reason]').value,
    intervals: intervalsOf(row.querySelector('.day')),
  };
}

function classFrom(row) {
  const inputs = [...row.querySelectorAll('[data-part-of]')];
  const { code, id, en, basis } = Object.fromEntries(inputs.map((input) => [input.dataset.partOf, input.value.trim()]));
  return { code, name: { id, en }, basis };
}

function addException({ date, reason, intervals } = { date: '', reason: '', intervals: [] }) {
  const row = piece('exception-row');
  row.querySelector('[data-date]').value = date;
  row.querySelector('[data-reason]').value = reason;
  row.querySelector('[data-day]').append(dayEditor('', t('admin.hours.that-day'), intervals));
  return addRow(exceptions, row);
}

function addClass({ code, name, basis } = { code: '', name: { id: '', en: '' }, basis: '' }) {
  const row = piece('class-row');
  const values = { code, id: name.id, en: name.en, basis };
  for (const input of row.querySelectorAll('[data-part-of]')) input.value = values[input.dataset.partOf] ?? '';
  return addRow(classes, row);
}

function addRow(list, row) {
  row.querySelector('[data-drop-row]').addEventListener('click', () => {
    row.remove();
    numberRows(list);
  });
  list.append(row);
  numberRows(list);
  return row;
}

/** Name each row after its number, so that the server's faults of a row appear in it. */
function numberRows(list) {
  const path = list === classes ? 'priority.classes' : 'exceptions';
  [...list.children].forEach((row, index) => {
    row.dataset.field = `${path}.${index}`;
  });
}

for (const [name, add] of Object.entries({ exception: addException, class: addClass }))
  document.querySelector(`[data-more="${name}"]`).addEventListener('click', () => add().querySelector('input').focus());
form.elements.bookings.addEventListener('change', ({ target }) => {
  bookings.hidden = !target.checked;
});
