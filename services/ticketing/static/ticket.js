import { request } from './api.js';
import { clockIn } from './clock.js';
import { fill, given, t } from './page.js';
import { takePhone, withButton } from './phone.js';
import { waitInWords } from './sentences.js';
import { otherTabs } from './tabs.js';

const POLL_MS = 4_000;
const UNDO_MS = 180_000; // a clerk may take back the end of a visit within two minutes
const TRACK = { waiting: 0, called: 1, serving: 2, held: 2, served: 3, missed: 1 };
const GOES_ON_MS = 60_000; // for so long a page says that the line moves again
const FINAL = ['served', 'cancelled', 'unserved'];

const { dataset } = document.getElementById('visit');
const $ = (id) => document.getElementById(id);
const clock = clockIn(dataset.zone);
const first = given('ticket');
const title = document.title;
let heardAt = Date.now();
let status = first.status;
let calls = first.calls;
let changedAt = Date.now();
let held = false; // whether something stood against a call when we looked last

function render(ticket) {
  const { counter } = ticket;
  $('service').textContent = ticket.service_name;
  $('agency').textContent = ticket.agency_name;
  fill($('waiting'), {
    ahead: ticket.ahead || null,
    'ahead-words': t(ticket.ahead ? 'ticket.ahead' : 'ticket.ahead.none'),
    wait: ticket.ahead && ticket.estimate ? waitInWords('ticket.wait', ticket.estimate) : null,
    places: ticket.counters.map((counter) => t('ticket.place', counter)).join(t('ticket.or')),
  });
  if (counter) {
    fill($('called'), {
      counter: counter.code,
      floor: t('ticket.floor', counter),
      time: ticket.called_at && clock.time(ticket.called_at),
    });
    for (const id of ['serving', 'held', 'missed']) fill($(id), { place: t('ticket.place', counter) });
  }
  const ended = ticket.ending_reason;
  fill($('unserved'), { reason: ended, next: t(ended ? 'ticket.unserved.ended' : 'ticket.unserved.next') });
  for (const part of document.querySelectorAll('[data-when]'))
    part.hidden = !part.dataset.when.split(' ').includes(ticket.status);
  renderForce(ticket);
  [...$('tracker').children].forEach((mark, index) => {
    mark.toggleAttribute('data-passed', index < TRACK[ticket.status]);
    if (index === TRACK[ticket.status]) mark.setAttribute('aria-current', 'step');
    else mark.removeAttribute('aria-current');
  });
  document.title = ticket.status === 'called' && !$('called').hidden ? t('ticket.title.called', counter) : title;
  if (ticket.status === 'called' && !$('called').hidden && (status !== 'called' || ticket.calls > calls))
    navigator.vibrate?.([300, 150, 300]);
  if (ticket.status !== status) changedAt = Date.now();
  status = ticket.status;
  calls = ticket.calls;
}

/** Show why the ticket cannot be called now, instead of its place in the line; and that calls continue. */
function renderForce({ status: now, in_force: force }) {
  const isHeld = Boolean(force) && force.state !== 'open' && !FINAL.includes(now);
  $('in-force').hidden = !isHeld;
  if (isHeld) {
    $('waiting').hidden = true;
    $('called').hidden ||= ['stopped', 'over'].includes(force.state); // no visitor is sent to a counter now
    fill($('in-force'), {
      state: t(`ticket.force.${force.state}`),
      reason: force.reason || null,
      until: force.until ? t('ticket.force.until', { when: clock.brief(force.until) }) : null,
      next: t(`ticket.force.${force.state}.next`),
    });
    $('goes-on').hidden = true;
  } else if (held && now === 'waiting') {
    $('goes-on').hidden = false;
    setTimeout(() => {
      $('goes-on').hidden = true;
    }, GOES_ON_MS);
  }
  if (now !== 'waiting') $('goes-on').hidden = true;
  held = isHeld;
}

function over() {
  return FINAL.includes(status) && Date.now() - changedAt > UNDO_MS;
}

async function poll() {
  if (document.hidden || over()) return;
  try {
    render(await request(`${dataset.api}/tickets/${first.code}`));
    heardAt = Date.now();
    $('lost').hidden = true;
  } catch {
    fill($('lost'), { since: t('ticket.lost', { time: clock.seconds(heardAt) }) });
    $('lost').hidden = false;
  }
}

function cancel() {
  withButton($('cancel'), 'problem', async () => {
    render(await request(`${dataset.api}/tickets/${first.code}/cancellation`, { method: 'POST' }));
    others.tell();
    $('cancelled').scrollIntoView({ block: 'center' });
  });
}

// What has been packed stays ticked on this phone, as far as its browser keeps anything.
for (const box of document.querySelectorAll('[data-bring]')) {
  const name = `mpp-bring ${first.id} ${box.dataset.bring}`;
  const keep = () => (box.checked ? sessionStorage.setItem(name, '1') : sessionStorage.removeItem(name));
  // on a slow network it may be ticked before this script is there
  box.checked ||= sessionStorage.getItem(name) !== null;
  keep();
  box.addEventListener('change', keep);
}

// Browsers that can offer to install the page say so; others have it in their menu.
window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  $('install').hidden = false;
  $('install-how').hidden = true;
  $('install').onclick = () => event.prompt();
});

takePhone(
  first.code,
  (kept) => t('ticket.phone.kept', kept),
  () => t('ticket.phone.withdrawn'),
);
$('cancel').addEventListener('click', () => {
  $('ask-cancel').returnValue = 'stay';
  $('ask-cancel').showModal();
});
$('ask-cancel').addEventListener('close', () => {
  if ($('ask-cancel').returnValue === 'cancel') cancel();
});
$('issued').textContent = clock.time(first.issued_at);
const others = otherTabs(first.id, poll);
render(first);
setInterval(poll, POLL_MS);
document.addEventListener('visibilitychange', poll);
for (const change of ['offline', 'online']) window.addEventListener(change, poll);
