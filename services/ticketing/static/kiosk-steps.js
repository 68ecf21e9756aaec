/** The steps of a visit, the bar below them, and the time after which the page returns to its start. */
import { showPass } from './kiosk-phone.js';
import { clock, isPhone, kiosk } from './kiosk-visit.js';
import { fill, t } from './page.js';

export const IDLE_S = 60;
export const TICKET_S = 30;
const WARN_S = 20;
const STEPS = ['choose', 'who', 'ticket'];
const $ = (id) => document.getElementById(id);

/** Show a step, and move the focus to its heading or field. */
export function showStep(step) {
  kiosk.step = step;
  for (const section of document.querySelectorAll('[data-step]')) section.hidden = section.dataset.step !== step;
  STEPS.forEach((name, index) => {
    const mark = $('steps').children[index];
    mark.toggleAttribute('data-passed', index < STEPS.indexOf(step));
    if (name === step) mark.setAttribute('aria-current', 'step');
    else mark.removeAttribute('aria-current');
  });
  $('steps').hidden = !STEPS.includes(step);
  $('failure').hidden = true;
  $('changed').hidden = true;
  showBar();
  showPass();
  window.scrollTo(0, 0);
  $('main').scrollTop = 0;
  const field = step === 'checkin' ? '#code' : `[data-step="${step}"] h1:not([hidden])`;
  document.querySelector(field).focus();
}

function isAtAgencies() {
  return kiosk.step === 'choose' && !$('tiles').hidden;
}

/** Whether the page is as the next visitor expects it. */
export function isAtStart() {
  return isAtAgencies() && !kiosk.ticket;
}

/** Show the buttons of the bar that lead back, and the number that this visitor has already. */
export function showBar() {
  $('back').hidden = isAtAgencies() || kiosk.step === 'ticket';
  $('restart').hidden = isAtStart();
  $('beside').hidden = !kiosk.ticket || kiosk.step === 'ticket';
  fill($('beside'), { number: kiosk.ticket && t('kiosk.beside', kiosk.ticket) });
}

/** Show the notice that the catalogue has changed below the visitor's choice. */
export function showChanged(title, detail) {
  fill($('changed'), { title, detail });
  $('changed').hidden = false;
}

/** Return to the start after this many seconds without a touch; a visitor's own phone never does. */
export function stay(seconds) {
  if (isPhone) return;
  kiosk.deadline = Date.now() + seconds * 1000;
  drawTime();
}

/** Draw the clock, and the time left when it is short. Returns whether no time is left. */
export function drawTime() {
  const { deadline, step } = kiosk;
  $('time').textContent = clock.time(Date.now());
  const seconds = Math.ceil(((deadline ?? 0) - Date.now()) / 1000);
  const isShown = deadline !== null && (step === 'ticket' || seconds <= WARN_S);
  if (isShown && $('return').hidden) $('announce').textContent = t('kiosk.return', { seconds });
  $('return').hidden = !isShown;
  if (!isShown) return false;
  if (seconds > 0) fill($('return'), { seconds: t('kiosk.return', { seconds }) });
  return seconds <= 0;
}
