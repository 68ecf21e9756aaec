import { clockIn } from './clock.js';
import { t } from './page.js';

/** Mark today's row in each table of hours. */
export function markToday() {
  for (const hours of document.querySelectorAll('.hours[data-zone]')) {
    const today = clockIn(hours.dataset.zone).weekday(Date.now());
    hours.querySelector(`[data-weekday="${today}"]`)?.setAttribute('aria-current', 'date');
  }
}

/** Show the buttons that print, and print what is folded too. */
export function offerPrint() {
  let folded = [];
  for (const button of document.querySelectorAll('[data-print]')) {
    button.hidden = false;
    button.addEventListener('click', () => window.print());
  }
  window.addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const part of folded) part.open = true;
  });
  window.addEventListener('afterprint', () => {
    for (const part of folded) part.open = false;
  });
}

/** Show the buttons that share this page's address: by the phone's own menu, else to the clipboard, else to read. */
export function offerShare() {
  const shared = document.getElementById('shared');
  const address = `${location.origin}${location.pathname}`;
  for (const button of document.querySelectorAll('[data-share]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        if (navigator.share) return await navigator.share({ title: document.title, url: address });
        await navigator.clipboard.writeText(address); // missing on plain-http addresses of a LAN
        shared.textContent = t('directory.share.copied');
      } catch (error) {
        if (error.name !== 'AbortError') shared.textContent = t('directory.share.here', { address });
      }
    });
  }
}
