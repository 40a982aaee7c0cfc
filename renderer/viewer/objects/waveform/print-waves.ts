import { pngOf } from '../../picture/copy.ts';
import type { PrintOffer } from '../../picture/offers.ts';
import { sayObject } from '../words.ts';
import { drawPaper, type PaperStyle } from './draw-paper.ts';
import { PIXELS_PER_MM } from './paper.ts';
import { type WaveSheet, waveSheets } from './wave-sheets.ts';
import type { MultiplexGroup } from './waveform.ts';

/** 300 dots in an inch. */
const PER_PIXEL = 300 / 96;
const ON_PAPER: Omit<PaperStyle, 'font'> = { ground: '#ffffff', fine: '#f6d5d5', strong: '#e3a3a3', trace: '#000000', name: '#000000' };

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
