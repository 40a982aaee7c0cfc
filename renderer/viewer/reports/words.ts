import { roomWords } from '../../i18n/room-words.ts';
import { reportsEnglish } from './catalogue.en.ts';

/** A sentence about keeping, writing and reading marks. */
export const sayReport = roomWords('reports', reportsEnglish);
