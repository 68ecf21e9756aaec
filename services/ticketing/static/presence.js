import { keptToken, request } from './api.js';
import { fill } from './page.js';

const AGAIN_MS = 5_000; // after a request that failed
const MARGIN_MS = 200; // so that the server has reached the next minute

/**
 * Keep the code of this minute in a part of the page, where the screen has a token or staff are signed in. `onShown` is
 * called with whether there is one. After a failed request no code is shown, as an old one would be refused.
 */
export function showPresence(mall, parts, isStaff, onShown) {
  const token = keptToken();
  if (!token && !isStaff) return;

  /** @param {{ code: any, qr?: string }} presence */
  function show({ code, qr = '' }) {
    for (const part of code ? parts : []) {
      fill(part, { code: code.replace(/(.{3})(?=.)/g, '$1 ') });
      for (const picture of part.querySelectorAll('[data-qr]'))
        picture.src = `data:image/svg+xml,${encodeURIComponent(qr)}`;
    }
    onShown(code !== null);
  }

  async function renew() {
    try {
      const presence = await request(`/ticketing/api/malls/${mall}/presence`, { token });
      show(presence);
      if (presence.code) setTimeout(renew, presence.seconds * 1000 + MARGIN_MS);
    } catch (problem) {
      show({ code: null });
      if (problem.status !== 401 && problem.status !== 403) setTimeout(renew, AGAIN_MS);
    }
  }

  renew();
}
