/** Letters at the edges of an image, empty where the orientation is not known. */
export interface EdgeLetters {
  readonly top: string;
  readonly bottom: string;
  readonly left: string;
  readonly right: string;
}

export interface Turn {
  /** Degrees clockwise, a multiple of 90. */
  readonly rotation: number;
  readonly flippedHorizontally: boolean;
  readonly flippedVertically: boolean;
}

const NONE: EdgeLetters = { top: '', bottom: '', left: '', right: '' };

/**
 * Where the patient's right, left, anterior, posterior, head and feet lie, from Image Orientation (Patient) (PS3.3 C.7.6.2.1.1) after the
 * reader flipped and turned the image. Oblique images get up to three letters, the largest component first (PS3.3 C.7.6.1.1.1).
 */
export function edgeLetters(orientation: readonly number[] | undefined, turn: Turn): EdgeLetters {
  if (orientation === undefined || orientation.length !== 6 || !orientation.every(Number.isFinite)) return NONE;
  const row = orientation.slice(0, 3);
  const column = orientation.slice(3, 6);
  if (lengthOf(row) < 0.5 || lengthOf(column) < 0.5) return NONE;
  const negate = (vector: readonly number[]) => vector.map((value) => -value);
  let right = turn.flippedHorizontally ? negate(row) : row;
  let bottom = turn.flippedVertically ? negate(column) : column;
  for (let quarter = 0; quarter < (((turn.rotation / 90) % 4) + 4) % 4; quarter++) {
    // Turned clockwise, what pointed up points right now.
    [right, bottom] = [negate(bottom), right];
  }
  return {
    right: directionLetters(right),
    left: directionLetters(negate(right)),
    bottom: directionLetters(bottom),
    top: directionLetters(negate(bottom)),
  };
}

/** Letters of a direction in the patient's coordinate system (+x left, +y posterior, +z head). */
export function directionLetters(vector: readonly number[]): string {
  const AXES = [
    ['L', 'R'],
    ['P', 'A'],
    ['H', 'F'],
  ] as const;
  return AXES.map(([positive, negative], axis) => {
    const value = vector[axis] ?? 0;
    return { letter: value > 0 ? positive : negative, size: Math.abs(value) };
  })
    .filter(({ size }) => size > 0.1)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join('');
}

export type Plane = 'AX' | 'SAG' | 'COR' | 'OBL' | '';

/** The plane of an image by its normal. */
export function planeOf(orientation: readonly number[] | undefined): Plane {
  if (orientation === undefined || orientation.length !== 6) return '';
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation;
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d].map(Math.abs);
  const largest = Math.max(...normal);
  if (!(largest > 0.5)) return '';
  if (largest < 0.85) return 'OBL';
  return (['SAG', 'COR', 'AX'] as const)[normal.indexOf(largest)] ?? '';
}

function lengthOf(vector: readonly number[]): number {
  return Math.hypot(...vector);
}
