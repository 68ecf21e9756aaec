/** The dialog that shows what a change would make different, before it is made. */
import { api, namedEntries } from './admin-catalog.js';
import { changeCards } from './admin-changes.js';
import { forgetFaults, goToFault, showFaults } from './admin-forms.js';
import { newKey, Problem } from './api.js';
import { clockIn } from './clock.js';
import { showNotice, t } from './page.js';
import { forStaff, send } from './staff.js';

const $ = (id) => document.getElementById(id);
const calendar = clockIn('UTC'); // a date without a time is the same day in every zone
const preview = $('preview');

/** Show a notice above the lists; an empty text hides it. */
export function say(text) {
  $('said').textContent = text;
  $('said').hidden = !text;
}

/** @typedef {{ method: string, path: string, body?: any, query?: string, danger?: boolean, form?: any }} Change */

/**
 * Request a dry run of a change and show the result; make the change when it is confirmed. Problems appear in `form`,
 * the one that the change was typed in.
 * @param {Change} change
 * @param {() => Promise<void>} refresh fetches the catalog and draws the page again
 */
export async function previewChange(change, refresh) {
  const { danger = false, form = null } = change;
  const key = newKey();
  say('');
  try {
    if (form) forgetFaults(form);
    showPreview(await sendChange(change, true, null), danger);
    $('do').onclick = async () => {
      $('do').disabled = true;
      try {
        await sendChange(change, false, key);
        preview.close();
        form?.closest('dialog')?.close();
        await refresh();
        say(t('admin.saved'));
        $('said').scrollIntoView({ block: 'nearest' });
      } catch (problem) {
        showProblem(preview, problem, refresh);
        $('do').disabled = false;
      }
    };
  } catch (problem) {
    showProblem(form, problem, refresh);
  }
}

/**
 * @param {Change} change
 * @param {boolean} isDryRun
 * @param {string | null} key Idempotency-Key
 */
function sendChange({ method, path, body, query = '' }, isDryRun, key) {
  const parameters = [query, isDryRun && 'dry_run=true'].filter(Boolean).join('&');
  return send(`${api}${path && `/${path}`}?${parameters}`, { method, body, key });
}

function showPreview({ changes, concerns, without_counter: withoutCounter }, isDanger) {
  const closesToday = showConcerns(concerns);
  $('do').className = isDanger || closesToday ? 'button danger' : 'button main';
  $('do').textContent = t(closesToday ? 'admin.close.do' : isDanger ? 'admin.withdraw.do' : 'admin.save');
  $('do').disabled = changes.length === 0;
  preview.querySelector('[data-changes]').replaceChildren(...changeCards(changes, namedEntries()));
  const alone = preview.querySelector('[data-alone]');
  alone.hidden = withoutCounter.length === 0;
  alone.textContent = t('admin.alone', { services: withoutCounter.join(', ') });
  preview.querySelector('[data-problem]').hidden = true;
  preview.showModal();
  $('preview-name').focus();
}

/** Show which visitors the change concerns. Returns whether it closes something today, which has its own notice. */
function showConcerns({ text, days, warnings }) {
  const closing = warnings.filter((warning) => warning.reason === 'closes-today');
  const others = warnings.filter((warning) => warning.reason !== 'closes-today');
  const closes = preview.querySelector('[data-closing]');
  closes.hidden = closing.length === 0;
  closes.textContent = closing.map((warning) => warning.text).join(' ');
  preview.querySelector('[data-concerns]').hidden = !text && others.length === 0;
  preview.querySelector('[data-summary]').textContent = text;
  preview.querySelector('[data-warnings]').replaceChildren(...listItems(others.map((warning) => warning.text)));
  const byDay = preview.querySelector('[data-days]');
  byDay.hidden = days.length === 0;
  byDay.textContent = t('admin.concern.days', {
    days: days.map(({ day, bookings }) => `${calendar.date(day)}: ${bookings}`).join(', '),
  });
  return closing.length > 0;
}

/** Show a problem in a form or dialog; one without a place for it on the page, as `forStaff` does. */
function showProblem(form, problem, refresh) {
  if (!(problem instanceof Problem)) throw problem;
  const notice = form?.querySelector('[data-problem]');
  if (!notice) {
    const rethrow = () => {
      throw problem;
    };
    forStaff(problem.status === 401 ? refresh : rethrow);
    return;
  }
  const withoutField = showFaults(form, problem.errors ?? {});
  showNotice(notice, { title: problem.title, detail: [problem.detail, ...withoutField].join(' ') });
  notice.querySelector('[data-faults]')?.replaceChildren(...listItems(problem.faults ?? []));
  if (form.querySelector('.fault')) goToFault(form);
}

function listItems(texts) {
  return texts.map((text) => Object.assign(document.createElement('li'), { textContent: text }));
}
