import { Problem } from './api.js';
import { clockIn } from './clock.js';
import { copy, fill, showNotice, t } from './page.js';
import { forStaff, send } from './staff.js';

const $ = (id) => document.getElementById(id);
const KINDS = { parked: 'bad', replaying: 'warn', handled: 'good', discarded: 'plain' };
const WATCH_MS = 1_000; // the worker looks once a second
const api = `/${$('page').dataset.service}/api/dead-letters`;
const clock = clockIn();
const dialog = $('discard');
let chosen = null;

async function look() {
  const { letters } = await send(`${api}?state=${$('state').value}`);
  $('letters').replaceChildren(...letters.map(card));
  $('none').hidden = letters.length > 0;
}

function card(letter) {
  const item = copy('letter', {
    ...letter,
    type: letter.type || t('letters.unreadable'),
    state: t(`letters.state.${letter.state}`),
    at: clock.moment(letter.at),
    where: t('letters.where', letter),
    headers:
      Object.entries(letter.headers)
        .map(([name, text]) => `${name}: ${text}`)
        .join('\n') || '–',
  });
  item.querySelector('.pill').dataset.kind = KINDS[letter.state];
  item.querySelector('[data-list="acts"]').replaceChildren(...letter.acts.map(act));
  item.querySelector('.buttons').hidden = letter.state !== 'parked';
  for (const button of item.querySelectorAll('[data-do]')) {
    button.setAttribute('aria-label', `${button.textContent}: ${letter.type} ${letter.event}`);
    button.addEventListener('click', () => DOING[button.dataset.do](letter));
  }
  return item;
}

function act({ act: what, at, by, why }) {
  const item = document.createElement('li');
  item.textContent = [clock.moment(at), t(`letters.act.${what}`), by, why].filter(Boolean).join(' · ');
  return item;
}

const DOING = {
  replay: (letter) =>
    forStaff(async () => {
      await send(`${api}/${letter.id}/replay`, { method: 'POST', body: {} });
      say('replaying', letter);
      await look();
      watch(letter);
    }),
  discard: (letter) => {
    chosen = letter;
    dialog.querySelector('form').reset();
    dialog.querySelector('.notice').hidden = true;
    fill(dialog.querySelector('h2'), letter);
    dialog.showModal();
  },
};

/** Follow a letter that is tried again until it is known what became of it. */
function watch(letter) {
  setTimeout(
    () =>
      forStaff(async () => {
        const { state } = await send(`${api}/${letter.id}`);
        if (state === 'replaying') {
          watch(letter);
          return;
        }
        say(state, letter);
        await look();
      }),
    WATCH_MS,
  );
}

function say(state, letter) {
  $('said').textContent = t(`letters.said.${state}`, letter);
  $('said').hidden = false;
}

async function discard(event) {
  event.preventDefault();
  try {
    await send(`${api}/${chosen.id}/discard`, { method: 'POST', body: { why: $('why').value } });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    showNotice(dialog.querySelector('.notice'), problem);
    return;
  }
  dialog.close();
  say('discarded', chosen);
  await forStaff(look);
}

dialog.querySelector('form').addEventListener('submit', discard);
$('back').addEventListener('click', () => dialog.close());
$('state').addEventListener('change', () => forStaff(look));
$('refresh').addEventListener('click', () => forStaff(look));
forStaff(look);
