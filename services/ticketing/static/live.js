import { request } from './api.js';

const QUIET_MS = 30_000;
const CHECK_MS = 5_000;
const REOPEN_MS = 3_000;

/**
 * Follow a mall's hall display. `onHall(hall)` for every new state, `onConnection(fresh, heardAt)` when data stops or
 * resumes. The stream alone cannot tell a quiet hour from a dead line (or a closing time that passed), so a silent or
 * broken stream is backed by plain requests.
 */
export function followHall(mall, { onHall, onConnection }) {
  let source;
  let position = null;
  let heardAt = Date.now();
  let fresh = true;

  function heard() {
    heardAt = Date.now();
    if (!fresh) onConnection((fresh = true), heardAt);
  }

  function take(hall) {
    position = hall.position;
    heard();
    onHall(hall);
  }

  function open() {
    source?.close();
    source = new EventSource(`/ticketing/live/malls/${mall}`);
    source.addEventListener('open', heard);
    source.addEventListener('hall', (event) => take(JSON.parse(event.data)));
    source.addEventListener('error', () => {
      check();
      // An error page in place of a stream ends an EventSource for good.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, REOPEN_MS);
    });
  }

  function check() {
    if (source.readyState !== EventSource.OPEN || Date.now() - heardAt >= QUIET_MS) ask();
  }

  async function ask() {
    try {
      const hall = await request(`/ticketing/api/malls/${mall}/hall`);
      const streamIsDeaf = source.readyState === EventSource.OPEN && hall.position !== position;
      take(hall);
      if (streamIsDeaf) open();
    } catch {
      if (fresh) onConnection((fresh = false), heardAt);
    }
  }

  open();
  setInterval(check, CHECK_MS);
  document.addEventListener('visibilitychange', check);
  for (const change of ['offline', 'online']) window.addEventListener(change, ask);
}
