const LONGEST = 300;

/**
 * A scanner is a keyboard that types what it reads and presses Enter. Hear it in fields and outside of them:
 * `found(match)` for each line that holds the pattern.
 */
export function onScan(pattern, found) {
  let typed = '';

  function pressed(event) {
    const field = event.target.closest('input');
    if (!field && event.key.length === 1) typed = (typed + event.key).slice(-LONGEST);
    if (event.key !== 'Enter') return;
    const match = pattern.exec(field ? field.value : typed);
    typed = '';
    if (!match) return;
    if (field) field.value = '';
    event.preventDefault(); // what has the focus was not meant
    found(match);
  }

  document.addEventListener('keydown', pressed, { capture: true });
}
