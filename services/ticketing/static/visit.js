const KEPT = 'mpp-visit';
const LONGEST_MS = 60_000; // a page that is opened later than this after the last ticket is opened by another visitor

function kept() {
  const { tickets = [], at = 0 } = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}');
  return Date.now() - at < LONGEST_MS ? tickets : [];
}

let tickets = kept();

/** The numbers that the visitor at this kiosk has taken, also if the page was left with Back and opened again. */
export const visit = {
  last: () => tickets.at(-1) ?? null,
  numberFor: (service) => tickets.findLast((ticket) => ticket.service === service)?.number,
  add({ code, number, service }) {
    tickets = [...tickets, { code, number, service }];
    sessionStorage.setItem(KEPT, JSON.stringify({ tickets, at: Date.now() }));
  },
  end() {
    tickets = [];
    sessionStorage.removeItem(KEPT);
  },
};
