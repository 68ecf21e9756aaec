// The page that scripts find when they are loaded: its language, and the texts that the server wrote into it.
import { readFileSync } from 'node:fs';

/** The texts of these parts of the system in Indonesian or English, by key. */
export function texts(language, ...parts) {
  const files = parts.map((part) => new URL(`../../services/${part}/words/${language}.json`, import.meta.url));
  return Object.assign({}, ...files.map((file) => JSON.parse(readFileSync(file, 'utf8'))));
}

/** Make the global objects that scripts read when they are loaded. Returns the page's root element. */
export function openPage(language, words = {}) {
  const root = { lang: language, dataset: {} };
  const blocks = [{ textContent: JSON.stringify(words), dataset: { prefix: '' } }];
  const listeners = new Map();
  globalThis.document = {
    documentElement: root,
    hidden: false,
    querySelectorAll: (selector) => (selector === 'script.words' ? blocks : []),
    addEventListener: (name, listener) => listeners.set(name, listener),
  };
  globalThis.window = globalThis;
  globalThis.addEventListener = (name, listener) => listeners.set(name, listener);
  globalThis.location = { origin: 'https://mpp.example', hash: '', pathname: '/', search: '' };
  globalThis.sessionStorage = storage();
  return { root, listeners };
}

function storage() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
    removeItem: (key) => kept.delete(key),
  };
}
