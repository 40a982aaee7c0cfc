import { noise3 } from './noise.ts';
import { capsule, clamp, cover, ellipsoid, mix, smoothstep, type Tube, tubeAt } from './shapes.ts';

const AIR = -1000;
const FAT = -100;
const MUSCLE = 58;
const BLOOD = 235;
const MYOCARDIUM = 105;
const MARROW = 210;
const CORTEX = 720;

/** Aorta and its branches, pulmonary arteries, great veins; enhanced. */
const GREAT_VESSELS: readonly Tube[] = [
  [-6, -10, -22, -16, -20, 52, 16, 15],
  [-16, -20, 52, 4, 6, 80, 15, 14],
  [4, 6, 80, 20, 44, 58, 14, 12.5],
  [20, 44, 58, 15, 47, -205, 12.5, 10.5],
  [14, -32, -12, 16, -18, 26, 15, 14],
  [16, -14, 24, -42, 12, 16, 11, 9],
  [16, -14, 30, 46, 24, 30, 12, 9],
  [-30, -4, -30, -28, -6, 105, 10, 8.5],
  [-28, -6, 105, 22, -34, 128, 8, 6],
  [-12, -2, 82, -26, 4, 205, 6, 5],
  [4, 4, 84, 14, 10, 205, 5, 4],
  [18, 22, 80, 34, 24, 200, 5, 4.5],
  [-22, 8, -205, -24, 4, -60, 12, 13],
];

/** Trachea and central bronchi: radius of the lumen. */
const AIRWAYS: readonly Tube[] = [
  [0, 4, 205, -2, 18, 44, 9, 8.5],
  [-2, 18, 44, -36, 26, 16, 7, 6],
  [-2, 18, 44, 42, 28, 10, 6.5, 5.5],
  [-36, 26, 16, -50, 34, -40, 5, 3],
  [42, 28, 10, 54, 38, -42, 4.6, 3],
  [-30, 24, 24, -56, 14, 56, 4, 2.4],
  [40, 27, 14, 58, 10, 52, 4, 2.4],
];

/**
 * HU at a point of a contrast-enhanced thorax in mm (x to the left, y to the back, z up; the origin in the middle of the chest), without
 * ribs and lung vessels, which are painted at full resolution.
 */
export function thoraxAt(x: number, y: number, z: number): number {
  const body = bodyAt(x, y, z);
  if (body > 1.5) return tableAt(x, y);
  const side = Math.abs(x);
  const cage = cageAt(x, y, z);
  let value: number;
  if (cage < -1.2) value = chestAt(x, side, y, z, cage);
  else {
    const layer = 13 + 4 * smoothstep(-20, -120, z);
    const wall = mix(FAT, MUSCLE, smoothstep(-0.5, 1.5, -body - layer - 2 * noise3(x / 30, y / 30, z / 30)));
    value = cage < 2 ? mix(wall, chestAt(x, side, y, z, cage), cover(cage, 2)) : muscles(x, side, y, z, cage, wall);
  }
  if (y > 20) value = spineAt(x, side, y, z, value);
  if (body > -2) value = mix(value, 30, cover(-body - 2, 1));
  return mix(AIR, value, cover(body, 2));
}

function bodyAt(x: number, y: number, z: number): number {
  const top = smoothstep(110, 205, z);
  const a = x / mix(166, 108, top);
  const b = (y - 4) / mix(116, 82, top);
  return (Math.sqrt(Math.sqrt(a * a * a * a + b * b * b * b + 0.6 * a * a * b * b)) - 1) * 110;
}

/** Half axes of the inner chest wall at a height. */
export function cageAxes(z: number): readonly [number, number] {
  if (z !== lastHeight) {
    const dome = Math.sqrt(Math.max(0.0001, 1 - (Math.max(0, z + 20) / 186) ** 2));
    lastHeight = z;
    lastAxes = [131 * (0.25 + 0.75 * dome), 90 * (0.35 + 0.65 * dome)];
  }
  return lastAxes;
}

// A slice asks for the same height a hundred thousand times.
let lastHeight = Number.NaN;
let lastAxes: readonly [number, number] = [0, 0];

function cageAt(x: number, y: number, z: number): number {
  const [rx, ry] = cageAxes(z);
  const a = x / rx;
  const b = y / ry;
  return (Math.sqrt(a * a + b * b) - 1) * Math.min(rx, ry);
}

/** Inside the ribs: lungs, mediastinum, what lies below the diaphragm. */
function chestAt(x: number, side: number, y: number, z: number, cage: number): number {
  const diaphragm = diaphragmAt(x, y);
  if (z < diaphragm - 1.5) return abdomenAt(x, y, z, cage);
  const centre = mediastinumAt(x, side, y, z);
  let value = centre < 1.2 ? mix(lungAt(x, y, z), organs(x, y, z), cover(centre, 1.6)) : lungAt(x, y, z);
  if (z < diaphragm + 1.5 && centre > 0) value = mix(value, MUSCLE, cover(z - diaphragm, 2));
  return airways(x, y, z, value);
}

