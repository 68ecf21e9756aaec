// Dates as an Indonesian reader of English expects them: day before month.
const LOCALES = { en: 'en-GB' };

/** Times in words of the page's language, as clocks in the mall's zone (or, without one, at this screen) show them. */
export function clockIn(zone) {
  const { lang } = document.documentElement;
  const format = (options, language = LOCALES[lang] ?? lang) => {
    let made; // a format takes a millisecond to make, and most pages need one or two
    return (when) =>
      (made ??= new Intl.DateTimeFormat(language, { timeZone: zone, ...options })).format(new Date(when));
  };
  const time = format({ hour: '2-digit', minute: '2-digit', hour12: false });
  const date = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const moment = format({
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
  const weekday = format({ weekday: 'long' }, 'en');
  return {
    time,
    date,
    moment,
    seconds: format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }),
    stamp: format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false }),
    brief: (when) => (date(when) === date(Date.now()) ? time : moment)(when),
    weekday: (when) => weekday(when).toLowerCase(),
    instant: (local) => instant(local, zone),
  };
}

/**
 * The instant, in ISO, at which clocks in the zone show this local date and time.
 * @param {string} local as a field of type `datetime-local` has it
 * @param {string | undefined} zone
 */
function instant(local, zone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  };
  const guess = new Date(`${local}:00Z`);
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en', options).formatToParts(guess).map(({ type, value }) => [type, Number(value)]),
  );
  const shows = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute);
  return new Date(2 * guess.getTime() - shows).toISOString();
}

/** An hour of the day, such as 09:00, as clocks of the page's language show it. */
export function hour(code) {
  return clockIn('UTC').time(`1970-01-01T${code}Z`);
}

/** Whole minutes from a time until now. */
export function minutesSince(when) {
  return Math.max(0, Math.floor((Date.now() - new Date(when).getTime()) / 60_000));
}
