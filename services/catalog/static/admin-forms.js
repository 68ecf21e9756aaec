import { t } from './page.js';

export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** A copy of the element inside <template id>. */
export function piece(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

// Hours

/** An editor for the intervals of one day. */
export function dayEditor(name, label, intervals) {
  const day = document.createElement('div');
  day.className = 'day';
  day.dataset.field = name;
  day.setAttribute('role', 'group');
  day.setAttribute('aria-label', label);
  const title = document.createElement('b');
  title.textContent = label;
  const none = document.createElement('span');
  none.className = 'none';
  none.textContent = t('admin.hours.none');
  const more = document.createElement('button');
  more.type = 'button';
  more.className = 'button slim';
  more.textContent = t('admin.hours.more');
  more.setAttribute('aria-label', `${t('admin.hours.more')}: ${label}`);
  day.append(title, none, more);
  const add = (opens, closes) => {
    const interval = piece('interval');
    const [from, to] = interval.querySelectorAll('input');
    from.value = opens;
    to.value = closes;
    from.setAttribute('aria-label', t('admin.hours.opens', { day: label }));
    to.setAttribute('aria-label', t('admin.hours.closes', { day: label }));
    const drop = interval.querySelector('button');
    drop.setAttribute('aria-label', t('admin.hours.drop', { day: label }));
    drop.addEventListener('click', () => {
      interval.remove();
      none.hidden = Boolean(day.querySelector('.interval'));
      more.focus();
    });
    day.insertBefore(interval, more);
    none.hidden = true;
    return from;
  };
  for (const [opens, closes] of intervals) add(opens, closes);
  more.addEventListener('click', () => add('', '').focus());
  return day;
}

/** The intervals that a day's editor holds. */
export function intervalsOf(day) {
  return [...day.querySelectorAll('.interval')].map((one) =>
    [...one.querySelectorAll('input')].map((input) => timeFrom(input.value)),
  );
}

/** A time as people write it, such as 8, 8.30 or 0830, as the catalog has it; what is none stays as it is. */
export function timeFrom(written) {
  const [, hour, minute] = written.trim().match(/^(\d{1,2}?)[.:]?(\d{2})?$/) ?? [];
  return hour === undefined ? written.trim() : `${hour.padStart(2, '0')}:${minute ?? '00'}`;
}

export function showWeek(box, week) {
  box.replaceChildren(...WEEKDAYS.map((day) => dayEditor(`week.${day}`, t(`weekday.${day}`), week?.[day] ?? [])));
}

export function weekOf(box) {
  return Object.fromEntries([...box.children].map((day) => [day.dataset.field.slice(5), intervalsOf(day)]));
}

/** Hours of a week in a line, days that are alike together. */
export function weekInWords(week) {
  /** @type {{ from: string, to: string, hours: string }[]} */
  const parts = [];
  for (const day of WEEKDAYS) {
    const hours = (week[day] ?? []).map((interval) => interval.join('–')).join(', ');
    if (!hours) continue;
    const last = parts.at(-1);
    if (last && last.hours === hours) last.to = day;
    else parts.push({ from: day, to: day, hours });
  }
  return parts
    .map(({ from, to, hours }) => `${t(`weekday.${from}`)}${to === from ? '' : `–${t(`weekday.${to}`)}`} ${hours}`)
    .join('\n');
}

// Ticks

/** Draw boxes to tick: [value, label, whether it is ticked]. */
export function showTicks(box, name, choices) {
  box.replaceChildren(
    ...choices.map(([value, label, ticked]) => {
      const line = document.createElement('label');
      line.className = 'tick';
      const input = Object.assign(document.createElement('input'), { type: 'checkbox', name, value, checked: ticked });
      const text = document.createElement('span');
      text.textContent = label;
      line.append(input, text);
      return line;
    }),
  );
}

export function ticked(form, name) {
  return [...form.querySelectorAll(`input[name="${name}"]:checked`)].map((input) => input.value);
}

/** A number field: null where it is empty. */
export function number(input) {
  return input.value.trim() === '' ? null : Number(input.value);
}

export function lines(input) {
  return input.value
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

// Faults, beside the field they are about

let faults = 0;

/** `{services: {0: {minutes: […]}}}` and `{'services.0.minutes': […]}` alike, as [path, words]. */
function flat(errors, path = '') {
  if (Array.isArray(errors)) return [[path, errors.join(' ')]];
  return Object.entries(errors).flatMap(([name, inner]) => flat(inner, path ? `${path}.${name}` : name));
}

export function forgetFaults(form) {
  for (const told of form.querySelectorAll('.fault')) told.remove();
  for (const input of form.querySelectorAll('[aria-invalid]')) {
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
  }
}

/** Tell each fault at its field, those without one as a list; go to the first. Gives those that found no field. */
export function showFaults(form, errors) {
  forgetFaults(form);
  const homeless = [];
  for (const [path, words] of flat(errors)) {
    const field = fieldOf(form, path);
    if (!field) {
      homeless.push(`${path}: ${words}`);
      continue;
    }
    const told = document.createElement('p');
    told.className = 'fault';
    told.id = `fault-${(faults += 1)}`;
    told.textContent = words;
    field.append(told);
    const input = field.querySelector('input, select, textarea');
    input?.setAttribute('aria-invalid', 'true');
    input?.setAttribute('aria-describedby', told.id);
  }
  form.querySelector('[aria-invalid="true"], .fault')?.closest('details')?.setAttribute('open', '');
  return homeless;
}

/** Who corrects a field need not look at what was wrong with it. */
export function forgetWhenCorrected(form) {
  form.addEventListener('input', (event) => {
    const field = event.target.closest('[data-field]');
    for (const told of field?.querySelectorAll('.fault') ?? []) told.remove();
    event.target.removeAttribute('aria-invalid');
    event.target.removeAttribute('aria-describedby');
  });
}

export function goToFault(form) {
  const first = [...form.querySelectorAll('.fault')].find((one) => one.offsetParent);
  (first?.parentElement.querySelector('input, select, textarea, button') ?? first)?.focus();
}

function fieldOf(form, path) {
  const parts = path.split('.');
  while (parts.length) {
    const field = form.querySelector(`[data-field="${CSS.escape(parts.join('.'))}"]`);
    if (field) return field;
    parts.pop();
  }
  return null;
}