/** Density rises towards the back, where the patient lies on it. */
function lungAt(x: number, y: number, z: number): number {
  return -868 + 0.42 * clamp(y, -60, 90) + 22 * noise3(x / 9, y / 9, z / 9);
}

/** Whether a point is in a lung, with a margin in mm from its borders; used by the vessels that grow there. */
export function inLung(x: number, y: number, z: number, margin: number): boolean {
  return cageAt(x, y, z) < -margin && z > diaphragmAt(x, y) + margin && mediastinumAt(x, Math.abs(x), y, z) > margin - 3;
}

function diaphragmAt(x: number, y: number): number {
  const right = -62 - 0.0085 * (x + 68) ** 2;
  const left = -78 - 0.0085 * (x - 66) ** 2;
  return Math.max(right, left) - 0.0075 * (y + 8) ** 2 - (y > 0 ? 0.25 * y : 0);
}

function mediastinumAt(x: number, side: number, y: number, z: number): number {
  const heart = ellipsoid(x - 20 - 0.12 * (z + 50), y + 14, z + 48, 63, 50, 58);
  const waist = 5 + (27 - 0.06 * Math.max(0, z - 40)) * Math.exp(-(((y - 2) / 36) ** 2)) + 2.5 * noise3(1, y / 18, z / 18);
  const upper = Math.max(Math.abs(x + 2) - waist, y - 60, -z - 30) * 0.8;
  const front = Math.max(Math.abs(x - 4 - 6 * smoothstep(-20, -70, z)) - 4.5, y - 30);
  const spine = (Math.hypot(x / 1.15, y - 72) - 22) * 0.9;
  const back = Math.max(side - 13, 18 - y);
  let nearest = Math.min(heart, upper, front, spine, back);
  if (side < 62 && z < 60) nearest = Math.min(nearest, capsule(x, y, z, 15, 46, 50, 14, 47, -205, 14, 13));
  if (z < -30 && x < 0) nearest = Math.min(nearest, capsule(x, y, z, -22, 6, -120, -26, 2, -40, 16, 16));
  if (z > -30 && z < 60) {
    nearest = Math.min(nearest, capsule(x, y, z, 16, -12, 26, -44, 14, 16, 12, 9), capsule(x, y, z, 16, -12, 30, 48, 26, 28, 13, 9));
  }
  return nearest;
}

function organs(x: number, y: number, z: number): number {
  let value = mix(FAT + 20, 20, 0.35 + 0.25 * noise3(x / 16, y / 16, z / 16));
  const heart = ellipsoid(x - 20 - 0.12 * (z + 50), y + 14, z + 48, 58, 45, 54);
  if (heart < 2) value = mix(value, chambers(x, y, z), cover(heart, 2));
  for (const vessel of GREAT_VESSELS) {
    if (!reaches(vessel, z)) continue;
    const distance = tubeAt(x, y, z, vessel);
    if (distance < 2)
      value = mix(mix(value, MUSCLE, cover(distance - 1.3, 1.4)), BLOOD + 6 * noise3(x / 6, y / 6, z / 6), cover(distance, 1.6));
  }
  const plaque = Math.max(Math.abs(capsule(x, y, z, 4, 6, 80, 20, 44, 58, 14, 12.5)) - 1.3, noise3(x / 7, y / 7, z / 7) > 0.42 ? -1 : 1);
  value = mix(value, 620, cover(plaque, 1));
  const oesophagus = Math.hypot((x - 4) / 1.4, y - 36);
  if (z > -110) value = mix(mix(value, MUSCLE, cover(oesophagus - 6.5, 1.4)), AIR, cover(oesophagus - 1.8 - noise3(1, 1, z / 20) * 2, 1.4));
  const node = Math.min(ellipsoid(x + 18, y - 8, z - 52, 6, 5, 8), ellipsoid(x - 6, y - 26, z - 30, 8, 5, 7));
  return mix(value, 62, cover(node, 1.4));
}

/** Whether a slice at this height may cut the tube. */
function reaches(tube: Tube, z: number): boolean {
  const low = Math.min(tube[2], tube[5]) - tube[6] - 2;
  const high = Math.max(tube[2], tube[5]) + tube[6] + 2;
  return z >= low && z <= high;
}

function chambers(x: number, y: number, z: number): number {
  const left = ellipsoid(x - 42 - 0.25 * (y + 10), y + 10, z + 58, 23, 27, 32);
  const right = ellipsoid(x - 8, y + 38 - 0.2 * x, z + 56, 33, 15, 34);
  const rightAtrium = ellipsoid(x + 24, y + 14, z + 44, 17, 22, 30);
  const leftAtrium = ellipsoid(x - 8, y - 16, z + 26, 30, 15, 20);
  const trabecula = 3 * noise3(x / 7, y / 7, z / 7);
  return mix(MYOCARDIUM, BLOOD, cover(Math.min(left + trabecula, right + trabecula, rightAtrium, leftAtrium), 2.4));
}

