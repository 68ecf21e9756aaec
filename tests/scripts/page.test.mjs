import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './page.mjs';

const { root } = openPage('id', { 'kiosk.greeting': 'Halo, {name}', 'kiosk.none': 'Belum ada' });
const { fill, has, t } = await import('../../services/kernel/static/page.js');

test('t fills values into the text of a key', () => {
  assert.equal(t('kiosk.greeting', { name: 'Bu Sri' }), 'Halo, Bu Sri');
  assert.equal(t('kiosk.none'), 'Belum ada');
});

test('t throws for a key the page has no text for', () => {
  assert.throws(() => t('kiosk.unknown'), TypeError);
});

test('has says whether the page has a text', () => {
  assert.equal(has('kiosk.none'), true);
  assert.equal(has('kiosk.unknown'), false);
});

test('the page is marked awake once its scripts are there', () => {
  assert.equal(root.dataset.awake, '');
});

test('fill hides slots without a value and writes the others', () => {
  const slots = ['number', 'counter', 'empty'].map((slot) => ({ dataset: { slot }, hidden: false, textContent: '' }));
  fill({ querySelectorAll: () => slots }, { number: 'A-001', counter: 0, empty: null });
  assert.deepEqual(
    slots.map(({ hidden, textContent }) => [hidden, textContent]),
    [
      [false, 'A-001'],
      [false, 0],
      [true, null],
    ],
  );
});
