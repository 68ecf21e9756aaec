import { request } from './api.js';
import { fill } from './page.js';

const $ = (id) => document.getElementById(id);
const API = '/catalog/api/second-factor';

/** Show one of the page's cards and none of the others, with the focus on what is to be read or filled in first. */
export function showOnly(card, focused) {
  for (const other of document.querySelectorAll('.token-form')) other.hidden = other !== card;
  focused.focus();
}

/** Write into a notice what went wrong. */
export function tell(notice, problem) {
  fill(notice, { title: problem.title, detail: problem.detail });
  notice.hidden = false;
}

/** Set up a second factor for who has shown `wanted` (the password, or `half` of a sign-in); returns what turned it on. */
export async function setUp(wanted, { required = false } = {}) {
  const offered = await request(`${API}/offer`, { method: 'POST', body: wanted });
  $('enrolment-qr').src = offered.qr;
  $('enrolment-secret').textContent = offered.secret.match(/.{1,4}/g).join(' ');
  $('enrolment-required').hidden = !required;
  showOnly($('enrolment'), $('enrolment-name'));
  const turnedOn = await firstCode(wanted.half);
  await showCodes(turnedOn.codes);
  return turnedOn;
}

function firstCode(half) {
  const form = $('enrolment-form');
  const { code } = form.elements;
  return new Promise((resolve, reject) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      $('enrolment-problem').hidden = true;
      try {
        resolve(await request(API, { method: 'PUT', body: { code: code.value, ...(half && { half }) } }));
        form.reset();
      } catch (problem) {
        if (problem.status === 401) return reject(problem);
        tell($('enrolment-problem'), problem);
        code.select();
      }
    };
  });
}

/** Show recovery codes until the person has saved them. */
export function showCodes(codes) {
  const items = codes.map((code) => Object.assign(document.createElement('li'), { textContent: code }));
  $('recovery-codes').replaceChildren(...items);
  showOnly($('recovery'), $('recovery-name'));
  return new Promise((resolve) => {
    $('recovery-done').onclick = () => {
      $('recovery-codes').replaceChildren();
      resolve();
    };
  });
}

$('recovery-print').addEventListener('click', () => window.print());
