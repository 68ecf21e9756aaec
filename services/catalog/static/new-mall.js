import { forgetFaults, forgetWhenCorrected, goToFault, number, showFaults, showWeek, weekOf } from './admin-forms.js';
import { newKey, Problem } from './api.js';
import { showNotice } from './page.js';
import { forStaff, send } from './staff.js';

const form = document.getElementById('form');
const problem = form.querySelector('[data-problem]');
const week = form.querySelector('[data-week]');
const key = newKey();
const USUAL = Object.fromEntries(
  ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, [['08:00', '15:00']]]),
);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  forgetFaults(form);
  problem.hidden = true;
  const { elements } = form;
  const texts = Object.fromEntries(
    ['name', 'code', 'city', 'address', 'zone'].map((name) => [name, elements[name].value.trim()]),
  );
  const body = { ...texts, code: texts.code.toLowerCase(), capacity: number(elements.capacity), week: weekOf(week) };
  try {
    await send('/catalog/api/malls', { method: 'POST', body, key });
  } catch (refused) {
    if (!(refused instanceof Problem)) throw refused;
    if (refused.errors) showFaults(form, refused.errors.json ?? refused.errors);
    showNotice(problem, refused);
    goToFault(form);
    return;
  }
  location.assign(`/catalog/malls/${encodeURIComponent(body.code)}/admin#new`);
});
forgetWhenCorrected(form);
showWeek(week, USUAL);
forStaff(() => send('/catalog/api/access/accounts'));
