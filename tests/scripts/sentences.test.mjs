import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, texts } from './page.mjs';

openPage('id', texts('id', 'ticketing'));
const { ruleInWords, waitInWords } = await import('../../services/ticketing/static/sentences.js');

const words = texts('id', 'ticketing');
const filled = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

for (const prefix of ['kiosk.wait', 'ticket.wait']) {
  for (const [low, high, ending] of [
    [0, 1, 'soon'],
    [0, 10, 'most'],
    [10, 10, 'about'],
    [5, 15, 'range'],
  ]) {
    test(`a wait of ${low} to ${high} minutes is said as ${prefix}.${ending}`, () => {
      const said = waitInWords(prefix, { low_minutes: low, high_minutes: high });
      assert.equal(said, filled(`${prefix}.${ending}`, { low, high }));
      assert.doesNotMatch(said, /undefined/);
    });
  }
}

for (const [rule, in_a_row, ceiling_minutes, key] of [
  ['ratio', 2, null, 'hall.rule.ratio'],
  ['ratio', 2, 30, 'hall.rule.ratio.ceiling'],
]) {
  test(`the rule ${rule} with a ceiling of ${ceiling_minutes} minutes is said as ${key}`, () => {
    assert.equal(ruleInWords({ rule, in_a_row, ceiling_minutes }), filled(key, { in_a_row, ceiling_minutes }));
  });
}
