import assert from 'node:assert/strict';
import { test } from 'node:test';

const { codeFrom, freeLine, nextCounter, serviceCode } = await import('../../services/catalog/static/admin-codes.js');

for (const [name, code] of [
  ['Dinas Kependudukan dan Pencatatan Sipil', 'KEPENDUDUKAN'],
  ['PT Bank Jateng (Persero)', 'BANK'],
  ['Kantor Pertanahan Kota Pekalongan', 'PERTANAHAN'],
  ['Dinas', 'DINAS'],
  ['Pemberdayaan-Masyarakat', 'PEMBERDAYAAN'],
  ['Penyelenggaraanjaminan', 'PENYELENGGARAANJ'],
  ['', ''],
]) {
  test(`the code of the agency ${JSON.stringify(name)} is ${JSON.stringify(code)}`, () => {
    assert.equal(codeFrom(name), code);
  });
}

test('codes of services with the same first word are numbered', () => {
  const taken = new Set(['BPN-SERTIFIKAT', 'BPN-SERTIFIKAT-2']);
  assert.equal(serviceCode('BPN', 'Sertifikat hilang', taken), 'BPN-SERTIFIKAT-3');
  assert.equal(serviceCode('BPN', 'Roya', taken), 'BPN-ROYA');
  assert.equal(serviceCode('BPN', '', taken), 'BPN-LAYANAN');
});

test('the free line is the first letter that no agency has', () => {
  const lines = (letters) => [...letters].map((line) => ({ line }));
  assert.equal(freeLine(lines('ABD')), 'C');
  assert.equal(freeLine(lines('ABCDEFGHIJKLMNOPQRSTUVWXYZ')), 'AA');
});

test('the next counter follows the highest number', () => {
  assert.equal(nextCounter([]), 'G01');
  assert.equal(nextCounter([{ code: 'G02' }, { code: 'G11' }, { code: 'LOBI' }]), 'G12');
});
