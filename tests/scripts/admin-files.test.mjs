import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, texts } from './page.mjs';

const words = texts('id', 'catalog');
openPage('id', words);
const { importBody } = await import('../../services/catalog/static/admin-files.js');
const file = (name, text) => new File([text], name);

test('no file is a fault', async () => {
  assert.deepEqual(await importBody([]), { fault: words['admin.required'] });
});

test('tables are read by the beginning of their names', async () => {
  const files = [file('agencies.tsv', 'code\tname'), file('mall.json', '{}')];
  assert.deepEqual(await importBody(files), { body: { tables: { agencies: 'code\tname', mall: '{}' } } });
});

test('a JSON file of another name is a document and is read alone', async () => {
  const files = [file('agencies.tsv', 'code\tname'), file('catalog-mall.json', '{"services": []}')];
  assert.deepEqual(await importBody(files), { body: { document: { services: [] } } });
});

test('a document that is not JSON is a fault which names the file', async () => {
  const { fault } = await importBody([file('catalog.json', '{')]);
  assert.equal(fault, words['admin.not-json'].replace('{file}', 'catalog.json'));
});

test('an archive is sent in base64', async () => {
  globalThis.FileReader = class {
    readAsDataURL() {
      this.result = 'data:application/zip;base64,UEs=';
      this.onload();
    }
  };
  assert.deepEqual(await importBody([file('Catalog.ZIP', 'PK')]), { body: { archive: 'UEs=' } });
});
