import { followCatalogue, takeTexts } from './catalogue.js';
import { clockIn } from './clock.js';
import { announce, soundControls } from './hall-voice.js';
import { followHall } from './live.js';
import { copy, fill, given, t } from './page.js';
import { showPresence } from './presence.js';
import { ruleInWords } from './sentences.js';

const SHOWN_EARLIER = 8;
const HIGHLIGHT_MS = 20_000;
const SEAL_DIGITS = 12;
const RESUMED_MS = 60_000; // that a screen says that the queue continues
const STALE_MS = 60_000; // what was called so long before the last call, while the line was down, is not announced

const { dataset } = document.getElementById('hall-display');
const clock = clockIn(dataset.zone);
const $ = (id) => document.getElementById(id);
const voices = given('voices');
const seen = new Set();
const highlighted = new Set();
let floor; // of this screen's zone; null: the whole mall
let whole; // the hall of the whole mall
let shown;
let hasCode = false; // of presence, on a screen with a token

function placed(call) {
  return { number: call.number, counter: call.counter, floor: t('hall.floor', call), time: clock.time(call.called_at) };
}

function row(call) {
  const item = copy('call', placed(call));
  item.classList.toggle('new', highlighted.has(call.call));
  return item;
}

function notice(calls) {
  const last = Math.max(...calls.map((call) => Date.parse(call.called_at)));
  const fresh = calls.filter((call) => !seen.has(call.call)).reverse(); // in the order of calling
  for (const { call } of fresh) {
    seen.add(call);
    highlighted.add(call);
    setTimeout(() => {
      highlighted.delete(call);
      render(shown);
    }, HIGHLIGHT_MS);
  }
  for (const call of fresh) if (last - Date.parse(call.called_at) < STALE_MS) announce(call, voices, isCurrent);
}

/** Whether a call has not been taken back, and visitors are called at all. */
function isCurrent({ call }) {
  return halt(shown) === null && shown.calls.some((other) => other.call === call);
}

/** What keeps all visitors from being called: an emergency stop, or a closure of the whole mall; null: nothing. */
function halt(hall) {
  if (hall.stopped !== null) return { what: t('hall.stopped'), why: hall.stopped, until: null };
  const closure = hall.closures.find((each) => each.scope === 'mall' && each.holds);
  if (!closure) return null;
  const until = closure.until && `${t('hall.closure.until', { when: clock.brief(closure.until) })}.`;
  return { what: t('hall.mall-closed'), why: closure.reason, until };
}

/** The halt in place of calls, as large as the screen; after it, for a while, that the queue continues. */
function renderHalt(hall, isOver) {
  const found = isOver ? null : halt(hall);
  if (found) fill($('halted'), found);
  if (!$('halted').hidden && !found && !isOver) {
    $('resumed').hidden = false;
    setTimeout(() => {
      $('resumed').hidden = true;
    }, RESUMED_MS);
  }
  $('halted').hidden = found === null;
  if (found) $('resumed').hidden = true;
  return found !== null;
}

/** The floor that the address names, while a counter is on it. */
function findFloor() {
  floor = dataset.floor && dataset.floors.split(' ').includes(dataset.floor) ? Number(dataset.floor) : null;
  const isMissing = dataset.floor !== '' && floor === null;
  $('no-floor').hidden = !isMissing;
  if ($('floor-name')) $('floor-name').hidden = isMissing;
}

/** Only what concerns this screen's floor. */
function zone(hall) {
  if (floor === null) return hall;
  const calls = hall.calls.filter((call) => call.floor === floor);
  return { ...hall, calls, waiting: hall.waiting.filter((line) => line.floors.includes(floor)) };
}

function render(hall) {
  shown = hall;
  const [last, ...earlier] = latestOfEach(hall.calls);
  $('idle').hidden = Boolean(last);
  $('called').hidden = !last;
  if (last) fill($('called'), placed(last));
  $('hero').classList.toggle('new', Boolean(last) && highlighted.has(last.call));
  $('earlier-calls').hidden = earlier.length === 0;
  $('earlier').replaceChildren(...earlier.slice(0, SHOWN_EARLIER).map(row));
  $('waiting').replaceChildren(...hall.waiting.map((line) => copy('line', line)));
  $('nobody').hidden = hall.waiting.length > 0;
  fill($('issued'), { issued: t('hall.issued', hall) });
  $('rule').textContent = ruleInWords(hall.rule);
  renderNotices(hall);
}

/**
 * Each counter with the number it called last; a number that was called again is shown only where it was called last.
 */
function latestOfEach(calls) {
  const isSame = (one, other) => one.counter === other.counter || one.number === other.number;
  return calls.filter((call, at) => calls.findIndex((other) => isSame(other, call)) === at);
}

function renderNotices(hall) {
  const when = hall.next_opening ? t('hall.next-opening', { when: clock.moment(hall.next_opening) }) : null;
  const early = hall.next_opening && t('hall.early', { when: clock.time(hall.next_opening) });
  const isOver = hall.seal !== null;
  const isHalted = renderHalt(hall, isOver);
  const closures = hall.closures.filter((closure) => closure.holds && closure.scope !== 'mall').map(closed);
  fill($('over'), { when, seal: hall.seal?.slice(0, SEAL_DIGITS).replace(/(.{4})(?=.)/g, '$1 ') });
  fill($('closures'), { closures: closures.join(' · ') });
  if (hall.tickets) fill($('closed'), { what: early });
  else
    fill($('closed'), {
      what: t(hall.open ? 'hall.cut-off' : 'hall.closed'),
      why: hall.why_closed && `${hall.why_closed}.`,
      when,
    });
  fill($('override'), { reason: hall.override });
  $('over').hidden = !isOver;
  for (const id of ['hall-display', 'lines']) $(id).hidden = isOver || isHalted;
  $('rules').hidden = isOver;
  $('presence').hidden = !hasCode || isOver || isHalted || !hall.tickets || hall.issued >= hall.capacity;
  $('closures').hidden = isOver || isHalted || closures.length === 0;
  $('closed').hidden = isOver || isHalted || (hall.open && hall.tickets);
  $('override').hidden = !hall.open || hall.override === null;
}

function closed(closure) {
  const what = t(`hall.closure.${closure.scope}`, closure);
  return closure.until ? `${what}, ${t('hall.closure.until', { when: clock.brief(closure.until) })}` : what;
}

function connection(fresh, heardAt) {
  $('lost').hidden = fresh;
  fill($('lost'), { since: t('hall.lost', { time: clock.seconds(heardAt) }) });
}

function tick() {
  const now = Date.now();
  fill($('now'), { time: clock.time(now), date: clock.date(now) });
}

/** Take over the mall's name, and on which floors it has counters by now. */
function takeCatalogue(page) {
  takeTexts(page, ['title', '.brand strong']);
  dataset.floors = page.getElementById('hall-display').dataset.floors;
  findFloor();
  const here = zone(whole);
  for (const call of here.calls) seen.add(call.call); // those of other floors were announced there
  render(here);
}

const followPage = followCatalogue(takeCatalogue);
whole = given('hall');
findFloor();
const first = zone(whole);
for (const call of first.calls) seen.add(call.call);
render(first);
soundControls($('sound'), $('volume'), voices);
followHall(dataset.mall, {
  onHall(hall) {
    whole = hall;
    const here = zone(hall);
    notice(here.calls);
    render(here);
    followPage(hall);
  },
  onConnection: connection,
});
showPresence(dataset.mall, [$('presence')], 'showsPresence' in dataset, (isShown) => {
  hasCode = isShown;
  renderNotices(shown);
});
setInterval(tick, 1000);
tick();
