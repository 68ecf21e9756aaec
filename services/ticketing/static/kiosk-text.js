/** The dialog for an SMS to the visitor's phone. */
import { keptToken, request } from './api.js';
import { keypad } from './kiosk-input.js';
import { IDLE_S, stay, TICKET_S } from './kiosk-steps.js';
import { kiosk } from './kiosk-visit.js';
import { fill, t } from './page.js';

const $ = (id) => document.getElementById(id);

function openText() {
  $('sms-form').reset();
  $('sms-problem').hidden = true;
  $('sms').showModal();
  $('phone').focus();
  stay(IDLE_S);
}

/** Close the dialog and erase the number: it stays no longer than its owner. */
export function closeText() {
  $('sms-form').reset();
  $('sms').close();
}

async function sendPhone(event) {
  event.preventDefault();
  const button = $('sms-form').querySelector('.button.main');
  const { code } = kiosk.ticket;
  button.disabled = true;
  $('sms-problem').hidden = true;
  try {
    const kept = await request(`/notifications/api/tickets/${code}/phone`, {
      method: 'PUT',
      body: { phone: $('phone').value, language: document.documentElement.lang },
      token: keptToken(),
    });
    if (kiosk.ticket?.code === code) {
      fill($('texted'), { texted: t('kiosk.text.done', kept) });
      $('texted').hidden = false;
      closeText();
      stay(TICKET_S);
    }
  } catch (problem) {
    fill($('sms-problem'), { title: problem.title, detail: problem.detail });
    $('sms-problem').hidden = false;
    stay(IDLE_S);
  }
  button.disabled = false;
}

$('text').addEventListener('click', openText);
$('sms-form').addEventListener('submit', sendPhone);
$('sms').querySelector('[data-close]').addEventListener('click', closeText);
keypad($('sms').querySelector('.keypad'), $('phone'), () => stay(IDLE_S));
$('phone').addEventListener('input', () => stay(IDLE_S));
