import { request } from './api.js';
import { clockIn } from './clock.js';
import { copy, fill } from './fill.js';
import { askForToken, isStaff, staffToken } from './token.js';
import { t } from './words.js';

const REFRESH_MS = 3_000;
const KINDS = { accepted: 'good', delivered: 'good', failed: 'bad', unknown: 'warn', expired: 'warn' };
const WHY = ['withdrawn', 'switched-off', 'no-longer-true', 'undelivered', 'unreachable', 'timeout', 'tls'];

const $ = (id) => document.getElementById(id);
const clock = clockIn();
let shown = '';
let asking = false;

function row(message) {
  const item = copy('message', {
    time: clock.stamp(message.requested_at),
    number: message.number,
    kind: t(`messages.kind.${message.kind}`),
    to: message.to,
    text: message.text,
    status: t(`messages.status.${message.status}`),
    why: WHY.includes(message.reason) ? t(`messages.why.${message.reason}`) : message.reason || null,
    attempts: message.attempts ? t(`messages.attempt${message.attempts > 1 ? 's' : ''}`, { n: message.attempts, gateway: message.gateway }) : null,
  });
  item.querySelector('.pill').dataset.kind = KINDS[message.status] ?? 'plain';
  return item;
}

function render(messages) {
  // Left alone while nothing changes: somebody may be reading or copying a line.
  if (JSON.stringify(messages) === shown) return;
  shown = JSON.stringify(messages);
  $('rows').replaceChildren(...messages.map(row));
  $('empty').hidden = messages.length > 0;
}

async function refresh() {
  if (document.hidden || asking) return;
  if (!isStaff()) {
    turnAway(null);
    return;
  }
  try {
    const wanted = new URLSearchParams([...new FormData($('filter'))].filter(([, value]) => value));
    render((await request(`/notifications/api/messages?limit=50&${wanted}`, { token: staffToken() })).messages);
    $('log').hidden = false;
    $('problem').hidden = true;
  } catch (problem) {
    if (problem.status === 401 || problem.status === 403) {
      turnAway(problem.detail);
      return;
    }
    fill($('problem'), { title: problem.title, detail: problem.detail });
    $('problem').hidden = false;
  }
}

async function turnAway(why) {
  asking = true;
  $('log').hidden = true;
  await askForToken(why);
  asking = false;
  await refresh();
}

/** Lead to the wording of the mall that this member of staff belongs to, or has come from. */
async function linkTexts() {
  const me = await request('/catalog/api/me', { token: staffToken() }).catch(() => null);
  const mall = me?.scope?.mall ?? new URLSearchParams(location.search).get('mall');
  if (!mall) return;
  $('texts-link').href = `/notifications/malls/${encodeURIComponent(mall)}/texts`;
  $('texts-link').hidden = false;
}

$('filter').addEventListener('change', refresh);
$('filter').addEventListener('submit', (event) => event.preventDefault());
refresh();
linkTexts();
setInterval(refresh, REFRESH_MS);
document.addEventListener('visibilitychange', refresh);
