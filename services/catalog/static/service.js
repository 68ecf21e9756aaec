import { markToday, offerPrint, offerShare } from './sheet.js';
import { followWaiting } from './waiting.js';

markToday();
offerPrint();
offerShare();
followWaiting(() => location.reload());
