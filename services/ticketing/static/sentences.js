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
