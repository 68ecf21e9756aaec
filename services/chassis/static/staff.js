import { Problem, request } from './api.js';
import { fill } from './fill.js';
import { askForToken, isStaff, staffToken } from './token.js';

const $ = (id) => document.getElementById(id);

/** Ask the API as the member of staff who is signed in, or has given a token in this tab. */
export function send(path, options = {}) {
  return request(path, { token: staffToken(), ...options });
}

/** Do what needs a token, then show the page; a token that is missing or refused is asked for, and `look` is done again. */
export async function forStaff(look) {
  if (!isStaff()) {
    await turnAway(null, look);
    return;
  }
  try {
    await look();
    $('problem').hidden = true;
    $('page').hidden = false;
  } catch (problem) {
    await tell(problem, look);
  }
}

async function tell(problem, look) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.status === 401) {
    await turnAway(problem.detail, look);
    return;
  }
  fill($('problem'), { title: problem.title, detail: problem.detail });
  $('problem').hidden = false;
  $('change-token').hidden = problem.status !== 403;
  $('change-token').onclick = () => turnAway(null, look);
}

async function turnAway(why, look) {
  $('page').hidden = true;
  $('problem').hidden = true;
  await askForToken(why);
  await forStaff(look);
}

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
