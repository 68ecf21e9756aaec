import { clockIn } from './clock.js';
import { copy, t } from './page.js';
import { forStaff, send } from './staff.js';
import { isStaff } from './token.js';

const REFRESH_MS = 3_000;
const KINDS = { accepted: 'good', delivered: 'good', failed: 'bad', unknown: 'warn', expired: 'warn' };
const WHY = [
  'withdrawn',
  'switched-off',
  'no-longer-true',
  'many-tickets',
  'suspended',
  'undelivered',
  'unreachable',
  'timeout',
  'tls',
];

const $ = (id) => document.getElementById(id);
const clocks = new Map(); // by time zone: a mall's texts are told at its own time
let shown = '';

function clockOf({ zone }) {
  if (!clocks.has(zone)) clocks.set(zone, clockIn(zone));
  return clocks.get(zone);
}

function row(message) {
  const item = copy('message', {
    time: clockOf(message).stamp(message.requested_at),
    number: message.number,
    kind: t(`messages.kind.${message.kind}`),
    to: message.to,
    text: message.text,
    status: t(`messages.status.${message.status}`),
    why: WHY.includes(message.reason) ? t(`messages.why.${message.reason}`) : message.reason || null,
    attempts: message.attempts
      ? t(`messages.attempt${message.attempts > 1 ? 's' : ''}`, { n: message.attempts, gateway: message.gateway })
      : null,
  });
  item.querySelector('.pill').dataset.kind = KINDS[message.status] ?? 'plain';
  return item;
}

function render(messages) {
  // Left alone while nothing changes, as a line may be read or copied.
  if (JSON.stringify(messages) === shown) return;
  shown = JSON.stringify(messages);
  $('rows').replaceChildren(...messages.map(row));
  $('empty').hidden = messages.length > 0;
}

async function look() {
  const wanted = new URLSearchParams(
    [...new FormData($('filter'))].map(([name, value]) => [name, String(value)]).filter(([, value]) => value),
  );
  render((await send(`/notifications/api/messages?limit=50&${wanted}`)).messages);
}

function refresh() {
  if (!document.hidden && isStaff()) forStaff(look);
}

$('filter').addEventListener('change', refresh);
$('filter').addEventListener('submit', (event) => event.preventDefault());
forStaff(look);
setInterval(refresh, REFRESH_MS);
document.addEventListener('visibilitychange', refresh);
