import { newKey } from './api.js';
import { t } from './page.js';

const LONGEST_MS = 15_000;

/**
 * How this kiosk prints, as its address says: `browser` by its dialog, `auto` by itself (for a browser that was started
 * to print without one), `agent` by the program on the kiosk's own machine. Paper is 58 or 80 mm wide.
 */
export function printer({ print: way, agent, paper }) {
  document.documentElement.dataset.paper = paper;
  return { byItself: way !== 'browser', print: way === 'agent' ? (slip) => handOver(agent, slip) : printPage };
}

/** Print the page. Whether paper came out, no browser tells: resolves with null. */
async function printPage() {
  await document
    .getElementById('qr')
    .decode()
    .catch(() => {}); // without its QR, the slip is still a ticket
  window.print();
  return null;
}

/** Hand the slip to the agent; resolves with whether it was printed, once for each time this is called. */
async function handOver(agent, slip) {
  try {
    const body = JSON.stringify({ key: newKey(), ...slip });
    const headers = { 'Content-Type': 'application/json' };
    return (await fetch(`${agent}/slips`, { method: 'POST', headers, body, signal: AbortSignal.timeout(LONGEST_MS) }))
      .ok;
  } catch {
    return false;
  }
}

/** A ticket as the agent prints it, in the visitor's language. */
export function slipOf(ticket, lines) {
  return {
    heading: ticket.mall_name,
    title: t('kiosk.your-number'),
    number: ticket.number,
    lines: lines.filter(Boolean),
    address: location.origin + ticket.status_url,
    about_address: t('kiosk.scan'),
  };
}
