import { request } from './api.js';
import { clockIn } from './clock.js';
import { fill } from './fill.js';
import { given, t } from './words.js';

const POLL_MS = 4_000;
const TRACK = { waiting: 0, called: 1, served: 2, missed: 1 };

const { dataset } = document.getElementById('visit');
const $ = (id) => document.getElementById(id);
const clock = clockIn(dataset.zone);
const first = given('ticket');
const title = document.title;
let heardAt = Date.now();
let status = first.status;

function render(ticket) {
  fill($('waiting'), {
    ahead: ticket.ahead || null,
    'ahead-words': t(ticket.ahead ? 'ticket.ahead' : 'ticket.ahead.none'),
  });
  if (ticket.counter) fill($('called'), { counter: ticket.counter.code, floor: t('ticket.floor', ticket.counter), time: clock.time(ticket.called_at) });
  for (const part of document.querySelectorAll('[data-when]')) part.hidden = !part.dataset.when.split(' ').includes(ticket.status);
  [...$('tracker').children].forEach((mark, index) => {
    mark.toggleAttribute('data-passed', index < TRACK[ticket.status]);
    if (index === TRACK[ticket.status]) mark.setAttribute('aria-current', 'step');
    else mark.removeAttribute('aria-current');
  });
  document.title = ticket.status === 'called' ? t('ticket.title.called', ticket.counter) : title;
  if (ticket.status === 'called' && status === 'waiting') navigator.vibrate?.([300, 150, 300]);
  status = ticket.status;
}

function over() {
  return status === 'served' || status === 'missed';
}

async function poll() {
  if (document.hidden || over()) return;
  try {
    render(await request(`${dataset.api}/tickets/${first.id}`));
    heardAt = Date.now();
    $('lost').hidden = true;
  } catch {
    fill($('lost'), { since: t('ticket.lost', { time: clock.seconds(heardAt) }) });
    $('lost').hidden = false;
  }
}

async function leavePhone(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector('button');
  button.disabled = true;
  $('phone-problem').hidden = true;
  try {
    const kept = await request(`/notifications/api/tickets/${first.id}/phone`, { method: 'PUT', body: { phone: form.elements.phone.value } });
    form.reset();
    fill($('phone-kept'), { kept: t('ticket.phone.kept', kept) });
    $('phone-kept').hidden = false;
  } catch (problem) {
    fill($('phone-problem'), { title: problem.title, detail: problem.detail });
    $('phone-problem').hidden = false;
  }
  button.disabled = false;
}

$('phone-form').addEventListener('submit', leavePhone);
$('issued').textContent = clock.time(first.issued_at);
render(first);
setInterval(poll, POLL_MS);
document.addEventListener('visibilitychange', poll);
