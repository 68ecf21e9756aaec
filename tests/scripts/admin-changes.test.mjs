import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, texts } from './page.mjs';

const words = texts('id', 'catalog');
openPage('id', words);
const { differencesInWords, isEmpty, labelOf, valueInWords } =
  await import('../../services/catalog/static/admin-changes.js');
const ENTRIES = [
  { code: 'DUKCAPIL', name: 'Dinas Kependudukan' },
  { code: 'DUKCAPIL-KTP', name: 'Perekaman KTP' },
];

for (const [value, expected] of [
  [null, true],
  ['', true],
  [[], true],
  [{}, true],
  [0, false],
  [false, false],
  ['0', false],
  [[0], false],
]) {
  test(`isEmpty of ${JSON.stringify(value)} is ${expected}`, () => {
    assert.equal(isEmpty(value), expected);
  });
}

test('labelOf finds the label of a field and of a service standard', () => {
  assert.equal(labelOf('minutes'), words['admin.field.minutes']);
  assert.equal(labelOf('procedure'), words['admin.standard.procedure']);
  assert.equal(labelOf('unlabelled'), 'unlabelled');
});

for (const [field, value, expected] of [
  ['fee', '', '–'],
  ['minutes', 15, '15'],
  ['agency', 'DUKCAPIL', 'Dinas Kependudukan'],
  ['services', ['DUKCAPIL-KTP', 'BPN'], 'Perekaman KTP, BPN'],
  ['rule', 'fifo', words['admin.rule.fifo']],
  [
    'closed_on',
    ['public-holiday', 'joint-leave'],
    `${words['admin.closed.public-holiday']}, ${words['admin.closed.joint-leave']}`,
  ],
  ['requirements', ['KTP asli', 'Kartu keluarga'], 'KTP asli; Kartu keluarga'],
  [
    'week',
    {
      monday: [
        ['08:00', '12:00'],
        ['13:00', '15:00'],
      ],
    },
    'Senin 08:00–12:00, 13:00–15:00',
  ],
  ['week', { monday: [] }, words['admin.hours.none']],
  [
    'classes',
    [
      { code: 'elderly', name: { id: 'Lansia', en: 'Elderly' } },
      { code: 'other', name: {} },
    ],
    'Lansia, other',
  ],
  ['bookings', { days_ahead: 14, claim_by: '' }, `${words['admin.field.days_ahead']}: 14`],
]) {
  test(`valueInWords of ${field} ${JSON.stringify(value)}`, () => {
    assert.equal(valueInWords(value, field, ENTRIES), expected);
  });
}

test('valueInWords of exceptions has the words of each of their fields', () => {
  const exceptions = [{ date: '2026-12-24', reason: 'Cuti', intervals: [['08:00', '11:00']] }];
  const expected = `${labelOf('date')}: 2026-12-24, ${labelOf('reason')}: Cuti, ${labelOf('intervals')}: 08:00–11:00`;
  assert.equal(valueInWords(exceptions, 'exceptions', ENTRIES), expected);
});

test('differencesInWords has each field of an entry that was changed', () => {
  const differs = [
    { field: 'minutes', before: 10, after: 15 },
    { field: 'agency', before: 'BPN', after: 'DUKCAPIL' },
  ];
  assert.equal(
    differencesInWords({ act: 'changed', differs }, ENTRIES),
    `${labelOf('minutes')}: 10 → 15; ${labelOf('agency')}: BPN → Dinas Kependudukan`,
  );
  assert.equal(differencesInWords({ act: 'added', differs }, ENTRIES), '');
});
