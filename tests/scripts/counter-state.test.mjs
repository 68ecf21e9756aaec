import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, texts } from './page.mjs';

const words = texts('id', 'ticketing');
openPage('id', words);
const { freeFor, isReady, mainAct, noticesOf, transferChoices } =
  await import('../../services/ticketing/static/counter-state.js');
const filled = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const FREE = {
  status: 'open',
  current: null,
  open: true,
  stopped: null,
  closure: null,
  withdrawn: false,
  override: null,
  waiting: [{ number: 'A-001' }],
  services: [],
};
const CALLED = { number: 'A-001', status: 'called', recalls_left: 2 };
const SERVING = { number: 'A-001', status: 'serving' };
for (const [change, main] of [
  [{}, 'n'],
  [{ status: 'paused' }, 'b'],
  [{ status: 'closed' }, 'b'],
  [{ current: CALLED }, 'm'],
  [{ current: SERVING }, 's'],
  [{ stopped: 'Rapat' }, 'b'],
  [{ status: 'paused', closure: 'Rapat' }, 'b'],
]) {
  test(`a counter with ${JSON.stringify(change)} shows ${main} as its main act`, () => {
    assert.equal(mainAct({ ...FREE, ...change }), main);
  });
}

for (const [change, state] of [
  [{}, 'call'],
  [{ waiting: [] }, 'nobody'],
  [{ status: 'paused' }, 'paused'],
  [{ status: 'closed' }, 'closed'],
  [{ stopped: 'Rapat' }, 'away'],
]) {
  test(`a counter with ${JSON.stringify(change)} is free for ${state}`, () => {
    assert.equal(freeFor({ ...FREE, ...change }), state);
    assert.equal(isReady({ ...FREE, ...change }), ['call', 'nobody'].includes(state));
  });
}

for (const [change, shown] of [
  [{}, {}],
  [{ open: false }, { closed: '' }],
  [{ open: false, stopped: 'Rapat' }, { stopped: 'Rapat' }],
  [{ closure: 'Rapat' }, { closure: 'Rapat' }],
  [{ override: 'Lembur' }, { override: 'Lembur' }],
  [{ withdrawn: true }, { withdrawn: words['counter.withdrawn.empty'] }],
  [{ withdrawn: true, current: CALLED }, { withdrawn: filled('counter.withdrawn.visitor', CALLED) }],
  [
    {
      services: [
        { name: 'KTP', closed: 'Rapat' },
        { name: 'Akta', closed: null },
        { name: 'KIA', closed: 'Libur' },
      ],
    },
    { 'closed-services': 'KTP (Rapat) · KIA (Libur)' },
  ],
]) {
  test(`a counter with ${JSON.stringify(change)} shows the notices ${Object.keys(shown)}`, () => {
    const notices = Object.entries(noticesOf({ ...FREE, ...change })).filter(([, text]) => text !== null);
    assert.deepEqual(Object.fromEntries(notices), shown);
  });
}

test('a service at several counters can be chosen at each of them', () => {
  const service = { code: 'KTP', name: 'Perekaman KTP', agency: 'Disdukcapil', why_not: null };
  const choices = transferChoices({ ...service, counters: [{ code: 'G02' }, { code: 'G03' }] });
  assert.deepEqual(
    choices.map(({ value, about }) => [value, about]),
    [
      [{ service: 'KTP' }, 'Disdukcapil · G02, G03'],
      [{ service: 'KTP', counter: 'G02' }, filled('counter.only-at', { agency: 'Disdukcapil', counter: 'G02' })],
      [{ service: 'KTP', counter: 'G03' }, filled('counter.only-at', { agency: 'Disdukcapil', counter: 'G03' })],
    ],
  );
  assert.equal(transferChoices({ ...service, counters: [{ code: 'G02' }] }).length, 1);
});

test('a service that is closed says why it cannot be chosen', () => {
  const service = { code: 'KTP', name: 'KTP', agency: 'Disdukcapil', counters: [] };
  const [choice] = transferChoices({ ...service, why_not: { kind: 'closed', reason: 'Rapat' } });
  assert.equal(choice.why, filled('counter.not.closed', { reason: 'Rapat' }));
});
