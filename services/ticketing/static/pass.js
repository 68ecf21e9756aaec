import { request } from './api.js';

const KEPT = 'mpp-pass';

/** The visitor's pass of this tab: that the phone was in the hall a moment ago. */
export const pass = {
  /** The pass while it lasts; null without one. */
  kept() {
    const { text, until } = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}');
    return text && Date.now() < until ? { text, until } : null;
  },

  /** Exchange the code of a screen for a pass; throws as `request` does. */
  async exchange(mall, code) {
    const given = await request(`/ticketing/api/malls/${mall}/presence`, { method: 'POST', body: { code } });
    sessionStorage.setItem(KEPT, JSON.stringify({ text: given.pass, until: Date.parse(given.expires_at) }));
  },

  forget() {
    sessionStorage.removeItem(KEPT);
  },
};

/** The code in the page's address, from a QR code; taken out of the address at once. Null without one. */
export function scannedCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code) history.replaceState(null, '', location.pathname + location.search);
  return code;
}
