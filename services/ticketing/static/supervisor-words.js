/** The state of a mall, its alerts and closures in words. */
import { has, t } from './page.js';

export function stateInWords({ closed, stopped, open, override }) {
  if (closed) return t('supervisor.over');
  if (stopped !== null) return t('supervisor.stopped', { reason: stopped });
  if (!open) return t('supervisor.shut');
  return override === null ? t('supervisor.open') : t('supervisor.forced', { reason: override });
}

/** An alert in one sentence, with the number that waits longest in its line. */
export function alertInWords(alert, lines, clock) {
  const line = lines.find((each) => each.line === alert.line);
  const values = {
    number: line?.longest_number,
    ...alert,
    day: alert.day && clock.date(`${alert.day}T12:00:00Z`),
  };
  if (alert.count === 1 && has(`supervisor.alert.${alert.kind}.one`))
    return t(`supervisor.alert.${alert.kind}.one`, values);
  return t(`supervisor.alert.${alert.kind}`, values);
}

/** The cause of an alert: a word that this page has a text for, or a sentence as it is. */
export function causeInWords(cause) {
  return has(`supervisor.cause.${cause}`) ? t(`supervisor.cause.${cause}`) : cause;
}

/** What is closed: the mall, a counter, or a service by its name. */
export function closedPart({ scope, code, name }) {
  if (scope === 'mall') return t('supervisor.closure.mall');
  return scope === 'counter' ? `${t('supervisor.closure.counter')} ${code}` : name;
}

/** The reason for a closure, when it begins if that is to come, and when it ends. */
export function closureInWords({ reason, holds, since, until }, clock) {
  const begins = holds ? [] : [t('supervisor.closure.begins', { when: clock.moment(since) })];
  const ends = until ? t('supervisor.closure.ends', { when: clock.moment(until) }) : t('supervisor.closure.open-ended');
  return [reason, ...begins, ends].join(' · ');
}
