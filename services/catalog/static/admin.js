import { api, catalog, loadCatalog } from './admin-catalog.js';
import { entryFromForm, openEntry } from './admin-entries.js';
import { importBody } from './admin-files.js';
import { forgetWhenCorrected, goToFault, showFaults } from './admin-forms.js';
import { drawHistory, drawLists } from './admin-lists.js';
import { mallFromForm, showMall } from './admin-mall.js';
import { newAgency } from './admin-new.js';
import { previewChange, say } from './admin-preview.js';
import { t } from './page.js';
import { download, forStaff, send } from './staff.js';

const PARTS = ['agencies', 'services', 'counters', 'mall', 'history', 'transfer', 'new'];
const guide = newAgency(refresh);

async function refresh() {
  await loadCatalog();
  drawLists({ open, change });
  showMall(catalog.mall);
  if (partInAddress() === 'history') await loadHistory();
}

async function loadHistory() {
  const { history } = await send(`${api}/history`);
  drawHistory(history);
}

function partInAddress() {
  const part = location.hash.slice(1);
  return PARTS.includes(part) ? part : 'agencies';
}

function showPart() {
  const shown = partInAddress();
  for (const part of PARTS) document.getElementById(part).hidden = part !== shown;
  for (const link of document.querySelectorAll('.parts a')) {
    if (link.hash === `#${shown}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (shown === 'new') guide.begin();
  if (shown === 'history') forStaff(loadHistory);
}

function open(kind, entry) {
  say('');
  openEntry(kind, entry);
}

function change(wanted) {
  return previewChange(wanted, refresh);
}

function submit(form) {
  const kind = form.dataset.edits;
  if (kind === 'mall') return change({ method: 'PUT', path: '', body: mallFromForm(), form });
  if (kind === 'import') return importFiles(form);
  const entry = entryFromForm(form);
  if (entry) return change({ method: 'PUT', ...entry, form });
  showFaults(form, { code: [t('admin.required')] });
  return goToFault(form);
}

async function importFiles(form) {
  const { body, fault } = await importBody([...form.elements.files.files]);
  if (fault) showFaults(form, { files: [fault] });
  else await change({ method: 'POST', path: 'import', body, form });
}

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
addEventListener('hashchange', () => {
  if (!catalog) return;
  say('');
  showPart();
  document.querySelector(`#${partInAddress()} h2`).focus();
});
forStaff(async () => {
  await refresh();
  showPart();
});
