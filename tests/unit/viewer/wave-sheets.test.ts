import { expect, test } from 'vitest';
import { lanesOf } from '../../../renderer/viewer/objects/waveform/paper.ts';
import { waveSheets } from '../../../renderer/viewer/objects/waveform/wave-sheets.ts';
import type { MultiplexGroup } from '../../../renderer/viewer/objects/waveform/waveform.ts';

const AREA = { width: 277, height: 168 };
const millivolt = { value: 'mV', scheme: 'UCUM', meaning: 'millivolt', version: '' };

/** Leads that reach from -1 to 1 mV. */
function group(leads: number, seconds: number): MultiplexGroup {
  const samples = seconds * 10;
  const values = Float64Array.from({ length: samples }, (_, i) => (i % 2 === 0 ? -1 : 1));
  return {
    label: '',
    frequency: 10,
    samples,
    channels: Array.from({ length: leads }, (_, i) => ({ name: `L${i}`, unit: millivolt, values })),
  };
}

test('ten seconds stand on one page in their true length', () => {
  expect(waveSheets(group(3, 10), 25, 10, AREA).map(({ left, width, lanes }) => [left, width, lanes.length])).toEqual([[0, 250, 3]]);
});

test('what is longer or higher than the paper goes on, at the same scale: no second and no lead is lost or printed twice', () => {
  const waves = group(12, 30);
  const sheets = waveSheets(waves, 25, 10, AREA);
  const lanes = lanesOf(waves, 10);
  const starts = [...new Set(sheets.map(({ left }) => left))];
  expect(starts).toEqual([0, 275, 550]);
  for (const start of starts) {
    const own = sheets.filter(({ left }) => left === start);
    expect(own.flatMap((sheet) => sheet.lanes.map(({ channel }) => channel.name))).toEqual(lanes.map(({ channel }) => channel.name));
    for (const sheet of own) {
      expect(sheet.height).toBeLessThanOrEqual(AREA.height - 6);
      expect(sheet.lanes[0]?.top).toBe(2);
      for (const lane of sheet.lanes) expect([lane.scale, lane.baseline - lane.top]).toEqual([10, (lanes[0]?.baseline ?? 0) - 2]);
    }
  }
  expect(sheets.filter(({ left }) => left === 0).length).toBeGreaterThan(1);
  expect(sheets.reduce((sum, { left, width }) => Math.max(sum, left + width), 0)).toBe(750);
});

test('a lead that is higher than the paper has a page of its own', () => {
  const sheets = waveSheets(group(2, 1), 25, 40, { width: 277, height: 60 });
  expect(sheets.map(({ lanes }) => lanes.length)).toEqual([1, 1]);
});
