import { t } from './words.js';

/** The priority rule in force, in one sentence. */
export function ruleInWords({ rule, in_a_row, ceiling_minutes }) {
  const ceiling = rule === 'ratio' && ceiling_minutes !== null ? '.ceiling' : '';
  return t(`hall.rule.${rule}${ceiling}`, { in_a_row, ceiling_minutes });
}
