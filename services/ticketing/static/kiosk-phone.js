/** On a visitor's own phone: whether it has a pass from a screen in the hall, and the form for the screen's code. */
import { clock, dataset, isPhone, kiosk } from './kiosk-visit.js';
import { fill, t } from './page.js';
import { pass, scannedCode } from './pass.js';

const CHECK_MS = 5_000; // a pass expires
const $ = (id) => document.getElementById(id);

/** Show whether this phone takes tickets as one in the hall, and until when. */
export function showPass() {
  if (!isPhone || !$('away')) return;
  const kept = pass.kept();
  $('present').hidden = !kept;
  fill($('present'), { until: kept && t('kiosk.phone.until', { time: clock.time(kept.until) }) });
  $('away').hidden = Boolean(kept) || (kiosk.step !== 'choose' && !kiosk.needsCode);
}

/** Exchange a code for a pass, and show the result. */
async function exchange(code) {
  $('prove-problem').hidden = true;
  try {
    await pass.exchange(dataset.mall, code);
    $('prove').reset();
    $('failure').hidden = true;
    kiosk.needsCode = false;
  } catch (problem) {
    fill($('prove-problem'), problem);
    $('prove-problem').hidden = false;
  }
  showPass();
}

function submitCode(event) {
  event.preventDefault();
  const code = $('seen-code').value.trim();
  if (code) exchange(code);
  else $('seen-code').focus();
}

if (isPhone && $('prove')) {
  $('prove').addEventListener('submit', submitCode);
  showPass();
  const scanned = scannedCode();
  if (scanned) exchange(scanned);
  setInterval(showPass, CHECK_MS);
}
