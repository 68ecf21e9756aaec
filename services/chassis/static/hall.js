import { clockIn } from './clock.js';
import { copy, fill } from './fill.js';
import { offerSound, strike } from './gong.js';
import { followHall } from './live.js';
import { given, t } from './words.js';

const SHOWN_EARLIER = 8;
const HIGHLIGHT_MS = 20_000;

const { dataset } = document.getElementById('hall-display');
const clock = clockIn(dataset.zone);
const $ = (id) => document.getElementById(id);
const seen = new Set();
const highlighted = new Set();
let shown;

function placed(call) {
  return { number: call.number, counter: call.counter, floor: t('hall.floor', call), time: clock.time(call.called_at) };
}

function row(call) {
  const item = copy('call', placed(call));
  item.classList.toggle('new', highlighted.has(call.call));
  return item;
}

function notice(calls) {
  const fresh = calls.filter((call) => !seen.has(call.call)).map((call) => call.call);
  for (const call of fresh) {
    seen.add(call);
    highlighted.add(call);
    setTimeout(() => { highlighted.delete(call); render(shown); }, HIGHLIGHT_MS);
  }
  if (fresh.length) strike();
}

function render(hall) {
  shown = hall;
  const [last, ...earlier] = hall.calls;
  $('idle').hidden = Boolean(last);
  $('called').hidden = !last;
  if (last) fill($('called'), placed(last));
  $('hero').classList.toggle('new', Boolean(last) && highlighted.has(last.call));
  $('earlier-calls').hidden = earlier.length === 0;
  $('earlier').replaceChildren(...earlier.slice(0, SHOWN_EARLIER).map(row));
  $('waiting').replaceChildren(...hall.waiting.map((line) => copy('line', line)));
  $('nobody').hidden = hall.waiting.length > 0;
  fill($('issued'), { issued: t('hall.issued', hall) });
  fill($('closed'), { when: hall.next_opening ? t('hall.next-opening', { when: clock.moment(hall.next_opening) }) : null });
  $('closed').hidden = hall.open;
  fill($('override'), { reason: hall.override });
  $('override').hidden = !hall.open || hall.override === null;
}

function connection(fresh, heardAt) {
  $('lost').hidden = fresh;
  fill($('lost'), { since: t('hall.lost', { time: clock.seconds(heardAt) }) });
}

function tick() {
  const now = Date.now();
  fill($('now'), { time: clock.time(now), date: clock.date(now) });
}

const first = given('hall');
for (const call of first.calls) seen.add(call.call);
render(first);
offerSound($('sound'));
followHall(dataset.mall, {
  onHall(hall) {
    notice(hall.calls);
    render(hall);
  },
  onConnection: connection,
});
setInterval(tick, 1000);
tick();
