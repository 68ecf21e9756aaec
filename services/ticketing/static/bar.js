const OUTCOMES = ['served', 'missed', 'cancelled', 'unserved', 'open'];
const SVG = 'http://www.w3.org/2000/svg';

/** A bar of how the visits ended, as long as there are tickets. */
export function bar(part, most) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${most} 10`);
  svg.setAttribute('preserveAspectRatio', 'none');
  const open = part.tickets - part.served - part.missed - part.cancelled - part.unserved;
  let x = 0;
  for (const outcome of OUTCOMES) {
    const count = outcome === 'open' ? open : part[outcome];
    if (!count) continue;
    const rect = document.createElementNS(SVG, 'rect');
    for (const [attribute, value] of Object.entries({ class: `bar-${outcome}`, x, y: 0, width: count, height: 10 }))
      rect.setAttribute(attribute, String(value));
    svg.append(rect);
    x += count;
  }
  return svg;
}
