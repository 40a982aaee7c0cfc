import { pngOf } from '../../picture/copy.ts';
import type { PrintOffer } from '../../picture/offers.ts';
import type { SheetSize } from '../../picture/sheets.ts';
import { sayObject } from '../words.ts';
import { drawPaper, type PaperStyle } from './draw-paper.ts';
import { type Lane, lanesOf, PIXELS_PER_MM, paperHeight } from './paper.ts';
import type { MultiplexGroup } from './waveform.ts';

/** 300 dots in an inch. */
const PER_PIXEL = 300 / 96;
/** A heading's room above each sheet, mm. */
const CAPTION = 6;

const ON_PAPER: Omit<PaperStyle, 'font'> = { ground: '#ffffff', fine: '#f6d5d5', strong: '#e3a3a3', trace: '#000000', name: '#000000' };

/** What of the waves stands on one page. */
export interface WaveSheet {
  /** Lanes, moved to the top of the page. */
  readonly lanes: readonly Lane[];
  /** mm of the whole recording that stand left of the page. */
  readonly left: number;
  /** mm */
  readonly width: number;
  readonly height: number;
}

/** Cuts the recording into pages: those of one stretch of time below each other, then the next stretch. A stretch ends at a line of the grid. */
export function waveSheets(group: MultiplexGroup, speed: number, gain: number, area: SheetSize): WaveSheet[] {
  const length = (group.samples / group.frequency) * speed;
  const stretch = Math.max(5, Math.floor(area.width / 5) * 5);
  const rows = rowsOf(lanesOf(group, gain), area.height - CAPTION);
  const sheets: WaveSheet[] = [];
  for (let left = 0; left < length; left += stretch) {
    const width = Math.min(stretch, length - left);
    for (const lanes of rows) sheets.push({ lanes, left, width, height: paperHeight(lanes) });
  }
  return sheets;
}

/** Lanes that fit below each other on a page, each run of them moved to its top. */
function rowsOf(lanes: readonly Lane[], height: number): Lane[][] {
  const rows: Lane[][] = [];
  let from = 0;
  for (const lane of lanes) {
    const row = rows.at(-1);
    if (row === undefined || lane.top + lane.height - from + 4 > height) {
      from = lane.top - 2;
      rows.push([moved(lane, from)]);
    } else row.push(moved(lane, from));
  }
  return rows;
}

function moved(lane: Lane, by: number): Lane {
  return { ...lane, top: lane.top - by, baseline: lane.baseline - by };
}

/** The waves on paper, black on a red grid, a millimetre for a millimetre. */
export function wavesOffer(group: MultiplexGroup, speed: number, gain: number, font: string): PrintOffer {
  return {
    kind: 'waves',
    count: (area) => waveSheets(group, speed, gain, area).length,
    async *pages(area, most) {
      for (const sheet of waveSheets(group, speed, gain, area).slice(0, most)) {
        const seconds = (at: number) => Number((at / speed).toFixed(2));
        const caption = [
          group.label,
          sayObject('wave.millimetresPerSecond', { speed }),
          sayObject('wave.millimetresPerMillivolt', { gain }),
          sayObject('wave.stretch', { from: seconds(sheet.left), to: seconds(sheet.left + sheet.width) }),
        ];
        yield {
          url: URL.createObjectURL(await pngOf(drawn(group, sheet, speed, font))),
          width: sheet.width,
          caption: caption.filter(Boolean).join(' · '),
        };
      }
    },
  };
}

function drawn(group: MultiplexGroup, { lanes, left, width, height }: WaveSheet, speed: number, font: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const size = { width: width * PIXELS_PER_MM, height: height * PIXELS_PER_MM };
  canvas.width = Math.max(1, Math.round(size.width * PER_PIXEL));
  canvas.height = Math.max(1, Math.round(size.height * PER_PIXEL));
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.scale(PER_PIXEL, PER_PIXEL);
  drawPaper(context, group, lanes, { left: left * PIXELS_PER_MM, ...size, speed, exact: true }, { ...ON_PAPER, font });
  return canvas;
}
