import { t } from './page.js';

const TABLES = ['mall', 'agencies', 'services', 'counters'];

/**
 * The body of an import request from chosen files: an archive, a JSON document, or tables by name. The first archive or
 * document is taken alone. Returns `{ fault }`, a text for the form, where the files cannot be imported.
 * @param {File[]} files
 * @returns {Promise<{ body?: any, fault?: string }>}
 */
export async function importBody(files) {
  if (!files.length) return { fault: t('admin.required') };
  const tables = {};
  for (const file of files) {
    if (file.name.toLowerCase().endsWith('.zip')) return { body: { archive: await base64Of(file) } };
    const text = await file.text();
    const table = file.name.split('.')[0];
    if (!TABLES.includes(table) && file.name.endsWith('.json')) return documentBody(text, file.name);
    tables[table] = text;
  }
  return { body: { tables } };
}

function documentBody(text, file) {
  try {
    return { body: { document: JSON.parse(text) } };
  } catch {
    return { fault: t('admin.not-json', { file }) };
  }
}

/** @returns {Promise<string>} */
async function base64Of(file) {
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(',') + 1);
}
