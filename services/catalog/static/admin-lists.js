/** The tables of agencies, services, counters and past changes, each with a search field. */
import { catalog, clock, namedEntries } from './admin-catalog.js';
import { differencesInWords, kindInWords } from './admin-changes.js';
import { weekInWords } from './admin-forms.js';
import { copy, t } from './page.js';

/**
 * Draw the tables of the catalog.
 * @param {{ open: (kind: string, entry: any) => void, change: (change: any) => void }} acts what buttons of a row do:
 *   open the form of an entry, or make a change
 */
export function drawLists(acts) {
  const rowsOf = { agencies: agencyRow, services: serviceRow(countersByService()), counters: counterRow };
  for (const [kind, row] of Object.entries(rowsOf)) {
    const rows = catalog[kind].map((entry) => {
      const line = row(entry);
      line.querySelector('.acts').append(...buttonsFor(kind, entry, acts));
      return line;
    });
    document.querySelector(`[data-rows="${kind}"]`).replaceChildren(...rows);
    filterRows(kind);
  }
}

function countersByService() {
  const codes = new Map();
  for (const counter of catalog.counters)
    for (const service of counter.services) codes.set(service, [...(codes.get(service) ?? []), counter.code]);
  return codes;
}

function agencyRow(agency) {
  const counters = catalog.counters.filter((counter) => counter.agency === agency.code);
  return copy('agency-row', {
    name: agency.name,
    code: agency.code,
    suspended: agency.suspended ? t('admin.suspended', { reason: agency.suspended }) : null,
    line: agency.line,
    counters: counters.map((counter) => counter.code).join(', ') || '–',
    services: catalog.services.filter((service) => service.agency === agency.code).length,
  });
}

function serviceRow(counters) {
  return (service) =>
    copy('service-row', {
      name: service.name,
      code: service.code,
      eligibility: service.eligibility || null,
      agency: agencyName(service.agency),
      counters: counters.get(service.code)?.join(', ') ?? t('admin.no-counter'),
      minutes: service.minutes,
    });
}

function counterRow(counter) {
  return copy('counter-row', {
    name: counter.name,
    code: counter.code,
    agency: agencyName(counter.agency),
    floor: counter.floor,
    hours: counter.week ? weekInWords(counter.week) : t('admin.hours.mall'),
    services: counter.services.length,
  });
}

function agencyName(code) {
  return catalog.agencies.find((agency) => agency.code === code)?.name ?? code;
}

function buttonsFor(kind, entry, { open, change }) {
  const path = `${kind}/${entry.code}`;
  const edit = button('edit', entry, () => open(kind, entry));
  if (kind !== 'agencies')
    return [edit, button('withdraw', entry, () => change({ method: 'DELETE', path, danger: true }))];
  return [
    edit,
    entry.suspended
      ? button('return', entry, () => change({ method: 'DELETE', path: `${path}/suspension` }))
      : button('suspend', entry, () => open('suspension', entry)),
    button('leave', entry, () => change({ method: 'DELETE', path, query: 'with_all=true', danger: true })),
  ];
}

function button(act, { name }, onClick) {
  const made = document.createElement('button');
  Object.assign(made, { type: 'button', className: 'button slim', textContent: t(`admin.${act}`) });
  made.setAttribute('aria-label', `${t(`admin.${act}`)}: ${name}`);
  made.addEventListener('click', onClick);
  return made;
}

/** Draw the changes of the past, the latest first as the server sends them. */
export function drawHistory(history) {
  const rows = history.map((change) =>
    copy('history-row', {
      time: clock.stamp(change.at),
      actor: change.actor,
      act: t(`admin.act.${change.act}`),
      what: change.name,
      kind: kindInWords(change),
      differs: differencesInWords(change, namedEntries()),
    }),
  );
  document.querySelector('[data-rows="history"]').replaceChildren(...rows);
  filterRows('history');
}

/** Show the rows of a table that contain every word of its search field, and their number. */
export function filterRows(kind) {
  const words = document.querySelector(`[data-finds="${kind}"]`).value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...document.querySelector(`[data-rows="${kind}"]`).children];
  for (const row of rows) {
    const cells = [...row.children].filter((cell) => !cell.matches('.acts'));
    const text = cells.map((cell) => cell.textContent.toLowerCase()).join(' ');
    row.hidden = !words.every((word) => text.includes(word));
  }
  document.querySelector(`[data-count="${kind}"]`).textContent = t('admin.count', {
    n: rows.filter((row) => !row.hidden).length,
    all: rows.length,
  });
}

for (const input of document.querySelectorAll('[data-finds]'))
  input.addEventListener('input', () => filterRows(input.dataset.finds));
