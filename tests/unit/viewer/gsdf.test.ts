import { describe, expect, it } from 'vitest';
import { jndOf, judge, LEVELS, luminanceOf, readTable } from '../../../renderer/viewer/patterns/gsdf.ts';
import { drawPattern, PATTERNS, percent } from '../../../renderer/viewer/patterns/patterns.ts';

/** PS3.14 table B-1: JND index and luminance, cd/m². */
const TABLE_B1 = [
  [1, 0.05],
  [2, 0.0547],
  [3, 0.0594],
  [4, 0.0643],
  [5, 0.0695],
  [10, 0.0992],
  [1023, 3993.404],
] as const;

describe('the GSDF', () => {
  it('is that of the standard’s table', () => {
    for (const [jnd, luminance] of TABLE_B1) expect(Math.abs(luminanceOf(jnd) / luminance - 1), String(jnd)).toBeLessThan(0.002);
  });

  it('comes back from a luminance to its JND index', () => {
    for (let jnd = 1; jnd <= 1023; jnd++) expect(Math.abs(jndOf(luminanceOf(jnd)) - jnd), String(jnd)).toBeLessThan(0.35);
  });

  const screen = (luminanceAt: (level: number) => number) => LEVELS.map((level) => ({ level, luminance: luminanceAt(level) }));
  const [dark, bright] = [jndOf(0.8), jndOf(400)];
  const calibrated = (level: number) => luminanceOf(dark + ((bright - dark) * level) / 255);

  it('passes a screen that follows it, with as many JNDs in every step', () => {
    const verdict = judge(screen(calibrated));
    expect(verdict?.verdict).toBe('diagnostic');
    expect(verdict?.worst).toBeLessThan(0.02);
    expect(verdict?.steps).toHaveLength(17);
    for (const { jnds, wanted } of verdict?.steps ?? []) expect(Math.abs(jnds - wanted)).toBeLessThan(0.4);
    expect(verdict?.ratio).toBeCloseTo(500, 0);
  });

  it('fails one that follows a gamma, and one step that stands still', () => {
    expect(judge(screen((level) => 0.8 + 399.2 * (level / 255) ** 2.2))?.verdict).toBe('failed');
    const stuck = judge(screen((level) => calibrated(level === 135 ? 120 : level)));
    const flat = stuck?.steps.find(({ to }) => to.level === 135);
    expect(flat?.deviation).toBeCloseTo(-1, 1);
    expect(stuck?.verdict).toBe('failed');
  });

  it('calls a screen fit for review between 10 and 20 %', () => {
    const off = judge(screen((level) => calibrated(level) * (level === 120 ? 1 + 0.15 * ((bright - dark) / 17) * 0.006 : 1)));
    expect(off?.worst).toBeGreaterThan(0.02);
    const mild = judge(screen((level) => calibrated(level + 1.1 * Math.sin((level / 255) * Math.PI * 6))));
    expect(mild?.verdict).not.toBe('failed');
  });

  it('counts the light of the room, which eats the dark end', () => {
    const dim = judge(screen(calibrated), 4);
    expect(dim?.least).toBeCloseTo(4.8, 2);
    expect(dim?.worst).toBeGreaterThan(0.1);
  });

  it('says nothing where there is too little, nothing rises, or it is beyond the function', () => {
    expect(judge(screen(calibrated).slice(0, 2))).toBeUndefined();
    expect(judge(screen(() => 100))).toBeUndefined();
    expect(judge(screen((level) => level))).toBeUndefined();
    expect(judge(screen((level) => 1 + level * 100))).toBeUndefined();
  });

  it('reads tables as meters write them', () => {
    const expected = [
      { level: 0, luminance: 0.31 },
      { level: 255, luminance: 412.5 },
    ];
    expect(readTable('level,cd/m2\n0,0.31\n255,412.5\n')).toEqual(expected);
    expect(readTable('0;0,31\r\n255;412,5')).toEqual(expected);
    expect(readTable('0\t0.31\n255\t412.5')).toEqual(expected);
    expect(readTable('255 412.5\n0 0.31\n300 1\n-1 2\n12.5 3\nx y')).toEqual(expected);
    expect(readTable('\0'.repeat(100_000))).toEqual([]);
  });
});

describe('test patterns', () => {
  it('have exactly the grey levels they are named after', () => {
    const levels = (pattern: (typeof PATTERNS)[number]) => new Set(drawPattern(pattern, 300, 300).levels);
    const [smpte, qc] = [levels('smpte'), levels('tg18-qc')];
    expect([0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100].map(percent).every((level) => smpte.has(level))).toBe(true);
    expect(levels('ramp').size).toBe(256);
    expect(levels('bars')).toEqual(new Set([0, 255]));
    expect(drawPattern('luminance', 1000, 800, 120).levels[400 * 1000 + 500]).toBe(120);
    const area = drawPattern('luminance', 1000, 800, 120).levels.filter((level) => level === 120).length;
    expect(Math.abs(area / 800_000 - 0.1)).toBeLessThan(0.001);
    for (let index = 0; index < 16; index++) expect(qc.has(8 + 16 * index), String(index)).toBe(true);
  });

  it('fit a pane of any shape', () => {
    for (const pattern of PATTERNS)
      for (const [width, height] of [
        [1, 1],
        [37, 900],
        [900, 37],
      ] as const) {
        expect(drawPattern(pattern, width, height).levels).toHaveLength(width * height);
      }
  });
});
