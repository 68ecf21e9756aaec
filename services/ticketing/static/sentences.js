import { t } from './page.js';

/** The priority rule in force, in one sentence. */
export function ruleInWords({ rule, in_a_row, ceiling_minutes }) {
  const ceiling = rule === 'ratio' && ceiling_minutes !== null ? '.ceiling' : '';
  return t(`hall.rule.${rule}${ceiling}`, { in_a_row, ceiling_minutes });
}

/** How long the wait will be, as a range of minutes, in words that begin with this prefix. */
export function waitInWords(prefix, { low_minutes: low, high_minutes: high }) {
  if (high <= 1) return t(`${prefix}.soon`);
  if (low === 0) return t(`${prefix}.most`, { high });
  return low === high ? t(`${prefix}.about`, { high }) : t(`${prefix}.range`, { low, high });
}

/**
 * A call as it is read aloud, by the texts below `announce.` of a language: "B-012" at "G02" is "Nomor antrean B nol
 * satu dua, silakan ke gerai dua". As `announcement` in voice.py, for screens whose browser has no voice of its own.
 */
export function callInWords({ number, counter }, words) {
  const spell = (code) =>
    [...code]
      .filter((sign) => /[\p{L}\d]/u.test(sign))
      .map((sign) => words[`digit.${sign}`] ?? sign)
      .join(' ');
  const digits = /^\D*0*(\d+)$/.exec(counter)?.[1];
  const values = {
    number: spell(number),
    counter: digits && digits.length > 1 ? digits : spell(digits ?? counter),
  };
  return words.call.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
