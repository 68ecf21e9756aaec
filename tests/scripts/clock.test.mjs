import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './page.mjs';

const { root } = openPage('id');
const { clockIn, hour, minutesSince } = await import('../../services/kernel/static/clock.js');
const JAKARTA = 'Asia/Jakarta';
const WHEN = '2026-11-25T01:05:09Z';

test('time and seconds are those of the mall, on 24 hours', () => {
  const clock = clockIn(JAKARTA);
  assert.equal(clock.time(WHEN), '08.05');
  assert.equal(clock.seconds(WHEN), '08.05.09');
});

test('date is in words of the page', () => {
  assert.equal(clockIn(JAKARTA).date(WHEN), 'Rabu, 25 November 2026');
});

test('English dates have the day before the month', () => {
  root.lang = 'en';
  assert.match(clockIn(JAKARTA).date(WHEN), /^Wednesday,? 25 November 2026$/);
  root.lang = 'id';
});

test('weekday is English, as the catalogue names it, in the zone of the mall', () => {
  assert.equal(clockIn(JAKARTA).weekday('2026-11-25T18:00:00Z'), 'thursday');
});

test('brief leaves the date out today only', () => {
  const clock = clockIn(JAKARTA);
  assert.equal(clock.brief(Date.now()), clock.time(Date.now()));
  assert.equal(clock.brief(WHEN), clock.moment(WHEN));
});

for (const [zone, local, utc] of [
  ['Asia/Jakarta', '2026-11-25T08:00', '2026-11-25T01:00:00.000Z'],
  ['Asia/Jayapura', '2026-11-25T08:00', '2026-11-24T23:00:00.000Z'],
  ['Asia/Jakarta', '2027-01-01T00:30', '2026-12-31T17:30:00.000Z'],
  ['Europe/Berlin', '2026-03-29T03:30', '2026-03-29T01:30:00.000Z'],
]) {
  test(`instant of ${local} in ${zone}`, () => {
    assert.equal(clockIn(zone).instant(local), utc);
  });
}

test('hour is as clocks of the language of the page show it', () => {
  assert.equal(hour('09:00'), '09.00');
});

test('minutesSince counts whole minutes and nothing before', () => {
  assert.equal(minutesSince(Date.now() - 119_000), 1);
  assert.equal(minutesSince(Date.now() + 60_000), 0);
});
