import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { openPage, texts } from './page.mjs';

const words = texts('id', 'ticketing');
const { root } = openPage('id', words);
const { printer, slipOf } = await import('../../services/ticketing/static/slip.js');
const TICKET = { mall_name: 'MPP Kota Pekalongan', number: 'A-001', status_url: '/ticketing/tickets/abc' };
let sent;

beforeEach(() => {
  sent = [];
  globalThis.fetch = async (address, options) => {
    sent.push({ address, ...JSON.parse(options.body) });
    return { ok: true };
  };
});

test('a slip has the number, the lines that are there and the address of the ticket', () => {
  assert.deepEqual(slipOf(TICKET, ['Dinas Kependudukan', '', null, 'Gerai G02']), {
    heading: 'MPP Kota Pekalongan',
    title: words['kiosk.your-number'],
    number: 'A-001',
    lines: ['Dinas Kependudukan', 'Gerai G02'],
    address: 'https://mpp.example/ticketing/tickets/abc',
    about_address: words['kiosk.scan'],
  });
});

test('the agent receives each print with a key of its own', async () => {
  const { byItself, print } = printer({ print: 'agent', agent: 'http://127.0.0.1:9100', paper: '58' });
  assert.equal(byItself, true);
  assert.equal(await print({ number: 'A-001' }), true);
  assert.equal(await print({ number: 'A-001' }), true);
  assert.deepEqual([...new Set(sent.map(({ address }) => address))], ['http://127.0.0.1:9100/slips']);
  assert.equal(new Set(sent.map(({ key }) => key)).size, 2);
});

test('an agent that does not answer has not printed', async () => {
  globalThis.fetch = async () => {
    throw new TypeError('no agent');
  };
  assert.equal(await printer({ print: 'agent', agent: 'http://127.0.0.1:9100', paper: '80' }).print({}), false);
});

test('the paper width is set on the page, and the dialog of the browser waits for a touch', () => {
  assert.equal(printer({ print: 'browser', agent: '', paper: '80' }).byItself, false);
  assert.equal(root.dataset.paper, '80');
});
