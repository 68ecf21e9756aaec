const LONGEST_SCAN = 300;

/** A keypad that types into a field; `onKey` hears of each touch. */
export function keypad(pad, field, onKey) {
  pad.addEventListener('click', ({ target }) => {
    const { digit, erase } = target.dataset;
    if (digit !== undefined && field.value.length < field.maxLength) field.value += digit;
    if (erase !== undefined) field.value = field.value.slice(0, -1);
    onKey();
  });
}

/**
 * A scanner is a keyboard that types what it reads and presses Enter. Hear it in fields and outside of them:
 * `found(match)` for each line that holds the pattern.
 */
export function onScan(pattern, found) {
  let typed = '';

  function pressed(event) {
    const field = event.target.closest('input');
    if (!field && event.key.length === 1) typed = (typed + event.key).slice(-LONGEST_SCAN);
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
