/** Whether tickets can be had, and the words for why not. */
import { t } from './page.js';

/** `open`, or why the mall gives no tickets: `over`, `stopped`, `suspended`, `cut-off`, `closed` or `full`. */
export function stateOf(hall, mall) {
  if (hall.seal) return 'over';
  if (hall.stopped !== null) return 'stopped';
  if (mallClosure(hall, mall)) return 'suspended';
  if (!hall.tickets) return hall.open ? 'cut-off' : 'closed';
  return hall.issued >= hall.capacity ? 'full' : 'open';
}

function mallClosure({ closures }, mall) {
  return closures.find(({ scope, code, holds }) => scope === 'mall' && code === mall && holds);
}

/** The title and detail of the notice that there are no tickets; null while there are. */
export function closedNotice(hall, mall, clock) {
  const state = stateOf(hall, mall);
  if (state === 'open') return null;
  const reason = {
    full: t('kiosk.full.detail', hall),
    stopped: hall.stopped,
    suspended: mallClosure(hall, mall)?.reason,
    closed: hall.why_closed,
    'cut-off': t('kiosk.cut-off.detail'),
  }[state];
  const next = hall.next_opening && t('kiosk.next-opening', { when: clock.moment(hall.next_opening) });
  return { title: t(`kiosk.${state}`), detail: [reason && asSentence(reason), next].filter(Boolean).join(' ') };
}

/** When the mall opens, in words, if it gives tickets before that; otherwise null. */
export function earlyNotice(hall, mall, clock) {
  if (stateOf(hall, mall) !== 'open' || hall.open || !hall.next_opening) return null;
  return t('kiosk.early', { when: clock.time(hall.next_opening) });
}

/** Why a service cannot be chosen, from the data of its button; null if it can. Without data it was withdrawn. */
export function whyNot({ why = '', reason = '', until = '' } = { why: 'withdrawn' }, clock) {
  if (!why) return null;
  const when = until && clock.brief(until);
  return t(`kiosk.not.${why}${until ? '.until' : ''}`, { reason, when });
}

/** A reason as an administrator wrote it, with a full stop if it ends without a sign. */
export function asSentence(reason) {
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}
