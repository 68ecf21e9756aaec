import { markToday, offerPrint } from './sheet.js';
import { followWaiting, showWaiting } from './waiting.js';

const PAUSE_MS = 120;

const form = document.querySelector('.search');
const search = document.getElementById('search');
let asked;
let timer;

/** The server knows what fits; what it would show after sending the form replaces what is shown. */
async function find() {
  clearTimeout(timer);
  asked?.abort();
  asked = new AbortController();
  const chosen = [...new FormData(form)]
    .map(([name, value]) => [name, String(value)])
    .filter(([, value]) => value.trim());
  const address = `${location.pathname}${chosen.length ? `?${new URLSearchParams(chosen)}` : ''}`;
  const { lang } = document.documentElement;
  try {
    const answer = await fetch(address, { signal: asked.signal, headers: { Accept: 'text/html' } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (page.documentElement.lang !== lang) return location.reload();
    keepingPlace(() => {
      for (const id of ['found', 'closures']) document.getElementById(id).replaceWith(page.getElementById(id));
    });
    document.getElementById('count').textContent = page.getElementById('count').textContent;
    document
      .querySelector('.language')
      .parentElement.querySelectorAll('.language')
      .forEach((link, at) => {
        link.href = page.querySelectorAll('.language')[at].href;
      });
    history.replaceState(null, '', address);
    showWaiting();
  } catch (error) {
    if (error.name !== 'AbortError') form.dataset.failed = 'yes'; // Enter still sends the form
  }
}

/** What is unfolded stays so, and the keyboard stays where it was, if that is still there afterwards. */
function keepingPlace(change) {
  const unfolded = [...document.querySelectorAll('details[open]')].map((part) => part.id);
  const focused = document.activeElement;
  change();
  for (const id of unfolded) document.getElementById(id)?.setAttribute('open', '');
  if (!focused || focused.isConnected) return;
  const href = focused.getAttribute('href');
  const same = href ? `#found a[href="${CSS.escape(href)}"]` : `#${focused.closest('details')?.id} > summary`;
  document.querySelector(same)?.focus();
}

search.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE_MS);
});
for (const choice of form.querySelectorAll('select')) choice.addEventListener('change', find);
form.addEventListener('submit', (event) => {
  if (form.dataset.failed) return;
  event.preventDefault();
  find();
});

markToday();
offerPrint();
followWaiting(find);
