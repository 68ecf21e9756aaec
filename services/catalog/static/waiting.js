import { request } from './api.js';
import { clockIn } from './clock.js';
import { given, t } from './page.js';

const SOON_MS = 1_000;
const LATER_MS = 10_000;
const ATTENTION_MS = 120_000;

const { mall, zone, suspended } = given('live');
const clock = clockIn(zone);
let latest = null;

/** Put the latest numbers into whatever shows them. */
export function showWaiting() {
  if (!latest) return;
  const known = latest.news_at !== null && !latest.ended;
  for (const pill of document.querySelectorAll('[data-waiting]')) {
    const n = latest.services[pill.dataset.waiting] ?? 0;
    pill.hidden = !known;
    pill.textContent = t(n ? 'directory.waiting' : 'directory.waiting.none', { n });
    pill.dataset.kind = n ? 'warn' : 'good';
  }
  const queue = document.getElementById('queue');
  queue.hidden = !known;
  if (!known) return;
  const values = { total: latest.total, counters: latest.open_counters.length, at: clock.time(latest.news_at) };
  queue.textContent = t('directory.queue', values);
}

/** Keep the numbers fresh while somebody looks; `onClosures` when something else is closed for a while than before. */
export function followWaiting(onClosures) {
  let closures = JSON.stringify(suspended);
  let touched = Date.now();
  let timer;

  async function ask() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      latest = await request(`/catalog/api/malls/${mall}/waiting`);
      showWaiting();
      const now = JSON.stringify(latest.suspended);
      if (now !== closures) onClosures();
      closures = now;
    } catch {
      // The time of the last news says how old the numbers are.
    }
    timer = setTimeout(ask, Date.now() - touched < ATTENTION_MS ? SOON_MS : LATER_MS);
  }

  for (const act of ['pointerdown', 'keydown', 'scroll']) {
    window.addEventListener(act, () => (touched = Date.now()), { passive: true });
  }
  document.addEventListener('visibilitychange', () => {
    touched = Date.now();
    ask();
  });
  timer = setTimeout(ask, SOON_MS);
}
