import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, texts } from './page.mjs';

const words = texts('id', 'ticketing');
openPage('id', words);
const { alertInWords, causeInWords, closedPart, closureInWords, stateInWords } =
  await import('../../services/ticketing/static/supervisor-words.js');
const filled = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const CLOCK = { moment: (when) => `moment ${when}`, date: (when) => `date ${when}` };
const OPEN = { closed: false, stopped: null, open: true, override: null };

for (const [change, text] of [
  [{}, words['supervisor.open']],
  [{ override: 'Lembur' }, filled('supervisor.forced', { reason: 'Lembur' })],
  [{ open: false }, words['supervisor.shut']],
  [{ open: false, stopped: 'Rapat' }, filled('supervisor.stopped', { reason: 'Rapat' })],
  [{ closed: true, stopped: 'Rapat' }, words['supervisor.over']],
]) {
  test(`a mall with ${JSON.stringify(change)} is said to be ${text}`, () => {
    assert.equal(stateInWords({ ...OPEN, ...change }), text);
  });
}

test('an alert about a line names the number that waits longest in it', () => {
  const alert = { kind: 'line-over-ceiling', line: 'B', minutes: 45 };
  const lines = [
    { line: 'A', longest_number: 'A-001' },
    { line: 'B', longest_number: 'B-012' },
  ];
  const values = { line: 'B', number: 'B-012', minutes: 45 };
  assert.equal(alertInWords(alert, lines, CLOCK), filled('supervisor.alert.line-over-ceiling', values));
});

for (const [count, key] of [
  [1, 'supervisor.alert.booking-concerned.one'],
  [3, 'supervisor.alert.booking-concerned'],
]) {
  test(`an alert about ${count} bookings has their day in words`, () => {
    const alert = { kind: 'booking-concerned', count, day: '2026-11-30', service_name: 'Perekaman KTP' };
    const values = { ...alert, day: 'date 2026-11-30T12:00:00Z' };
    assert.equal(alertInWords(alert, [], CLOCK), filled(key, values));
  });
}

test('a cause without a text of its own is a sentence already', () => {
  assert.equal(causeInWords('gone-home'), words['supervisor.cause.gone-home']);
  assert.equal(causeInWords('Listrik padam'), 'Listrik padam');
});

test('a closure names what is closed', () => {
  assert.equal(closedPart({ scope: 'mall', code: 'pekalongan' }), words['supervisor.closure.mall']);
  assert.equal(closedPart({ scope: 'counter', code: 'G02' }), `${words['supervisor.closure.counter']} G02`);
  assert.equal(closedPart({ scope: 'service', code: 'KTP', name: 'Perekaman KTP' }), 'Perekaman KTP');
});

test('a closure says its reason, its beginning if it is to come, and its end', () => {
  const closure = { reason: 'Rapat', holds: true, since: '09:00', until: null };
  assert.equal(closureInWords(closure, CLOCK), `Rapat · ${words['supervisor.closure.open-ended']}`);
  assert.equal(
    closureInWords({ ...closure, holds: false, until: '11:00' }, CLOCK),
    [
      'Rapat',
      filled('supervisor.closure.begins', { when: 'moment 09:00' }),
      filled('supervisor.closure.ends', { when: 'moment 11:00' }),
    ].join(' · '),
  );
});
