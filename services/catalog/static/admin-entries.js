/** The dialogs that add or edit an agency, a service or a counter, or suspend an agency. */
import { catalog } from './admin-catalog.js';
import { nextCounter } from './admin-codes.js';
import {
  declaredValues,
  forgetFaults,
  number,
  showDeclared,
  showTicks,
  showWeek,
  ticked,
  weekOf,
} from './admin-forms.js';
import { t } from './page.js';

const edited = {}; // the entry that each dialog shows, null: a new one

/** Open the dialog of a kind for an entry, or for a new one where it is null. */
export function openEntry(kind, entry) {
  const dialog = document.getElementById(`edit-${kind}`);
  const form = dialog.querySelector('form');
  edited[kind] = entry;
  form.reset();
  forgetFaults(form);
  form.querySelector('[data-problem]').hidden = true;
  form.querySelector('[data-title]').textContent = entry
    ? t(`admin.edit.${kind}`, { name: entry.name })
    : t(`admin.add.${kind}`);
  for (const [name, value] of Object.entries(entry ?? {})) {
    if (form.elements[name] && ['string', 'number'].includes(typeof value)) form.elements[name].value = value;
  }
  if (form.elements.code) form.elements.code.disabled = Boolean(entry);
  SHOW[kind]?.(form, entry);
  dialog.showModal();
  dialog.querySelector('input:enabled')?.focus();
}

/** The path and body that save what a dialog's form has; null where the code is missing. */
export function entryFromForm(form) {
  const kind = form.dataset.edits;
  const entry = edited[kind];
  const code = entry?.code ?? form.elements.code.value.trim().toUpperCase();
  if (!code) return null;
  const path = kind === 'suspension' ? `agencies/${code}/suspension` : `${kind}/${encodeURIComponent(code)}`;
  return { path, body: BODY[kind](form.elements, form, entry) };
}

const SHOW = {
  services(form, entry) {
    showDeclared(form, entry);
    for (const area of form.querySelectorAll('[data-component]'))
      area.value = entry?.components[area.dataset.component] ?? '';
    offerAgencies(form, entry, (agency) => {
      const counters = catalog.counters.filter(
        (counter) => counter.agency === agency || counter.services.includes(entry?.code),
      );
      showTicks(
        form.querySelector('[data-ticks]'),
        'counters',
        counters.map(({ code, name, services }) => [
          code,
          `${name} (${code})`,
          entry ? services.includes(entry.code) : true,
        ]),
      );
    });
  },
  counters(form, entry) {
    if (!entry) form.elements.code.value = nextCounter(catalog.counters);
    offerAgencies(form, entry, (agency) => {
      const services = catalog.services.filter(
        (service) => service.agency === agency || entry?.services.includes(service.code),
      );
      showTicks(
        form.querySelector('[data-ticks]'),
        'services',
        services.map(({ code, name }) => [code, name, entry ? entry.services.includes(code) : true]),
      );
    });
    const week = form.querySelector('[data-week]');
    form.elements.own.checked = Boolean(entry?.week);
    week.hidden = !entry?.week;
    showWeek(week, entry?.week ?? catalog.mall.week);
    form.elements.own.onchange = () => {
      week.hidden = !form.elements.own.checked;
    };
  },
};

/** Fill the choice of agencies; `onAgency` is called with the chosen one, now and when it changes. */
function offerAgencies(form, entry, onAgency) {
  const select = form.elements.agency;
  select.replaceChildren(
    ...catalog.agencies.map(({ code, name }) => new Option(name, code, false, code === entry?.agency)),
  );
  select.onchange = () => onAgency(select.value);
  select.onchange();
}

const BODY = {
  agencies: ({ name, line }) => ({ name: name.value, line: line.value.toUpperCase() }),
  suspension: ({ reason }) => ({ reason: reason.value }),
  services: (fields, form, entry) => ({
    ...declaredValues(form),
    agency: fields.agency.value,
    basis: entry?.basis ?? '',
    components: Object.fromEntries(
      [...form.querySelectorAll('[data-component]')]
        .filter((area) => area.value.trim())
        .map((area) => [area.dataset.component, area.value]),
    ),
    counters: ticked(form, 'counters'),
  }),
  counters: (fields, form) => ({
    name: fields.name.value,
    floor: number(fields.floor),
    agency: fields.agency.value,
    services: ticked(form, 'services'),
    week: fields.own.checked ? weekOf(form.querySelector('[data-week]')) : null,
  }),
};
