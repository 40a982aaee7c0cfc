import type { SheetSize } from '../../picture/sheets.ts';
import { type Lane, lanesOf, paperHeight } from './paper.ts';
import type { MultiplexGroup } from './waveform.ts';

/** A heading's room above each sheet, mm. */
const CAPTION = 6;

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
