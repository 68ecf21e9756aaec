import { Problem, request } from './api.js';
import { showNotice } from './page.js';
import { askForToken, isStaff, staffToken, whoIsHere } from './token.js';

const $ = (id) => document.getElementById(id);
const nav = $('staff-nav');
const menu = nav.querySelector('button');

/** Ask the API as the member of staff who is signed in, or has given a token in this tab. */
export function send(path, options = {}) {
  return request(path, { token: staffToken(), ...options });
}

/**
 * Do what needs a token, then show the page; a token that is missing or refused is asked for, and `look` is done again.
 */
export async function forStaff(look) {
  if (!isStaff()) {
    await turnAway(null, look);
    return;
  }
  if (nav.hidden) showNav();
  try {
    await look();
    $('problem').hidden = true;
    $('page').hidden = false;
  } catch (problem) {
    await showProblem(problem, look);
  }
}

async function showProblem(problem, look) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.status === 401) {
    await turnAway(problem.detail, look);
    return;
  }
  showNotice($('problem'), problem);
  $('change-token').hidden = problem.status !== 403;
  $('change-token').onclick = () => turnAway(null, look);
}

async function turnAway(why, look) {
  nav.hidden = true;
  $('page').hidden = true;
  $('problem').hidden = true;
  await askForToken(why);
  await forStaff(look);
}

/** Show where whoever is here may go; everything, where nobody can be asked who it is. */
async function showNav() {
  nav.hidden = false;
  const me = await whoIsHere();
  const mall = nav.dataset.mall || me?.scope?.mall;
  for (const item of nav.querySelectorAll('[data-for]')) {
    const link = item.firstElementChild;
    if (mall) link.href = link.getAttribute('href').replace('{mall}', encodeURIComponent(mall));
    const mayOpen =
      !me || (item.dataset.for.split(' ').includes(me.role) && !('everywhere' in item.dataset && me.scope.mall));
    item.hidden = !mayOpen || link.getAttribute('href').includes('{mall}');
  }
  for (const group of nav.querySelectorAll('ul')) group.hidden = !group.querySelector('li:not([hidden])');
}

menu.addEventListener('click', () =>
  menu.setAttribute('aria-expanded', menu.getAttribute('aria-expanded') === 'false'),
);

/** Save what an address answers as a file; the token travels in a header, so a link cannot do it. */
export async function download(path, name) {
  const headers = { 'Accept-Language': document.documentElement.lang };
  if (staffToken()) headers.Authorization = `Bearer ${staffToken()}`;
  const response = await fetch(path, { headers });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
