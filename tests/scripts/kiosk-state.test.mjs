import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, texts } from './page.mjs';

const words = texts('id', 'ticketing');
openPage('id', words);
const { asSentence, closedNotice, earlyNotice, stateOf, whyNot } =
  await import('../../services/ticketing/static/kiosk-state.js');
const filled = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const MALL = 'pekalongan';
const CLOCK = { moment: (when) => `moment ${when}`, time: (when) => `time ${when}`, brief: (when) => `brief ${when}` };
const OPEN = {
  seal: null,
  stopped: null,
  closures: [],
  tickets: true,
  open: true,
  issued: 10,
  capacity: 300,
  why_closed: null,
  next_opening: null,
};
const CLOSURE = { scope: 'mall', code: MALL, holds: true, reason: 'Listrik padam' };

for (const [change, state] of [
  [{}, 'open'],
  [{ seal: 'abc', stopped: 'Penuh' }, 'over'],
  [{ stopped: '' }, 'stopped'],
  [{ closures: [CLOSURE] }, 'suspended'],
  [{ closures: [{ ...CLOSURE, holds: false }] }, 'open'],
  [{ closures: [{ ...CLOSURE, scope: 'counter' }] }, 'open'],
  [{ closures: [{ ...CLOSURE, code: 'tegal' }] }, 'open'],
  [{ tickets: false }, 'cut-off'],
  [{ tickets: false, open: false }, 'closed'],
  [{ issued: 299 }, 'open'],
  [{ issued: 300 }, 'full'],
]) {
  test(`the state of a hall with ${JSON.stringify(change)} is ${state}`, () => {
    assert.equal(stateOf({ ...OPEN, ...change }, MALL), state);
  });
}

for (const [change, state, detail] of [
  [{ stopped: 'Sistem diperbaiki' }, 'stopped', 'Sistem diperbaiki.'],
  [{ closures: [CLOSURE] }, 'suspended', 'Listrik padam.'],
  [{ tickets: false, open: false, why_closed: 'Hari libur!' }, 'closed', 'Hari libur!'],
  [{ tickets: false }, 'cut-off', words['kiosk.cut-off.detail']],
  [{ issued: 300 }, 'full', filled('kiosk.full.detail', { capacity: 300, issued: 300 })],
  [{ seal: 'abc' }, 'over', ''],
]) {
  test(`the notice of a hall that is ${state} has the reason and the next opening`, () => {
    const hall = { ...OPEN, ...change };
    assert.deepEqual(closedNotice(hall, MALL, CLOCK), { title: words[`kiosk.${state}`], detail });
    const next = filled('kiosk.next-opening', { when: 'moment 08:00' });
    const notice = closedNotice({ ...hall, next_opening: '08:00' }, MALL, CLOCK);
    assert.equal(notice?.detail, [detail, next].filter(Boolean).join(' '));
  });
}

test('a hall that gives tickets has no notice', () => {
  assert.equal(closedNotice(OPEN, MALL, CLOCK), null);
});

test('tickets before the opening are announced with its time', () => {
  const early = { ...OPEN, open: false, next_opening: '08:00' };
  assert.equal(earlyNotice(early, MALL, CLOCK), filled('kiosk.early', { when: 'time 08:00' }));
  assert.equal(earlyNotice({ ...early, open: true }, MALL, CLOCK), null);
  assert.equal(earlyNotice({ ...early, next_opening: null }, MALL, CLOCK), null);
  assert.equal(earlyNotice({ ...early, stopped: 'Penuh' }, MALL, CLOCK), null);
});

test('a service says why it cannot be chosen, and until when', () => {
  const closed = { why: 'closed', reason: 'Rapat' };
  assert.equal(whyNot({ service: 'KTP' }, CLOCK), null);
  assert.equal(whyNot({ ...closed, until: '' }, CLOCK), filled('kiosk.not.closed', closed));
  const until = filled('kiosk.not.closed.until', { reason: 'Rapat', when: 'brief 13:00' });
  assert.equal(whyNot({ ...closed, until: '13:00' }, CLOCK), until);
  assert.equal(whyNot(undefined, CLOCK), words['kiosk.not.withdrawn']);
});

for (const [reason, sentence] of [
  ['Rapat', 'Rapat.'],
  ['Rapat.', 'Rapat.'],
  ['Ada apa?', 'Ada apa?'],
]) {
  test(`the reason ${reason} is the sentence ${sentence}`, () => {
    assert.equal(asSentence(reason), sentence);
  });
}
