/**
 * The same ticket or booking in other tabs and windows of this browser: `tell()` has them look at once, and `look` is
 * called when one of them told, or when the page comes back from Back.
 */
export function otherTabs(id, look) {
  const channel = new BroadcastChannel(`mpp ${id}`);
  channel.addEventListener('message', look);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) look();
  });
  return { tell: () => channel.postMessage('changed') };
}
