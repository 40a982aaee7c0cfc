/** Signed distances in mm (negative inside), approximate away from the surface, and how much of a voxel a surface covers. */

/** Distance to an axis-parallel ellipsoid; exact enough within a few millimetres of the surface. */
export function ellipsoid(x: number, y: number, z: number, rx: number, ry: number, rz: number): number {
  const a = x / rx;
  const b = y / ry;
  const c = z / rz;
  const k = Math.sqrt(a * a + b * b + c * c);
  if (k < 1e-6) return -Math.min(rx, ry, rz);
  const ga = a / rx;
  const gb = b / ry;
  const gc = c / rz;
  return (k * (k - 1)) / Math.sqrt(ga * ga + gb * gb + gc * gc);
}

/** A round rod from a to b whose radius goes from `ra` to `rb`, mm. */
export type Tube = readonly [ax: number, ay: number, az: number, bx: number, by: number, bz: number, ra: number, rb: number];

export function tubeAt(x: number, y: number, z: number, tube: Tube): number {
  return capsule(x, y, z, tube[0], tube[1], tube[2], tube[3], tube[4], tube[5], tube[6], tube[7]);
}

/** Distance to a rod. Plain numbers instead of points: this runs some hundred million times, and every point would be garbage. */
export function capsule(
  x: number,
  y: number,
  z: number,
  ax: number,
  ay: number,
  az: number,
  bx: number,
  by: number,
  bz: number,
  ra: number,
  rb: number,
): number {
  const dx = bx - ax;
  const dy = by - ay;
  const dz = bz - az;
  const px = x - ax;
  const py = y - ay;
  const pz = z - az;
  const t = clamp((px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz), 0, 1);
  const ex = px - t * dx;
  const ey = py - t * dy;
  const ez = pz - t * dz;
  return Math.sqrt(ex * ex + ey * ey + ez * ez) - (ra + (rb - ra) * t);
}

/** Share of a voxel inside a surface at distance `d`, over a transition of `soft` mm. */
export function cover(d: number, soft = 1): number {
  return clamp(0.5 - d / soft, 0, 1);
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

export function smoothstep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}
