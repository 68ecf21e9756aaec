/** A keypad that types into a field; `onKey` hears of each touch. */
export function keypad(pad, field, onKey) {
  pad.addEventListener('click', ({ target }) => {
    const { digit, erase } = target.dataset;
    if (digit !== undefined && field.value.length < field.maxLength) field.value += digit;
    if (erase !== undefined) field.value = field.value.slice(0, -1);
    onKey();
  });
}
