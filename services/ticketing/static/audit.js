import { clockIn } from './clock.js';
import { copy, fill, given, t } from './page.js';
import { download, forStaff, send } from './staff.js';

const { dataset } = document.getElementById('audit');
const $ = (id) => document.getElementById(id);
const days = `/ticketing/api/malls/${dataset.mall}/days/${dataset.day}`;
const clock = clockIn(dataset.zone);
const names = given('names');
const known = JSON.parse(document.querySelector('script.words[data-prefix="audit."]').textContent);
let rows = [];

async function look() {
  const [record, verdict] = await Promise.all([send(`${days}/audit`), send(`${days}/verification`)]);
  rows = record.acts.map(row);
  $('acts').replaceChildren(...rows);
  $('none').hidden = rows.length > 0;
  verify(verdict);
  filter();
}

function verify({ commits, fits, first_misfit: misfit, hash, signature, sealed_at: at, seal_key: key, faults }) {
  const state = { valid: 'audit.fits.sealed', pending: 'audit.fits.pending' }[signature] ?? 'audit.fits';
  fill($('fits'), {
    fits: t(fits ? state : 'audit.broken', { n: commits }),
    hash: hash && t('audit.hash', { hash }),
    sealed: at && t('audit.sealed', { at: `${at.slice(0, 10)} ${clock.seconds(at)}`, key }),
    faults: faults.map(({ reason }) => t(`audit.fault.${reason}`, { commit: misfit })).join(' '),
  });
  $('fits').dataset.kind = fits ? 'good' : 'bad';
  $('fits').hidden = fits && commits === 0;
}

function row(act) {
  return copy('act', {
    time: clock.seconds(act.at),
    act: known[`act.${act.act}`] ?? act.act,
    number: act.number,
    counter: act.counter,
    actor: known[`actor.${act.actor || 'public'}`] ?? act.actor,
    why: act.why,
    detail: detail(act.detail),
  });
}

/** `service=KTP, ahead=1` in words. */
function detail(text) {
  return text
    .split(', ')
    .filter(Boolean)
    .map((part) => {
      const [name, value] = part.split('=');
      const v = names.service[value] ?? known[`value.${value}`] ?? value;
      return known[`detail.${name}`] ? t(`audit.detail.${name}`, { v }) : part;
    })
    .join(', ');
}

function filter() {
  const words = $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const each of rows) {
    const text = each.textContent.toLowerCase();
    each.hidden = !words.every((word) => text.includes(word));
    shown += Number(!each.hidden);
  }
  $('count').textContent = t('audit.count', { n: shown, all: rows.length });
}

$('filter').addEventListener('input', filter);
$('day').addEventListener('change', () => {
  if ($('day').value) location.assign(`../${$('day').value}/audit`);
});
$('wanted').addEventListener('submit', (event) => event.preventDefault());
$('csv').addEventListener('click', () =>
  forStaff(() => download(`${days}/audit?format=csv`, `audit-${dataset.mall}-${dataset.day}.csv`)),
);
$('print').addEventListener('click', () => print());
forStaff(look);
