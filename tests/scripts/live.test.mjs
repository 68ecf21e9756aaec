import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { openPage } from './page.mjs';

const { listeners } = openPage('id', { 'common.unreachable.title': '', 'common.unreachable.detail': '' });
const { followHall } = await import('../../services/ticketing/static/live.js');

/** A stream that the test opens, feeds and breaks. */
class Stream {
  static OPEN = 1;
  static CLOSED = 2;
  static opened = [];

  constructor(address) {
    this.address = address;
    this.readyState = 0;
    this.listeners = {};
    Stream.opened.push(this);
  }

  addEventListener(name, listener) {
    this.listeners[name] = listener;
  }

  close() {
    this.readyState = Stream.CLOSED;
  }

  begin() {
    this.readyState = Stream.OPEN;
    this.listeners.open();
  }

  send(hall) {
    this.listeners.hall({ data: JSON.stringify(hall) });
  }

  fail(readyState) {
    this.readyState = readyState;
    this.listeners.error();
  }
}

let halls;
let connections;
let answer;
const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

globalThis.EventSource = Stream;
globalThis.fetch = async () => {
  if (answer === null) throw new TypeError('no network');
  return { status: 200, ok: true, json: async () => answer };
};
mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  Stream.opened = [];
  halls = [];
  connections = [];
  answer = { position: '1' };
  followHall('pekalongan', {
    onHall: (hall) => halls.push(hall.position),
    onConnection: (fresh) => connections.push(fresh),
  });
});

test('each state of the stream is shown', () => {
  const [stream] = Stream.opened;
  assert.equal(stream.address, '/ticketing/live/malls/pekalongan');
  stream.begin();
  stream.send({ position: '1' });
  stream.send({ position: '2' });
  assert.deepEqual(halls, ['1', '2']);
  assert.deepEqual(connections, []);
});

test('a broken stream is backed by a request', async () => {
  const [stream] = Stream.opened;
  stream.begin();
  stream.fail(0);
  await settled();
  assert.deepEqual(halls, ['1']);
});

test('a stream that ended for good is opened again after three seconds', async () => {
  const [stream] = Stream.opened;
  stream.begin();
  stream.fail(Stream.CLOSED);
  await settled();
  mock.timers.tick(2_999);
  assert.equal(Stream.opened.length, 1);
  mock.timers.tick(1);
  assert.equal(Stream.opened.length, 2);
});

test('a silent stream is asked about after 30 seconds', async () => {
  const [stream] = Stream.opened;
  stream.begin();
  stream.send({ position: '1' });
  mock.timers.tick(25_000);
  await settled();
  assert.deepEqual(halls, ['1']);
  mock.timers.tick(5_000);
  await settled();
  assert.deepEqual(halls, ['1', '1']);
});

test('a stream that missed a change is replaced', async () => {
  const [stream] = Stream.opened;
  stream.begin();
  stream.send({ position: '1' });
  answer = { position: '2' };
  mock.timers.tick(25_000);
  mock.timers.tick(5_000);
  await settled();
  assert.deepEqual(halls, ['1', '2']);
  assert.equal(stream.readyState, Stream.CLOSED);
  assert.equal(Stream.opened.length, 2);
});

test('a lost and a restored connection are reported once each', async () => {
  const [stream] = Stream.opened;
  stream.begin();
  answer = null;
  listeners.get('offline')();
  await settled();
  listeners.get('offline')();
  await settled();
  assert.deepEqual(connections, [false]);
  answer = { position: '1' };
  listeners.get('online')();
  await settled();
  assert.deepEqual(connections, [false, true]);
});
