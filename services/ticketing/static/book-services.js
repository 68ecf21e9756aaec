import { keptList, takeTexts, watchCatalogue } from './catalogue.js';

const list = document.getElementById('agencies');
const agencies = keptList(list);

watchCatalogue(list.dataset.api, (page) => {
  takeTexts(page, ['title', '.brand strong', '.lead']);
  agencies(page);
});