function airways(x: number, y: number, z: number, value: number): number {
  if (Math.abs(x) > 64 || z < -46 || y < -4 || y > 46) return value;
  let lumen = 99;
  for (const airway of AIRWAYS) if (reaches(airway, z)) lumen = Math.min(lumen, tubeAt(x, y, z, airway));
  if (lumen > 3) return value;
  return mix(mix(value, 40, cover(lumen - 1.5, 1.4)), AIR, cover(lumen, 1.4));
}

function abdomenAt(x: number, y: number, z: number, cage: number): number {
  let value = FAT + 12 * noise3(x / 12, y / 12, z / 12);
  const texture = 5 * noise3(x / 5, y / 5, z / 5);
  const liver = Math.max(x - 38 + 0.3 * (y + 40) + 0.18 * (z + 100), cage + 4);
  const hepatic = Math.abs(noise3(x / 26 + 3, y / 26, z / 26)) < 0.035 ? 55 : 0;
  value = mix(value, 112 + texture + hepatic, cover(liver, 2));
  const spleen = Math.max(ellipsoid(x - 92, y - 46, z + 118, 34, 40, 46), cage + 4);
  value = mix(value, 128 + texture, cover(spleen, 2));
  const stomach = ellipsoid(x - 58, y + 22, z + 118, 40, 42, 40);
  const content = y < -38 ? -960 : 25;
  value = mix(value, stomach < -3.5 ? content : 70, cover(stomach, 2));
  value = mix(value, BLOOD, cover(capsule(x, y, z, 15, 47, -60, 14, 44, -205, 11, 10), 2));
  return mix(value, 170, cover(capsule(x, y, z, -22, 8, -205, -24, 4, -60, 12, 13), 2));
}

function muscles(x: number, side: number, y: number, z: number, cage: number, wall: number): number {
  let value = wall;
  if (z > 10) {
    const blade = capsule(side, y, 0, 70, 82, 0, 128, 44, 0, 2.2, 4 + 4 * smoothstep(60, 110, z));
    if (z < 130) value = mix(value, mix(CORTEX, MARROW, cover(blade + 2.4, 1)), cover(blade, 1.4));
    const clavicle = capsule(side, y, z, 16, -66, 138, 112, -16, 168, 6, 7);
    value = mix(value, mix(CORTEX, MARROW, cover(clavicle + 2.2, 1)), cover(clavicle, 1.4));
    if (cage > 12) value = mix(value, FAT, smoothstep(0.35, 0.5, Math.abs(noise3(x / 24, y / 24, z / 40))) * 0.8);
  }
  const [, ry] = cageAxes(z);
  const sternum = Math.max(Math.abs(y + ry + 8) - 6, side - (z > 70 ? 28 : 15), Math.abs(z - 10) - 100);
  return mix(value, mix(CORTEX * 0.8, MARROW * 0.8, cover(sternum + 2, 1)), cover(sternum, 1.6));
}

function spineAt(x: number, side: number, y: number, z: number, value: number): number {
  if (side > 62) return value;
  const cy = 66 + 8 * Math.cos(z / 130);
  const level = ((((z + 400) % 25) + 25) % 25) / 25;
  const disc = level < 0.22;
  const waist = 1 - 0.08 * Math.sin(level * Math.PI);
  const body = (Math.hypot(x / (18 * waist), (y - cy) / (14 * waist)) - 1) * 15;
  let next = value;
  if (body < 2) {
    const spongy = 190 + 55 * noise3(x / 2.4, y / 2.4, z / 2.4);
    const endplate = level < 0.26 || level > 0.96 ? 520 : spongy;
    next = mix(next, disc ? 85 : mix(600, endplate, cover(body + 1.8, 1.4)), cover(body, 1.6));
  }
  const arch = Math.abs(Math.hypot(x / 1.15, y - cy - 22) - 12) - 2.6;
  const process = capsule(x, y, 0, 0, cy + 32, 0, 0, cy + 50, 0, 3.4, 3);
  const transverse = capsule(side, y, 0, 12, cy + 16, 0, 34, cy + 24, 0, 4.4, 4);
  const bony = Math.min(level > 0.3 && level < 0.75 ? Math.min(arch, transverse) : level >= 0.75 ? arch : 9, level > 0.4 ? process : 9);
  next = mix(next, mix(CORTEX, 300, cover(bony + 2, 1)), cover(bony, 1.4));
  next = mix(next, 28, cover(Math.hypot(x / 1.1, y - cy - 21.5) - 8, 1.4));
  return next;
}

function tableAt(x: number, y: number): number {
  const top = 128 - 0.0009 * x * x;
  const skin = Math.max(Math.min(Math.abs(y - top), Math.abs(y - top - 22)) - 1.2, Math.abs(x) - 185);
  const foam = Math.max(Math.abs(y - top - 11) - 10, Math.abs(x) - 185);
  return mix(mix(AIR, -930, cover(foam, 1.5)), -150, cover(skin, 1.5));
}
