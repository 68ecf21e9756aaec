/** The lists to choose from: agencies, their services, those used most, and priority classes. */
import { keptList, takeTexts } from './catalogue.js';
import { asSentence, whyNot } from './kiosk-state.js';
import { IDLE_S, showBar, showChanged, showStep, stay } from './kiosk-steps.js';
import { clock, kiosk } from './kiosk-visit.js';
import { fill, t } from './page.js';
import { visit } from './visit.js';

const $ = (id) => document.getElementById(id);
const lists = ['often-list', 'tiles', 'offers', 'classes'].map((id) => keptList($(id)));
const besideAgencies = ['often', 'agencies-name'].map($);

let services = []; // the buttons of all services
let often = []; // those of the services used most
let drawServices = null; // draws the services that are shown, to draw them again when the catalogue has changed

/** The buttons of the priority classes; the first is for visitors without one. */
export let classes = [];

function readLists() {
  [services, often, classes] = ['[data-service]', '[data-often]', '[data-class]'].map((kind) => [
    ...document.querySelectorAll(`#kiosk ${kind}`),
  ]);
}

/** The button of a service; undefined if it was withdrawn. */
export function buttonOf(service) {
  return services.find((button) => button.dataset.service === service);
}

function nameOf(button) {
  return button.querySelector('strong').textContent;
}

// Showing

/** Show the services of an agency or of a search under a heading, which is made from their number. */
function showServices(isShown, heading) {
  drawServices = () => {
    for (const button of services) button.parentElement.hidden = !isShown(button);
    const count = services.filter(isShown).length;
    $('none').hidden = count > 0;
    const text = heading(count);
    if ($('heading').textContent !== text) $('heading').textContent = text;
  };
  drawServices();
  for (const part of [$('tiles'), ...besideAgencies]) part.hidden = true;
  $('offers').hidden = false;
  showBar();
}

function showAgency({ dataset: { agency, name } }) {
  $('search-box').hidden = true;
  const tile = () => document.querySelector(`#tiles [data-agency="${CSS.escape(agency)}"]`);
  showServices(
    (button) => button.dataset.agency === agency,
    () => tile()?.dataset.name ?? name,
  );
  showStep('choose');
}

function showFound() {
  const words = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) {
    showAgencies();
    return;
  }
  showServices(
    (button) => words.every((word) => searchText(button).includes(word)),
    (n) => t('kiosk.found', { n }),
  );
}

/** What a search looks through: the name of a service, and the name and code of its agency. */
function searchText(button) {
  const [name, agency] = ['strong', '.of'].map((part) => button.querySelector(part).textContent);
  return `${name} ${agency} ${button.dataset.agency}`.toLowerCase();
}

function showAgencies() {
  drawServices = null;
  $('heading').textContent = t('kiosk.choose');
  $('tiles').hidden = false;
  for (const part of besideAgencies) part.hidden = !often.length;
  $('offers').hidden = true;
  $('none').hidden = true;
  $('search-box').hidden = false;
  showBar();
}

/** Show all agencies, without a search. */
export function showAll() {
  $('search').value = '';
  showAgencies();
}

// Choosing

async function choose(button) {
  const { service } = button.dataset;
  const number = visit.numberFor(service);
  if (number && !(await wantsAnother(number))) return;
  kiosk.chosen = { code: service, name: nameOf(button) };
  $('chosen').replaceChildren(...button.cloneNode(true).children);
  showStep('who');
}

/** Ask a visitor who has a number for this service already; resolves with whether another one is wanted. */
function wantsAnother(number) {
  fill($('again'), { about: t('kiosk.again.about', { number }) });
  $('again').returnValue = '';
  $('again').showModal();
  return new Promise((resolve) => {
    $('again').onclose = () => resolve($('again').returnValue === 'yes');
  });
}

/** Call a function with the button of a list that is pressed; the buttons themselves change with the catalogue. */
export function onPress(list, press) {
  $(list).addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (button && !button.disabled) press(button);
  });
}

// What cannot be chosen

/** Disable each service that cannot be chosen, and each agency without one that can. */
export function markClosed() {
  const reasonOf = (button) => whyNot(button?.dataset, clock);
  for (const button of services) mark(button, reasonOf(button));
  for (const button of often) mark(button, reasonOf(buttonOf(button.dataset.often)));
  for (const tile of document.querySelectorAll('#tiles [data-agency]')) {
    const reasons = services.filter((button) => button.dataset.agency === tile.dataset.agency).map(reasonOf);
    mark(tile, reasons.every(Boolean) ? reasons[0] : null);
  }
}

function mark(button, reason) {
  const hadFocus = button === document.activeElement;
  button.disabled = Boolean(reason);
  fill(button, { why: reason });
  if (!reason || !hadFocus) return;
  $('announce').textContent = `${nameOf(button)}: ${reason}`;
  $('heading').focus({ preventScroll: true }); // a disabled button loses the focus to the page
}

/** Return to the list, with a notice, when the chosen service can no longer be had. */
export function checkChosen() {
  if (kiosk.step !== 'who' || kiosk.isBusy || !kiosk.chosen) return;
  const button = buttonOf(kiosk.chosen.code);
  const reason = whyNot(button?.dataset, clock);
  if (!reason) {
    $('chosen').replaceChildren(...button.cloneNode(true).children);
    return;
  }
  showStep('choose');
  showChanged(t('kiosk.changed', { service: kiosk.chosen.name }), `${asSentence(reason)} ${t('kiosk.changed.next')}`);
  stay(IDLE_S);
}

// Changes of the catalogue

/** Take over what the server offers now from a page that it sent; what is still offered stays as it is shown. */
export function takeOffers(page) {
  takeTexts(page, ['title', '.brand strong', '#privacy', '.slip .paper']);
  for (const take of lists) take(page);
  $('booked').hidden = page.getElementById('booked').hidden;
  readLists();
  if (drawServices) redrawServices();
  else if (kiosk.step === 'choose') for (const part of besideAgencies) part.hidden = !often.length;
}

/** Draw the services that are shown again; show all agencies where the agency that was shown has left. */
function redrawServices() {
  drawServices();
  if (!$('search-box').hidden || services.some((button) => !button.parentElement.hidden)) return;
  showAgencies();
  if (kiosk.step !== 'choose') return;
  showStep('choose');
  showChanged(t('kiosk.changed.agency'), t('kiosk.changed.next'));
}

readLists();
onPress('tiles', showAgency);
onPress('offers', choose);
onPress('often-list', (button) => choose(buttonOf(button.dataset.often)));
$('again-no').addEventListener('click', () => $('again').close());
$('again-yes').addEventListener('click', () => $('again').close('yes'));
$('search').addEventListener('input', showFound);
