import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, texts } from './page.mjs';

openPage('id', texts('id', 'catalog'));
const forms = await import('../../services/catalog/static/admin-forms.js');

for (const [written, time] of [
  ['8', '08:00'],
  ['08', '08:00'],
  ['8.30', '08:30'],
  ['8:30', '08:30'],
  ['830', '08:30'],
  ['0830', '08:30'],
  [' 16.00 ', '16:00'],
  ['', ''],
  ['pagi', 'pagi'],
  ['8.3', '8.3'],
]) {
  test(`the time ${JSON.stringify(written)} is read as ${JSON.stringify(time)}`, () => {
    assert.equal(forms.timeFrom(written), time);
  });
}

for (const [written, value] of [
  ['', null],
  [' ', null],
  ['0', 0],
  ['15', 15],
]) {
  test(`the number field ${JSON.stringify(written)} is read as ${value}`, () => {
    assert.equal(forms.number({ value: written }), value);
  });
}

test('lines are trimmed and empty ones left out', () => {
  assert.deepEqual(forms.lines({ value: ' KTP asli\n\n Kartu keluarga ' }), ['KTP asli', 'Kartu keluarga']);
});

test('days with the same hours are said together', () => {
  const hours = [['08:00', '15:00']];
  const week = {
    monday: hours,
    tuesday: hours,
    wednesday: hours,
    thursday: hours,
    friday: [
      ['08:00', '11:00'],
      ['13:00', '15:00'],
    ],
  };
  assert.equal(forms.weekInWords(week), 'Senin–Kamis 08:00–15:00\nJumat 08:00–11:00, 13:00–15:00');
});
