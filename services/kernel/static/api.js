import { t } from './page.js';

const KEPT = 'mpp-token';

/** The service answered with an error; `title` and `detail` are words for the person at the screen. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? t('common.unreachable.detail'));
    this.status = status;
    this.reason = body.reason ?? 'unavailable';
    this.title = body.title ?? t('common.unreachable.title');
    this.detail = this.message;
    this.errors = body.errors ?? null; // what is wrong, by field
    this.faults = body.faults ?? null; // what is wrong, line by line
    // Whether the same request may be sent again as it is: it may have been carried out or not.
    this.retryable = status >= 500;
  }
}

/** No answer came: the network or the server is gone, or too slow. */
export class Unreachable extends Problem {
  constructor() {
    super(503, {});
  }
}

/**
 * Ask the server and give back its JSON, null where there is none to give; throws Problem or Unreachable.
 * @param {string} path
 * @param {{ method?: string, body?: any, token?: string | null, key?: string | null, pass?: string | null }} [options]
 * @returns {Promise<any>}
 */
export async function request(path, { method = 'GET', body, token, key, pass } = {}) {
  const headers = { Accept: 'application/json', 'Accept-Language': document.documentElement.lang };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers['Idempotency-Key'] = key;
  if (pass) headers['Presence-Pass'] = pass;
  let response;
  try {
    response = await fetch(path, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new Unreachable();
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, answer ?? {});
  if (answer === null) throw new Unreachable();
  return answer;
}

/** A fresh Idempotency-Key. `crypto.randomUUID` is missing on plain-http addresses of a LAN. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const ASKED = 'mpp-asked';
const ASKED_MS = 60_000; // who asks later than this after a page was left is somebody else

// One key for each thing asked for, kept until the answer is known, so that asking again cannot do it twice.
let keys = keptKeys();

function keptKeys() {
  const { asked = [], at = 0 } = JSON.parse(sessionStorage.getItem(ASKED) ?? '{}');
  return new Map(Date.now() - at < ASKED_MS ? asked : []);
}

/**
 * As request, to do something: once, however often it is asked for until there is an answer. What is `lasting` is asked
 * for once even if the page is left and opened again before.
 * @param {string} path
 * @param {{ body?: any, token?: string | null, pass?: string | null, lasting?: boolean }} [options]
 */
export async function once(path, { body, token, pass, lasting = false } = {}) {
  const asked = `${path} ${JSON.stringify(body)}`;
  if (!keys.has(asked)) keys.set(asked, newKey());
  if (lasting) sessionStorage.setItem(ASKED, JSON.stringify({ asked: [[asked, keys.get(asked)]], at: Date.now() }));
  try {
    const answer = await request(path, { method: 'POST', body, token, pass, key: keys.get(asked) });
    forgetAsked();
    return answer;
  } catch (problem) {
    if (!problem.retryable) forgetAsked();
    throw problem;
  }
}

/** Whoever asks next is somebody else, and asks for themselves. */
export function forgetAsked() {
  keys = new Map();
  sessionStorage.removeItem(ASKED);
}

/** The access token of this tab: from the address (`#token=…`, taken out of it at once) or kept from before. */
export function keptToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    keepToken(token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT);
}

/** Keep a token for this tab alone; null forgets it. */
export function keepToken(token) {
  if (token === null) sessionStorage.removeItem(KEPT);
  else sessionStorage.setItem(KEPT, token);
}
