import {
  dayEditor,
  forgetFaults,
  forgetWhenCorrected,
  goToFault,
  intervalsOf,
  lines,
  number,
  piece,
  showFaults,
  showTicks,
  showWeek,
  ticked,
  timeFrom,
  weekInWords,
  weekOf,
} from './admin-forms.js';
import { newAgency } from './admin-new.js';
import { newKey, Problem } from './api.js';
import { clockIn } from './clock.js';
import { copy, fill, t } from './page.js';
import { download, forStaff, send } from './staff.js';

const { dataset } = document.getElementById('admin');
const $ = (id) => document.getElementById(id);
const api = `/catalog/api/malls/${dataset.mall}`;
const clock = clockIn(dataset.zone);
const calendar = clockIn('UTC'); // a date without a time is the same day in every zone
const PARTS = ['agencies', 'services', 'counters', 'mall', 'history', 'transfer', 'new'];
const preview = $('preview');
const edited = {}; // the entry that each dialog shows, null: a new one

let catalog = null;
let joining = null;

// Looking

async function look() {
  catalog = await send(`${api}/export`);
  drawLists();
  fillMall();
  if (part() === 'history') await drawHistory();
}

function part() {
  const wanted = location.hash.slice(1);
  return PARTS.includes(wanted) ? wanted : 'agencies';
}

