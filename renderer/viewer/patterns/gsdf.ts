/** Coefficients of PS3.14 §7.1: luminance of a JND index, and the index of a luminance. */
const A = -1.3011877;
const B = -2.584_019_1e-2;
const C = 8.024_263_6e-2;
const D = -1.032_022_9e-1;
const E = 1.364_669_9e-1;
const F = 2.874_562e-2;
const G = -2.546_840_4e-2;
const H = -3.197_897_7e-3;
const K = 1.299_263_4e-4;
const M = 1.363_533_4e-3;

const INVERSE = [
  71.498_068, 94.593_053, 41.912_053, 9.824_700_4, 0.281_754_07, -1.187_845_5, -0.180_143_49, 0.147_108_99, -0.017_046_845,
] as const;

/** The Grayscale Standard Display Function's range (PS3.14 §7): 0.05 to about 4,000 cd/m². */
export const LEAST_LUMINANCE = 0.05;
export const MOST_LUMINANCE = 4000;

/** Luminance (cd/m²) of a JND index from 1 to 1023 (PS3.14 §7.1). */
export function luminanceOf(jnd: number): number {
  const x = Math.log(jnd);
  const above = A + x * (C + x * (E + x * (G + x * M)));
  const below = 1 + x * (B + x * (D + x * (F + x * (H + x * K))));
  return 10 ** (above / below);
}

/** JND index of a luminance (cd/m²) between 0.05 and 4,000 (PS3.14 §7.1). */
export function jndOf(luminance: number): number {
  const x = Math.log10(luminance);
  return INVERSE.reduceRight((sum: number, coefficient) => sum * x + coefficient, 0);
}

/** What was measured: luminance (cd/m²) at a grey level of the 8-bit scale. */
export interface Measured {
  readonly level: number;
  readonly luminance: number;
}

export interface Step {
  readonly from: Measured;
  readonly to: Measured;
  /** JNDs that the eye sees between the two, and those that the GSDF puts there. */
  readonly jnds: number;
  readonly wanted: number;
  /** Contrast for each JND, ΔL / L̄ / JND, against what the GSDF asks for: 0.1 = 10 % more (AAPM TG18 §4.3.3.2.3). */
  readonly deviation: number;
}

export interface Verdict {
  readonly steps: readonly Step[];
  /** With the ambient light. */
  readonly least: number;
  readonly most: number;
  readonly ratio: number;
  readonly jnds: number;
  /** The largest deviation, without its sign. */
  readonly worst: number;
  /** 10 %: displays for diagnosis; 20 %: others (AAPM TG18). */
  readonly verdict: 'diagnostic' | 'review' | 'failed';
}

const DIAGNOSTIC = 0.1;
const REVIEW = 0.2;

/**
 * Judges measured luminances against the GSDF between the darkest and the brightest of them. `ambient`: what the room adds (cd/m²), where
 * the meter touched the screen.
 * @returns undefined where fewer than three levels rise in luminance within the GSDF's range
 */
export function judge(measured: readonly Measured[], ambient = 0): Verdict | undefined {
  const points = [...measured].map(({ level, luminance }) => ({ level, luminance: luminance + ambient })).sort((a, b) => a.level - b.level);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 3) return undefined;
  if (points.some(({ luminance }) => !(luminance >= LEAST_LUMINANCE && luminance <= MOST_LUMINANCE))) return undefined;
  if (last.luminance <= first.luminance) return undefined;
  const all = jndOf(last.luminance) - jndOf(first.luminance);
  const perLevel = all / (last.level - first.level);
  const steps = points.slice(1).map((to, index): Step => {
    const from = points[index] ?? first;
    const wanted = perLevel * (to.level - from.level);
    // What the GSDF would show at the two levels, on a display with the same darkest and brightest.
    const start = jndOf(first.luminance) + perLevel * (from.level - first.level);
    const ideal = contrast(luminanceOf(start), luminanceOf(start + wanted)) / wanted;
    const shown = contrast(from.luminance, to.luminance) / wanted;
    return { from, to, jnds: jndOf(to.luminance) - jndOf(from.luminance), wanted, deviation: shown / ideal - 1 };
  });
  const worst = Math.max(...steps.map(({ deviation }) => Math.abs(deviation)));
  return {
    steps,
    least: first.luminance,
    most: last.luminance,
    ratio: last.luminance / first.luminance,
    jnds: all,
    worst,
    verdict: worst <= DIAGNOSTIC ? 'diagnostic' : worst <= REVIEW ? 'review' : 'failed',
  };
}

function contrast(dark: number, bright: number): number {
  return (2 * (bright - dark)) / (bright + dark);
}

const MOST_LINES = 1024;

/** Lines of `level, luminance`, as meters' programs write them; lines without two numbers are headings. Levels are 0 to 255, each once. */
export function readTable(text: string): Measured[] {
  const measured = new Map<number, number>();
  for (const line of text.slice(0, 65_536).split(/\r?\n/).slice(0, MOST_LINES)) {
    // A comma between digits is a decimal one where another sign parts the columns.
    const parts = /[;\t]/.test(line) ? line.replaceAll(',', '.').split(/[;\t]+/) : line.trim().split(/[\s,]+/);
    const [level, luminance] = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (level === undefined || luminance === undefined || !Number.isInteger(level) || level < 0 || level > 255) continue;
    if (luminance >= 0 && luminance <= 100_000) measured.set(level, luminance);
  }
  return [...measured].map(([level, luminance]) => ({ level, luminance })).sort((a, b) => a.level - b.level);
}

/** The 18 levels of TG18-LN. */
export const LEVELS: readonly number[] = Array.from({ length: 18 }, (_, index) => index * 15);
