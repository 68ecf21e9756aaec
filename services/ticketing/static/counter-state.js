/** What a clerk can do at a counter, and the notices of its page, from the counter's state as the server sent it. */
import { t } from './page.js';

/** Whether the counter is free to receive a visitor. */
export function isReady({ status, current, stopped, closure }) {
  return (status === 'open' || status === 'new') && !current && stopped === null && closure === null;
}

/** What the counter without a visitor can do: `call`, `nobody` waits, or it is `paused`, `closed` or `away`. */
export function freeFor(view) {
  if (isReady(view)) return view.waiting.length ? 'call' : 'nobody';
  return view.status === 'paused' || view.status === 'closed' ? view.status : 'away';
}

/** The act that comes next, by its key: its button is shown as the main one. */
export function mainAct(view) {
  if (view.current) return view.current.status === 'called' ? 'm' : 's';
  return isReady(view) ? 'n' : 'b';
}

/** The text of each notice by its id; null where it is hidden. */
export function noticesOf(view) {
  const closed = view.services.filter((service) => service.closed);
  return {
    stopped: view.stopped,
    withdrawn: view.withdrawn
      ? t(view.current ? 'counter.withdrawn.visitor' : 'counter.withdrawn.empty', view.current ?? {})
      : null,
    closure: view.closure,
    'closed-services': closed.map((service) => `${service.name} (${service.closed})`).join(' · ') || null,
    closed: view.open || view.stopped || view.closure || view.withdrawn ? null : '',
    override: view.open ? view.override : null,
  };
}

/** A service as choices of a transfer: any of its counters, then each where there are several; `why` it is closed. */
export function transferChoices({ code, name, agency, counters, why_not: not }) {
  const codes = counters.map((counter) => counter.code);
  const why = not && t(`counter.not.${not.kind}`, { reason: not.reason });
  const all = { value: { service: code }, title: name, about: `${agency} · ${codes.join(', ')}`, why };
  if (codes.length < 2) return [all];
  const single = codes.map((counter) => ({
    ...all,
    value: { service: code, counter },
    about: t('counter.only-at', { agency, counter }),
  }));
  return [all, ...single];
}
