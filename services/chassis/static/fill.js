/** Put values into a node's [data-slot] elements; a slot whose value is null or undefined is hidden. */
export function fill(node, values) {
  for (const slot of node.querySelectorAll('[data-slot]')) {
    const value = values[slot.dataset.slot];
    slot.hidden = value === null || value === undefined;
    if (slot.textContent !== String(value)) slot.textContent = value;
  }
  return node;
}

/** A filled copy of the element inside <template id>. */
export function copy(id, values) {
  return fill(document.getElementById(id).content.firstElementChild.cloneNode(true), values);
}
