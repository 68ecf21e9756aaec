const KEPT = 'mpp-token';

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
