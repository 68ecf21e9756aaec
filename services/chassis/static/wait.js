import { t } from './words.js';

/** How long the wait will be, as a range of minutes, in words that begin with this prefix. */
export function waitInWords(prefix, { low_minutes: low, high_minutes: high }) {
  if (high <= 1) return t(`${prefix}.soon`);
  if (low === 0) return t(`${prefix}.most`, { high });
  return low === high ? t(`${prefix}.about`, { high }) : t(`${prefix}.range`, { low, high });
}
