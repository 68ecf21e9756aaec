/** The page's words, as the server put them into its `script.words` blocks. */
const words = Object.assign({}, ...[...document.querySelectorAll('script.words')].map((block) => JSON.parse(block.textContent)));

/** The words for a key, with {names} filled in. */
export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The JSON the server put into the page's `script#id` block. */
export function given(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