function show() {
  const wanted = part();
  for (const each of PARTS) $(each).hidden = each !== wanted;
  for (const link of document.querySelectorAll('.parts a')) {
    if (link.hash === `#${wanted}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (wanted === 'new') joining.begin();
  if (wanted === 'history') forStaff(drawHistory);
}

function say(words) {
  $('said').textContent = words;
  $('said').hidden = !words;
}

// Lists

function drawLists() {
  const given = new Map();
  for (const counter of catalog.counters)
    for (const code of counter.services) given.set(code, [...(given.get(code) ?? []), counter.code]);
  rows(
    'agencies',
    catalog.agencies,
    (one) =>
      copy('agency-row', {
        name: one.name,
        code: one.code,
        suspended: one.suspended ? t('admin.suspended', { reason: one.suspended }) : null,
        line: one.line,
        counters:
          catalog.counters
            .filter((counter) => counter.agency === one.code)
            .map((counter) => counter.code)
            .join(', ') || '–',
        services: catalog.services.filter((service) => service.agency === one.code).length,
      }),
    (one) => [
      ['edit', () => open('agencies', one)],
      one.suspended
        ? ['return', () => ask({ method: 'DELETE', path: `agencies/${one.code}/suspension` })]
        : ['suspend', () => open('suspension', one)],
      ['leave', () => ask({ method: 'DELETE', path: `agencies/${one.code}`, query: 'with_all=true', danger: true })],
    ],
  );
  rows(
    'services',
    catalog.services,
    (one) =>
      copy('service-row', {
        name: one.name,
        code: one.code,
        eligibility: one.eligibility || null,
        agency: agencyName(one.agency),
        counters: given.get(one.code)?.join(', ') ?? t('admin.no-counter'),
        minutes: one.minutes,
      }),
    (one) => [
      ['edit', () => open('services', one)],
      ['withdraw', () => ask({ method: 'DELETE', path: `services/${one.code}`, danger: true })],
    ],
  );
  rows(
    'counters',
    catalog.counters,
    (one) =>
      copy('counter-row', {
        name: one.name,
        code: one.code,
        agency: agencyName(one.agency),
        floor: one.floor,
        hours: one.week ? weekInWords(one.week) : t('admin.hours.mall'),
        services: one.services.length,
      }),
    (one) => [
      ['edit', () => open('counters', one)],
      ['withdraw', () => ask({ method: 'DELETE', path: `counters/${one.code}`, danger: true })],
    ],
  );
}

function agencyName(code) {
  return catalog.agencies.find((one) => one.code === code)?.name ?? code;
}

function rows(kind, entries, row, acts) {
  document.querySelector(`[data-rows="${kind}"]`).replaceChildren(
    ...entries.map((entry) => {
      const line = row(entry);
      for (const [act, does] of acts(entry)) {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'button slim';
        button.textContent = t(`admin.${act}`);
        button.setAttribute('aria-label', `${t(`admin.${act}`)}: ${entry.name}`);
        button.addEventListener('click', does);
        line.querySelector('.acts').append(button);
      }
      return line;
    }),
  );
  find(kind);
}

function find(kind) {
  const words = document.querySelector(`[data-finds="${kind}"]`).value.toLowerCase().split(/\s+/).filter(Boolean);
  const all = [...document.querySelector(`[data-rows="${kind}"]`).children];
  for (const row of all) {
    const text = [...row.children]
      .filter((cell) => !cell.matches('.acts'))
      .map((cell) => cell.textContent)
      .join(' ')
      .toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  document.querySelector(`[data-count="${kind}"]`).textContent = t('admin.count', {
    n: all.filter((row) => !row.hidden).length,
    all: all.length,
  });
}

async function drawHistory() {
  const { history } = await send(`${api}/history`);
  document.querySelector('[data-rows="history"]').replaceChildren(
    ...history.map((one) =>
      copy('history-row', {
        time: clock.stamp(one.at),
        actor: one.actor,
        act: t(`admin.act.${one.act}`),
        what: one.name,
        kind: `${t(`admin.kind.${one.kind}`)} · ${one.code}`,
        differs:
          one.act === 'changed'
            ? one.differs
                .map(
                  (each) =>
                    `${label(each.field)}: ${value(each.before, each.field)} → ${value(each.after, each.field)}`,
                )
                .join('; ')
            : '',
      }),
    ),
  );
  find('history');
}

// What would change, and doing it

/**
 * Ask what a change would make different; show it, and do it when it is confirmed.
 * @param {{ method: string, path: string, body?: any, query?: string, danger?: boolean, form?: any,
 *   after?: (() => void) | null }} change
 */
async function ask({ method, path, body, query = '', danger = false, form = null, after = null }) {
  say('');
  const address = (dry) => `${api}${path && `/${path}`}?${[query, dry && 'dry_run=true'].filter(Boolean).join('&')}`;
  const key = newKey();
  try {
    if (form) forgetFaults(form);
    const would = await send(address(true), { method, body });
    const closes = showConcerns(would.concerns);
    $('do').className = danger || closes ? 'button danger' : 'button main';
    $('do').textContent = t(closes ? 'admin.close.do' : danger ? 'admin.withdraw.do' : 'admin.save');
    $('do').disabled = would.changes.length === 0;
    preview.querySelector('[data-changes]').replaceChildren(...changes(would.changes));
    const alone = preview.querySelector('[data-alone]');
    alone.hidden = would.without_counter.length === 0;
    alone.textContent = t('admin.alone', { services: would.without_counter.join(', ') });
    preview.querySelector('[data-problem]').hidden = true;
    preview.showModal();
    $('preview-name').focus();
    $('do').onclick = async () => {
      $('do').disabled = true;
      try {
        await send(address(false), { method, body, key });
        preview.close();
        form?.closest('dialog')?.close();
        await look();
        say(t('admin.saved'));
        $('said').scrollIntoView({ block: 'nearest' });
        after?.();
      } catch (problem) {
        tell(preview, problem);
        $('do').disabled = false;
      }
    };
  } catch (problem) {
    tell(form, problem);
  }
}

/**
 * Show in the preview the people that the change concerns; returns whether it closes today, which has its own notice.
 */
function showConcerns({ text, days, warnings }) {
  const closing = warnings.filter((one) => one.reason === 'closes-today');
  const others = warnings.filter((one) => one.reason !== 'closes-today');
  const closes = preview.querySelector('[data-closing]');
  closes.hidden = closing.length === 0;
  closes.textContent = closing.map((one) => one.text).join(' ');
  preview.querySelector('[data-concerns]').hidden = !text && others.length === 0;
  preview.querySelector('[data-summary]').textContent = text;
  preview
    .querySelector('[data-warnings]')
    .replaceChildren(...others.map((one) => Object.assign(document.createElement('li'), { textContent: one.text })));
  const byDay = preview.querySelector('[data-days]');
  byDay.hidden = days.length === 0;
  byDay.textContent = t('admin.concern.days', {
    days: days.map((one) => `${calendar.date(one.day)}: ${one.bookings}`).join(', '),
  });
  return closing.length > 0;
}

function tell(form, problem) {
  if (!(problem instanceof Problem)) throw problem;
  const notice = form?.querySelector('[data-problem]');
  if (!notice) {
    forStaff(
      problem.status === 401
        ? look
        : () => {
            throw problem;
          },
    );
    return;
  }
  const homeless = showFaults(form, problem.errors ?? {});
  fill(notice, { title: problem.title, detail: [problem.detail, ...homeless].join(' ') });
  notice
    .querySelector('[data-faults]')
    ?.replaceChildren(
      ...(problem.faults ?? []).map((fault) => Object.assign(document.createElement('li'), { textContent: fault })),
    );
  notice.hidden = false;
  if (form.querySelector('.fault')) goToFault(form);
}

/** What is different, as elements. */
function changes(found) {
  if (!found.length) return [Object.assign(document.createElement('p'), { textContent: t('admin.nothing') })];
  return found.slice(0, 200).map((one) => {
    const box = copy('change', {
      act: t(`admin.act.${one.act}`),
      name: one.name,
      kind: `${t(`admin.kind.${one.kind}`)} · ${one.code}`,
    });
    box.querySelector('.pill').dataset.kind = { added: 'good', changed: 'warn', withdrawn: 'bad' }[one.act];
    for (const { field, before, after } of one.differs) {
      if (one.act === 'added' && (empty(after) || field === 'name')) continue;
      const term = Object.assign(document.createElement('dt'), { textContent: label(field) });
      const about = document.createElement('dd');
      if (one.act === 'changed')
        about.append(Object.assign(document.createElement('del'), { textContent: value(before, field, found) }), ' → ');
      about.append(Object.assign(document.createElement('ins'), { textContent: value(after, field, found) }));
      box.querySelector('dl').append(term, about);
    }
    return box;
  });
}

function empty(thing) {
  return thing === null || thing === '' || (typeof thing === 'object' && Object.keys(thing).length === 0);
}

const LABELS = JSON.parse(document.querySelector('script.words[data-prefix="admin."]').textContent);

function label(field) {
  return LABELS[`field.${field}`] ?? LABELS[`standard.${field}`] ?? field;
}

/** A value as people read it; codes of entries by their names, those just added too. */
function value(thing, field = '', added = []) {
  if (empty(thing)) return '–';
  if (field === 'agency' || field === 'services') {
    const named = [...added, ...catalog.agencies, ...catalog.services];
    return [thing]
      .flat()
      .map((code) => named.find((one) => one.code === code)?.name ?? code)
      .join(', ');
  }
  if (field === 'closed_on') return thing.map((kind) => t(`admin.closed.${kind}`)).join(', ');
  if (field === 'rule') return t(`admin.rule.${thing}`);
  if (field === 'intervals') return thing.map((interval) => interval.join('–')).join(', ');
  if (field === 'classes') return thing.map((one) => one.name[document.documentElement.lang] ?? one.code).join(', ');
  if (Array.isArray(thing)) return thing.map((one) => value(one)).join('; ');
  if (typeof thing !== 'object') return String(thing);
  if (field === 'week') return weekInWords(thing) || t('admin.hours.none');
  return Object.entries(thing)
    .filter(([, inner]) => !empty(inner))
    .map(([name, inner]) => `${label(name)}: ${value(inner, name)}`)
    .join(', ');
}

// Forms

function open(kind, entry) {
  say('');
  const dialog = $(`edit-${kind}`);
  const form = dialog.querySelector('form');
  edited[kind] = entry;
  form.reset();
  forgetFaults(form);
  form.querySelector('[data-problem]').hidden = true;
  form.querySelector('[data-title]').textContent = entry
    ? t(`admin.edit.${kind}`, { name: entry.name })
    : t(`admin.add.${kind}`);
  for (const [name, held] of Object.entries(entry ?? {})) {
    if (form.elements[name] && ['string', 'number'].includes(typeof held)) form.elements[name].value = held;
  }
  if (form.elements.code) form.elements.code.disabled = Boolean(entry);
  FILL[kind]?.(form, entry);
  dialog.showModal();
  dialog.querySelector('input:enabled')?.focus();
}

function agencies(form, chosen) {
  form.elements.agency.replaceChildren(
    ...catalog.agencies.map((one) => new Option(one.name, one.code, false, one.code === chosen)),
  );
}

const FILL = {
  services(form, entry) {
    agencies(form, entry?.agency);
    form.elements.requirements.value = entry?.requirements.join('\n') ?? '';
    for (const area of form.querySelectorAll('[data-component]'))
      area.value = entry?.components[area.dataset.component] ?? '';
    const draw = () => {
      const own = catalog.counters.filter(
        (one) => one.agency === form.elements.agency.value || one.services.includes(entry?.code),
      );
      showTicks(
        form.querySelector('[data-ticks]'),
        'counters',
        own.map((one) => [one.code, `${one.name} (${one.code})`, entry ? one.services.includes(entry.code) : true]),
      );
    };
    form.elements.agency.onchange = draw;
    draw();
  },
  counters(form, entry) {
    agencies(form, entry?.agency);
    if (!entry) form.elements.code.value = joining.nextCounter();
    const draw = () => {
      const own = catalog.services.filter(
        (one) => one.agency === form.elements.agency.value || entry?.services.includes(one.code),
      );
      showTicks(
        form.querySelector('[data-ticks]'),
        'services',
        own.map((one) => [one.code, one.name, entry ? entry.services.includes(one.code) : true]),
      );
    };
    form.elements.agency.onchange = draw;
    draw();
    const week = form.querySelector('[data-week]');
    form.elements.own.checked = Boolean(entry?.week);
    week.hidden = !entry?.week;
    showWeek(week, entry?.week ?? catalog.mall.week);
    form.elements.own.onchange = () => {
      week.hidden = !form.elements.own.checked;
    };
  },
};

const BODY = {
  agencies: (form) => ({ name: form.name.value, line: form.line.value.toUpperCase() }),
  suspension: (form) => ({ reason: form.reason.value }),
  services: (form, entry, element) => ({
    name: form.name.value,
    agency: form.agency.value,
    minutes: number(form.minutes),
    capacity: number(form.capacity),
    requirements: lines(form.requirements),
    basis: entry?.basis ?? '',
    fee: form.fee.value,
    eligibility: form.eligibility.value,
    components: Object.fromEntries(
      [...element.querySelectorAll('[data-component]')]
        .filter((area) => area.value.trim())
        .map((area) => [area.dataset.component, area.value]),
    ),
    counters: ticked(element, 'counters'),
  }),
  counters: (form, entry, element) => ({
    name: form.name.value,
    floor: number(form.floor),
    agency: form.agency.value,
    services: ticked(element, 'services'),
    week: form.own.checked ? weekOf(element.querySelector('[data-week]')) : null,
  }),
};

function submit(form) {
  const kind = form.dataset.edits;
  if (kind === 'mall') return ask({ method: 'PUT', path: '', body: mallBody(form), form });
  if (kind === 'import') return readFiles(form);
  const entry = edited[kind];
  const code = entry?.code ?? form.elements.code.value.trim().toUpperCase();
  if (!code) {
    showFaults(form, { code: [t('admin.required')] });
    return goToFault(form);
  }
  const path = kind === 'suspension' ? `agencies/${code}/suspension` : `${kind}/${encodeURIComponent(code)}`;
  return ask({ method: 'PUT', path, body: BODY[kind](form.elements, entry, form), form });
}

// The mall

const TEXTS = ['name', 'city', 'address', 'zone'];
const NUMBERS = [
  'capacity',
  'kept_for_priority',
  'kept_for_bookings',
  'approaching',
  'home_percent',
  'bookings_percent',
  'tickets_from_minutes',
  'last_ticket_minutes',
  'overtime_minutes',
];

function mallForm() {
  return document.querySelector('[data-edits="mall"]');
}

function fillMall() {
  const form = mallForm();
  const { mall } = catalog;
  for (const name of [...TEXTS, ...NUMBERS]) form.elements[name].value = mall[name];
  showWeek(form.querySelector('[data-week]'), mall.week);
  for (const box of form.querySelectorAll('[name="closed_on"]')) box.checked = mall.closed_on.includes(box.value);
  form.querySelector('[data-exceptions]').replaceChildren();
  for (const one of mall.exceptions) addException(one);
  form.elements.bookings.checked = mall.bookings !== null;
  form.elements.days_ahead.value = mall.bookings?.days_ahead ?? 14;
  form.elements.claim_by.value = mall.bookings?.claim_by ?? '10:00';
  form.querySelector('[data-bookings]').hidden = mall.bookings === null;
  form.elements.rule.value = mall.priority.rule;
  form.elements.in_a_row.value = mall.priority.in_a_row;
  form.elements.ceiling_minutes.value = mall.priority.ceiling_minutes ?? '';
  form.querySelector('[data-classes]').replaceChildren();
  for (const one of mall.priority.classes) addClass(one);
}

function addException(one = { date: '', reason: '', intervals: [] }) {
  const row = piece('exception-row');
  row.querySelector('[data-date]').value = one.date;
  row.querySelector('[data-reason]').value = one.reason;
  row.querySelector('[data-day]').append(dayEditor('', t('admin.hours.that-day'), one.intervals));
  return addRow('[data-exceptions]', row);
}

function addClass(one = { code: '', name: { id: '', en: '' }, basis: '' }) {
  const row = piece('class-row');
  const held = { code: one.code, id: one.name.id, en: one.name.en, basis: one.basis };
  for (const input of row.querySelectorAll('[data-part-of]')) input.value = held[input.dataset.partOf] ?? '';
  return addRow('[data-classes]', row);
}

function addRow(where, row) {
  const list = mallForm().querySelector(where);
  row.querySelector('[data-drop-row]').addEventListener('click', () => {
    row.remove();
    name(list);
  });
  list.append(row);
  name(list);
  return row;
}

/** Faults of a row are told in the row: its fields are named by its number. */
function name(list) {
  [...list.children].forEach((row, number) => {
    row.dataset.field = `${list.matches('[data-classes]') ? 'priority.classes' : 'exceptions'}.${number}`;
  });
}

function mallBody(form) {
  const { elements } = form;
  const classes = [...form.querySelector('[data-classes]').children].map((row) => {
    const held = Object.fromEntries(
      [...row.querySelectorAll('[data-part-of]')].map((input) => [input.dataset.partOf, input.value.trim()]),
    );
    return { code: held.code, name: { id: held.id, en: held.en }, basis: held.basis };
  });
  return {
    ...Object.fromEntries(TEXTS.map((one) => [one, elements[one].value])),
    ...Object.fromEntries(NUMBERS.map((one) => [one, number(elements[one])])),
    week: weekOf(form.querySelector('[data-week]')),
    closed_on: ticked(form, 'closed_on'),
    exceptions: [...form.querySelector('[data-exceptions]').children].map((row) => ({
      date: row.querySelector('[data-date]').value,
      reason: row.querySelector('[data-reason]').value,
      intervals: intervalsOf(row.querySelector('.day')),
    })),
    bookings: elements.bookings.checked
      ? { days_ahead: number(elements.days_ahead), claim_by: timeFrom(elements.claim_by.value) }
      : null,
    priority: {
      rule: elements.rule.value,
      in_a_row: number(elements.in_a_row),
      ceiling_minutes: number(elements.ceiling_minutes),
      classes,
    },
  };
}

// Files

async function readFiles(form) {
  const files = [...form.elements.files.files];
  if (!files.length) {
    showFaults(form, { files: [t('admin.required')] });
    return;
  }
  const tables = {};
  for (const file of files) {
    if (file.name.toLowerCase().endsWith('.zip')) {
      await ask({ method: 'POST', path: 'import', body: { archive: await inBase64(file) }, form });
      return;
    }
    const text = await file.text();
    const kind = file.name.split('.')[0];
    if (!['mall', 'agencies', 'services', 'counters'].includes(kind) && file.name.endsWith('.json')) {
      try {
        await ask({ method: 'POST', path: 'import', body: { document: JSON.parse(text) }, form });
      } catch {
        showFaults(form, { files: [t('admin.not-json', { file: file.name })] });
      }
      return;
    }
    tables[kind] = text;
  }
  await ask({ method: 'POST', path: 'import', body: { tables }, form });
}

async function inBase64(file) {
  const address = await new Promise((read, failed) => {
    const reader = new FileReader();
    reader.onload = () => read(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(',') + 1);
}

joining = newAgency({ api, catalog: () => catalog, changes, look });
for (const input of document.querySelectorAll('[data-finds]'))
  input.addEventListener('input', () => find(input.dataset.finds));
for (const button of document.querySelectorAll('[data-adds]'))
  button.addEventListener('click', () => open(button.dataset.adds, null));
for (const button of document.querySelectorAll('dialog [data-close]'))
  button.addEventListener('click', () => button.closest('dialog').close());
for (const button of document.querySelectorAll('[data-export]'))
  button.addEventListener('click', () =>
    forStaff(() => download(`${api}/export?${button.dataset.export}`, button.dataset.name)),
  );
for (const form of document.querySelectorAll('[data-edits]')) {
  forgetWhenCorrected(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit(form);
  });
}
document
  .querySelector('[data-more="exception"]')
  .addEventListener('click', () => addException().querySelector('input').focus());
document
  .querySelector('[data-more="class"]')
  .addEventListener('click', () => addClass().querySelector('input').focus());
mallForm().elements.bookings.addEventListener('change', (event) => {
  mallForm().querySelector('[data-bookings]').hidden = !event.target.checked;
});
addEventListener('hashchange', () => {
  if (!catalog) return;
  say('');
  show();
  document.querySelector(`#${part()} h2`).focus();
});
forStaff(async () => {
  await look();
  show();
});
