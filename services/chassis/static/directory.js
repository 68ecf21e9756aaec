import { clockIn } from './clock.js';
import { t } from './words.js';

const search = document.getElementById('search');
const count = document.getElementById('count');
const plain = (text) => text.toLowerCase().normalize('NFKD');

let agencies = document.getElementById('agencies');
let narrowed = search.dataset.served !== '';

// A page served for a search holds only what was found; typing on needs the whole list.
async function whole() {
  narrowed = false;
  const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), 'text/html');
  const all = document.adoptNode(page.getElementById('agencies'));
  agencies.replaceWith(all);
  agencies = all;
}

async function filter() {
  if (narrowed) await whole();
  const sought = plain(search.value).split(/\s+/).filter(Boolean);
  let found = 0;
  for (const agency of agencies.children) {
    let here = 0;
    for (const service of agency.querySelectorAll('[data-find]')) {
      const text = plain(service.dataset.find);
      service.hidden = !sought.every((word) => text.includes(word));
      here += service.hidden ? 0 : 1;
    }
    agency.hidden = here === 0;
    agency.open = sought.length > 0 && here > 0;
    found += here;
  }
  count.textContent = t(found ? 'directory.found' : 'directory.none', { n: found });
}

search.addEventListener('input', filter);

const today = clockIn(document.getElementById('hours').dataset.zone).weekday(Date.now());
document.querySelector(`[data-weekday="${today}"]`).setAttribute('aria-current', 'date');
