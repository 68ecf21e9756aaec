/** Keep what an open page took from the catalogue as the server would send it now, without loading the page again. */

import { request } from './api.js';

const WATCH_MS = 5_000;
const FIRST_MS = 400; // at most: screens of one mall do not all ask at the same moment
const SLOWEST_MS = 30_000;
const LONGEST_MS = 10_000;

const pause = (ms) =>
  new Promise((done) => {
    setTimeout(done, ms);
  });

/** The token of the catalogue that a page was made from; null where it carries none. */
function tokenOf(page) {
  return page.querySelector('[data-catalogue]')?.dataset.catalogue ?? null;
}

/**
 * Returns a function that takes each state of the hall. When its `catalogue` is not the one that this page was made
 * from, the page is fetched and `onPage(page)` receives it as a document, to take over what has changed.
 */
export function followCatalogue(onPage) {
  let shown = tokenOf(document);
  let wanted = shown;
  let fetching = false;

  async function fetchPage() {
    const response = await fetch(location.pathname + location.search, {
      headers: { Accept: 'text/html' },
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    if (response.status >= 500 || response.status === 429) throw new Error(`the page is refused: ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    return tokenOf(page) === null ? null : page; // what the page is about has been withdrawn: it stays as it is
  }

  async function catchUp() {
    if (fetching) return;
    fetching = true;
    await pause(Math.random() * FIRST_MS);
    for (let wait = FIRST_MS; shown !== wanted; wait = Math.min(2 * wait, SLOWEST_MS)) {
      try {
        const page = await fetchPage();
        const token = page ? tokenOf(page) : wanted;
        if (page && token !== shown) onPage(page);
        shown = token;
      } catch {
        // Asked again below; the screen keeps its last data.
      }
      if (shown !== wanted) await pause(wait); // a process may learn of a change a moment after another
    }
    fetching = false;
  }

  return ({ catalogue }) => {
    if (!catalogue) return;
    wanted = catalogue;
    if (wanted !== shown) catchUp();
  };
}

/**
 * As followCatalogue, for a visitor's own phone: it asks now and then while it is looked at, and holds no stream open.
 */
export function watchCatalogue(api, onPage) {
  const follow = followCatalogue(onPage);

  async function look() {
    if (document.hidden) return;
    try {
      follow(await request(`${api}/hall`));
    } catch {
      // It is requested again soon; the server checks what the page sends in any case.
    }
  }

  setInterval(look, WATCH_MS);
  document.addEventListener('visibilitychange', look);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) look();
  });
}

/**
 * Returns a function that makes the items of a list those of the same list on a page, in their order. Items that the
 * server sent alike stay the nodes they are, with focus and whatever a script did to them; focus in an item that was
 * replaced goes to the one with the same `data-key`.
 */
export function keptList(list) {
  let sent = new Map([...list.children].map((item) => [item, item.outerHTML]));

  return (page) => {
    const nodes = new Map([...sent].map(([item, html]) => [html, item]));
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const key = focused?.closest('[data-key]')?.dataset.key;
    const items = new Map();
    for (const item of page.getElementById(list.id)?.children ?? []) {
      items.set(nodes.get(item.outerHTML) ?? document.importNode(item, true), item.outerHTML);
    }
    for (const item of sent.keys()) if (!items.has(item)) item.remove();
    [...items.keys()].forEach((item, at) => {
      if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
    });
    sent = items;
    if (key !== undefined && !list.contains(document.activeElement))
      list.querySelector(`[data-key="${CSS.escape(key)}"] button`)?.focus({ preventScroll: true });
  };
}

/** Take over the text of these elements from a page. */
export function takeTexts(page, selectors) {
  for (const selector of selectors) {
    const [here, there] = [document, page].map((one) => one.querySelector(selector));
    if (here && there && here.textContent !== there.textContent) here.textContent = there.textContent;
  }
}
