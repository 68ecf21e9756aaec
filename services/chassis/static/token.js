const KEPT = 'mpp-token';
const form = document.getElementById('token-form');
const problem = document.getElementById('token-problem');

/** The staff member's access token: from the address (`#token=…`, taken out of it at once) or kept in this tab. */
export function staffToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    sessionStorage.setItem(KEPT, token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT);
}

/** Forget the token and ask for another, saying why. Resolves when one is given. */
export function askForToken(why = null) {
  sessionStorage.removeItem(KEPT);
  problem.textContent = why;
  problem.hidden = !why;
  form.hidden = false;
  form.elements.token.focus();
  return new Promise((given) => {
    form.onsubmit = (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEPT, form.elements.token.value.trim());
      form.reset();
      form.hidden = true;
      given();
    };
  });
}
