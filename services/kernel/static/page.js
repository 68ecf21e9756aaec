/** The page's words by key, from the server's `script.words` blocks: each holds the keys that begin with its prefix. */
const words = {};
for (const block of document.querySelectorAll('script.words')) {
  for (const [key, text] of Object.entries(JSON.parse(block.textContent))) words[block.dataset.prefix + key] = text;
}

/** The words for a key, with {names} filled in. */
export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Whether there are words for a key. */
export function has(key) {
  return key in words;
}

/** The JSON the server put into the page's `script#id` block. */
export function given(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** Put values into a node's [data-slot] elements; a slot whose value is null or undefined is hidden. */
export function fill(node, values) {
  for (const slot of node.querySelectorAll('[data-slot]')) {
    const value = values[slot.dataset.slot];
    slot.hidden = value === null || value === undefined;
    if (slot.textContent !== String(value)) slot.textContent = value;
  }
  return node;
}

/** Show a notice with this title and detail, such as those of a `Problem`. */
export function showNotice(notice, { title, detail }) {
  fill(notice, { title, detail });
  notice.hidden = false;
}

/** A filled copy of the element inside <template id>. */
export function copy(id, values) {
  return fill(document.getElementById(id).content.firstElementChild.cloneNode(true), values);
}

// Every page's script imports this one, and none of them runs before all are there: the page is awake.
document.documentElement.dataset.awake = '';
