import { copy, fill, t } from './page.js';
/** What a clerk is asked before an act: native dialogs that Esc leaves and Enter confirms. */

/** Open a dialog; resolves to the FormData of what was sent, or to null if it was left. */
export function ask(dialog, about = {}) {
  fill(dialog.querySelector('h2'), about);
  return new Promise((answer) => {
    for (const form of dialog.querySelectorAll('form')) {
      form.onsubmit = (event) => {
        event.preventDefault();
        answer(new FormData(form, event.submitter));
        dialog.close();
      };
    }
    dialog.onclose = () => answer(null);
    dialog.showModal();
  });
}

/** Empty what was filled in: it belongs to one visitor. */
export function clear(dialog) {
  for (const form of dialog.querySelectorAll('form')) form.reset();
}

/** The services that may have been given on the way, to tick. */
export function offerAlso(dialog, services) {
  const list = dialog.querySelector('[data-list]');
  list.replaceChildren(
    ...services.map(({ code, name }) => {
      const label = copy('also-given', { name });
      label.querySelector('input').value = code;
      return label;
    }),
  );
  dialog.querySelector('[data-also]').hidden = services.length === 0;
}

/**
 * What can be chosen in a dialog: each choice {value, title, about} a button that sends it, unless it says `why` not.
 */
export function offer(dialog, choices) {
  const list = dialog.querySelector('[data-list]');
  const active = document.activeElement;
  const focused = active instanceof HTMLButtonElement && list.contains(active) ? active.value : null;
  list.replaceChildren(
    ...choices.map((choice) => {
      const item = copy('choice', choice);
      const button = item.querySelector('button');
      button.value = JSON.stringify(choice.value);
      button.toggleAttribute('data-closed', Boolean(choice.why));
      button.dataset.find = `${choice.title} ${choice.about ?? ''}`.toLowerCase();
      return item;
    }),
  );
  narrow(dialog);
  if (focused !== null)
    (
      [...list.querySelectorAll('button:enabled')].find((button) => button.value === focused) ??
      dialog.querySelector('[data-search]')
    )?.focus();
}

/** Leave only what was searched for, and tell which one Enter takes. */
function narrow(dialog) {
  const search = dialog.querySelector('[data-search]');
  const sought = (search?.value ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const buttons = [...dialog.querySelectorAll('[data-list] button')];
  for (const button of buttons) {
    const isFound = sought.every((word) => button.dataset.find.includes(word));
    button.disabled = !isFound || button.hasAttribute('data-closed');
    button.parentElement.hidden = !isFound;
    button.classList.remove('first');
  }
  const [first] = buttons.filter((button) => !button.disabled);
  const isReady = Boolean(first) && (!search || sought.length > 0);
  if (isReady) first.classList.add('first');
  const isAllClosed = !first && buttons.some((button) => !button.parentElement.hidden);
  const words = isReady
    ? t('counter.enter', { name: first.querySelector('[data-slot="title"]').textContent })
    : t(first ? 'counter.enter.search' : isAllClosed ? 'counter.enter.closed' : 'counter.enter.none');
  dialog.querySelector('[data-enter]').textContent = words;
}

/** Arrow keys go through the buttons of a list. */
export function walkThrough(area, list) {
  area.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.matches('[type="radio"]')) return;
    const buttons = [...list.querySelectorAll('button:enabled')];
    if (!buttons.length) return;
    event.preventDefault();
    const at = buttons.indexOf(document.activeElement) + step;
    buttons[Math.max(0, Math.min(at, buttons.length - 1))].focus();
  });
}

for (const dialog of document.querySelectorAll('dialog')) {
  for (const button of dialog.querySelectorAll('[data-leave]')) {
    button.addEventListener('click', () => {
      clear(dialog);
      dialog.close();
    });
  }
  dialog.addEventListener('cancel', () => clear(dialog));
}
for (const form of document.querySelectorAll('form.choose')) {
  const dialog = form.closest('dialog');
  form.addEventListener('input', () => narrow(dialog));
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.matches('input')) return;
    event.preventDefault();
    form.querySelector('.first')?.click();
  });
  walkThrough(form, form.querySelector('[data-list]'));
}
