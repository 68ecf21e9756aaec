/** Codes that the office proposes for new agencies, services and counters. */

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const LONGEST_AGENCY = 16;
const LONGEST_STEM = 36; // of a service's code: a number may follow
const COMMON_WORDS = ['PT', 'DINAS', 'KANTOR', 'KOTA', 'BADAN', 'PERSERO', 'DAN', 'PEKALONGAN'];

/** A code in capitals, made of the first word of a name that is not common to many names. */
export function codeFrom(name) {
  const words =
    name
      .toUpperCase()
      .replace(/\(.*?\)/g, '')
      .match(/[A-Z0-9]+/g) ?? [];
  const own = words.find((word) => !COMMON_WORDS.includes(word));
  return (own ?? words[0] ?? '').slice(0, LONGEST_AGENCY);
}

/** A code for a service of an agency that is not in `taken`. */
export function serviceCode(agency, name, taken) {
  const stem = `${agency}-${codeFrom(name) || 'LAYANAN'}`.slice(0, LONGEST_STEM);
  let code = stem;
  for (let number = 2; taken.has(code); number += 1) code = `${stem}-${number}`;
  return code;
}

/** The first line letter that no agency has: A to Z, then AA to AZ; empty where all are taken. */
export function freeLine(agencies) {
  const taken = new Set(agencies.map((agency) => agency.line));
  return [...LETTERS, ...LETTERS.map((letter) => `A${letter}`)].find((line) => !taken.has(line)) ?? '';
}

/** The code after the highest one of the counters, such as G07. */
export function nextCounter(counters) {
  const numbers = counters.map((counter) => Number(counter.code.match(/^G(\d+)$/)?.[1] ?? 0));
  return `G${String(Math.max(0, ...numbers) + 1).padStart(2, '0')}`;
}
