import { noise3 } from './noise.ts';
import { capsule, clamp, cover, ellipsoid, mix, smoothstep, type Tube, tubeAt } from './shapes.ts';

/** What a head is made of. One anatomy serves CT and MR: each modality brings its own value per tissue. */
export interface HeadTissues {
  readonly air: number;
  readonly skin: number;
  readonly fat: number;
  readonly muscle: number;
  readonly bone: number;
  readonly marrow: number;
  readonly csf: number;
  readonly grey: number;
  readonly white: number;
  readonly blood: number;
  readonly oedema: number;
  readonly vitreous: number;
  readonly lens: number;
  readonly dura: number;
  readonly calcium: number;
}

export interface HeadOptions {
  readonly tissues: HeadTissues;
  /** A haemorrhage in the left basal ganglia. */
  readonly haemorrhage: boolean;
  /** The CT's head holder. */
  readonly holder: boolean;
}

/**
 * Value at a point of the head in mm, patient axes (x to the left, y to the back, z up; PS3.3 C.7.6.2.1.1), the origin between the
 * ventricles.
 */
export function headAt(x: number, y: number, z: number, options: HeadOptions): number {
  const { tissues: t } = options;
  const surface = headSurface(x, y, z);
  if (surface > 0.8) return options.holder ? holderAt(x, y, z, t) : t.air;
  const side = Math.abs(x);
  const cavity = cavityAt(x, y, z);
  if (cavity < -0.7) return inside(x, y, z, -cavity, options);
  if (cavity < 0.7) return mix(vaultAt(x, y, z, cavity, t), t.csf, cover(cavity, 1.4));
  const bare = mix(t.skin, t.fat, smoothstep(1.2, 2.2, -surface));
  const soft = mix(bare, t.muscle, smoothstep(4.5, 6.5, -surface - 2 * noise3(x / 14, y / 14, z / 14)));
  const shell = cavity < 14 ? mix(soft, vaultAt(x, y, z, cavity, t), cover(cavity - shellThickness(x, y, z), 1.2)) : soft;
  const value = z < -8 ? faceAt(x, side, y, z, shell, t) : shell;
  const sinus = z < 16 && z > -22 && y < -60 ? mix(value, t.air, cover(frontalSinus(x, y, z))) : value;
  return mix(t.air, sinus, cover(surface, 1.4));
}

function headSurface(x: number, y: number, z: number): number {
  const vault = ellipsoid(x, y - 2, z + 2, 79, 98, z > -2 ? 93 : 104);
  if (z > -2) return vault;
  const narrowing = clamp((-z - 20) / 60, 0, 1);
  const neck = ellipsoid(x, y + 8 - narrowing * 6, 0, 72 - 7 * narrowing, 88 - 8 * narrowing, 1e6);
  const nose = ellipsoid(x, y + 96, z + 46, 13, 15, 22);
  const ear = ellipsoid(Math.abs(x) - 79, y - 14, z + 28, 4, 15, 24);
  const lower = mix(vault, neck, smoothstep(-10, -50, z));
  return Math.min(lower, nose, ear);
}

/** Inner surface of the skull: a vault on three fossae at different heights. */
function cavityAt(x: number, y: number, z: number): number {
  const broad = 1 + 0.0009 * y;
  const vault = ellipsoid(x / broad, y - 2, z, 66, 84, z > 0 ? 80 : 76);
  const floor = floorAt(x, y);
  return Math.max(vault, floor - z);
}

function floorAt(x: number, y: number): number {
  const anterior = -17 - 5 * smoothstep(10, 0, Math.abs(x));
  const middle = mix(-24, -44, smoothstep(10, 28, Math.abs(x)));
  const posterior = -66 + 18 * smoothstep(24, 62, Math.hypot(x, y - 38));
  return mix(mix(anterior, middle, smoothstep(-42, -30, y)), posterior, smoothstep(2, 16, y));
}

function shellThickness(x: number, y: number, z: number): number {
  return 6.2 + 1.6 * smoothstep(40, 84, Math.abs(y)) + 0.9 * noise3(x / 22, y / 22, z / 22);
}

/** Outer table, diploe, inner table. */
function vaultAt(x: number, y: number, z: number, cavity: number, t: HeadTissues): number {
  const thickness = shellThickness(x, y, z);
  const middle = 1 - Math.abs(cavity / thickness - 0.5) * 2;
  const diploe = smoothstep(0.45, 0.8, middle) * (0.75 + 0.25 * noise3(x / 3, y / 3, z / 3));
  return mix(t.bone, t.marrow, diploe);
}

/** Brain, ventricles and what else the skull holds; `depth` is the distance to the skull. */
function inside(x: number, y: number, z: number, depth: number, options: HeadOptions): number {
  const { tissues: t } = options;
  const side = Math.abs(x);
  const tentorium = -10 - 0.16 * side - 0.1 * (y - 20);
  let value = z < tentorium && y > 4 ? hindbrain(x, side, y, z, depth, tentorium, t) : cerebrum(x, side, y, z, depth, t);
  value = ventricles(x, side, y, z, value, t);
  if (options.haemorrhage) value = haemorrhage(x, y, z, value, t);
  const petrous = petrousAt(side, y, z);
  return petrous < 1 ? mix(value, mastoid(x, y, z, side, t), cover(petrous, 1.6)) : value;
}

function cerebrum(x: number, side: number, y: number, z: number, depth: number, t: HeadTissues): number {
  // The midline surfaces of the hemispheres are folded like the outer ones.
  const cortical = Math.min(depth, (y / 42) ** 2 + ((z - 2) / 28) ** 2 > 1 ? side + 1 : depth);
  let value = cortical < 27 ? folded(x, y, z, cortical, t) : t.white;
  if (side < 44 && y > -44 && y < 30 && z > -16 && z < 24) value = mix(value, t.grey, nuclei(side, y, z));
  if (side > 34 && y > -32 && y < 26 && z > -20 && z < 30) {
    const wave = 2.5 * noise3(x / 13, y / 13, z / 13);
    const sylvian = Math.abs(z + 5 - 0.25 * (y + 8) - 0.35 * (side - 36) + wave) - 1.3;
    value = mix(value, t.csf, cover(sylvian, 1.4) * 0.7);
  }
  // The corpus callosum and what lies below it bridge the midline.
  const open = (y / 39) ** 2 + ((z - 2) / 25) ** 2 > 1;
  if (open && z > -14) {
    value = mix(value, t.csf, cover(side - 1.5 - (y < -30 ? 0.6 : 0), 1.2));
    value = mix(value, t.dura, cover(side - 0.75, 0.9) * (z > 6 || y > 30 ? 1 : 0.4));
  }
  if (z > 8 || side > 20) return value;
  const cistern = Math.min(ellipsoid(x, y + 13, z + 25, 15, 11, 8), ellipsoid(x, y - 16, z + 3, 9, 5, 6));
  return mix(value, t.csf, cover(cistern, 1.6));
}

/** Gyri: a ribbon of grey matter that follows the sulci, which a warped noise draws. */
function folded(x: number, y: number, z: number, depth: number, t: HeadTissues): number {
  const warp = 5 * noise3(x / 24 + 7, y / 24, z / 24);
  const fold = noise3((x + warp) / 10.5, (y - warp) / 10.5, (z + warp) / 10.5);
  const reach = clamp(1 - depth / 22, 0, 1);
  const sulcus = Math.abs(fold) - 0.13 * reach;
  const cortex = Math.min(depth - 4.6 - 1.6 * fold, 22 * (sulcus - 0.16) + 0.35 * Math.max(0, depth - 15));
  const ribbon = mix(t.white, t.grey, cover(cortex, 2));
  return depth > 20 ? ribbon : mix(ribbon, t.csf, cover(Math.min(depth - 1.6 + fold, sulcus * 16), 1.3));
}

/** Deep grey matter: thalamus, lentiform nucleus, head of the caudate. */
function nuclei(side: number, y: number, z: number): number {
  const thalamus = ellipsoid(side - 11, y - 7, z - 4, 8, 14, 9);
  const lentiform = ellipsoid(side - 24 - 0.25 * y, y + 5, z - 2, 7, 16, 11);
  const caudate = ellipsoid(side - 14, y + 27, z - 9, 5, 9, 10);
  const insula = ellipsoid(side - 37, y + 4, z - 2, 2.4, 20, 14);
  return cover(Math.min(thalamus, lentiform, caudate, insula), 2);
}

function hindbrain(x: number, side: number, y: number, z: number, depth: number, tentorium: number, t: HeadTissues): number {
  const stem = capsule(x, y, z, 0, 6, -8, 0, 27, -68, 14, 8.5);
  const folia = Math.sin(ellipsoid(x, y - 30, z + 24, 30, 14, 20) * 1.5 + 4 * noise3(x / 12, y / 12, z / 12));
  const cerebellum = mix(t.grey, t.white, smoothstep(0.1, 0.9, folia) * 0.45);
  const core = cover(ellipsoid(side - 17, y - 42, z + 40, 13, 10, 9), 4);
  let value = mix(cerebellum, t.white, core);
  value = mix(value, t.csf, cover(Math.min(depth - 1.6, tentorium - z - 0.6), 1.4));
  const vermis = side < 3 && y > 52 ? cover(side - 1.2, 1.2) : 0;
  value = mix(value, t.csf, vermis * 0.8);
  value = mix(value, t.csf, cover(stem - 4.5 - (y < 20 ? 4 : 0), 1.6) * (stem > -1 ? 1 : 0) * (y < 32 ? 1 : 0));
  value = mix(value, mix(t.white, t.grey, 0.45 + 0.2 * noise3(x / 7, y / 7, z / 7)), cover(stem, 1.4));
  return mix(value, t.dura, cover(Math.abs(tentorium - z) - 0.6, 1) * 0.7);
}

// The lateral ventricle of one side: frontal horn, body, atrium, occipital and temporal horn.
const FRONTAL: Tube = [6, -34, 10, 9, -14, 17, 4.2, 4.6];
const BODY: Tube = [9, -14, 17, 13, 18, 21, 4.6, 5.4];
const ATRIUM: Tube = [13, 18, 21, 22, 34, 10, 5.4, 6.2];
const OCCIPITAL: Tube = [22, 34, 10, 17, 54, 5, 5, 1.5];
const TEMPORAL: Tube = [22, 34, 10, 31, -6, -18, 3.2, 1.4];

function ventricles(x: number, side: number, y: number, z: number, value: number, t: HeadTissues): number {
  if (y < -44 || y > 62 || z < -48 || z > 30 || side > 40) return value;
  const lateral = Math.min(
    tubeAt(side, y, z * 1.05, FRONTAL),
    tubeAt(side, y, z, BODY),
    tubeAt(side, y, z, ATRIUM),
    tubeAt(side, y, z, OCCIPITAL),
    tubeAt(side, y, z, TEMPORAL),
  );
  const third = ellipsoid(x, y - 0, z + 2, 2.1, 14, 11);
  const fourth = ellipsoid(x, y - 34, z + 36, 7, 5, 9);
  let next = mix(value, t.csf, cover(Math.min(lateral, third, fourth), 1.4));
  const septum = cover(side - 0.9, 0.8) * (z > 8 && z < 20 && y > -36 && y < 0 ? 1 : 0);
  next = mix(next, t.white, septum);
  const plexus = ellipsoid(side - 21, y - 32, z - 11, 2.2, 4, 3);
  const pineal = ellipsoid(x, y - 20, z - 3, 2.2, 2.6, 2.4);
  return mix(next, t.calcium, cover(Math.min(plexus, pineal), 1.4));
}

function haemorrhage(x: number, y: number, z: number, value: number, t: HeadTissues): number {
  if (Math.abs(x - 28) > 30 || Math.abs(y - 2) > 36 || Math.abs(z - 5) > 30) return value;
  const ragged = 3 * noise3(x / 8, y / 8, z / 8);
  const bleed = ellipsoid(x - 28, y - 2, z - 5, 11, 17, 13) + ragged;
  if (bleed > 12) return value;
  const oedema = mix(value, t.oedema, cover(bleed - 5.5, 4) * 0.85);
  return mix(oedema, t.blood, cover(bleed, 1.6));
}

function petrousAt(side: number, y: number, z: number): number {
  if (z > -20 || z < -62 || y < -12 || y > 56) return 10;
  return capsule(side, y, z * 1.1, 18, 4, -42, 60, 26, -42, 7, 13);
}

/** Dense bone at the tip, air cells towards the ear. */
function mastoid(x: number, y: number, z: number, side: number, t: HeadTissues): number {
  const cells = noise3(x / 2.6, y / 2.6, z / 2.6) + 0.035 * (side - 48);
  const canal = capsule(side, y, z, 28, 12, -38, 44, 13, -38, 2.2, 2);
  const bone = mix(t.bone, t.air, side > 34 ? smoothstep(0.05, 0.3, cells) : 0);
  return mix(bone, side < 36 ? t.csf : t.air, cover(canal, 1.2));
}

function frontalSinus(x: number, y: number, z: number): number {
  const cell = ellipsoid(Math.abs(x) - 11, y + 88, z + 6, 10, 4.2, 13);
  return Math.max(cell, 1 - Math.abs(x - 1.5));
}

/** Below the skull base: orbits, sinuses, nasal cavity, cheek bones, jaw, upper neck. */
function faceAt(x: number, side: number, y: number, z: number, shell: number, t: HeadTissues): number {
  let value = shell;
  const petrous = petrousAt(side, y, z);
  if (petrous < 1) value = mix(value, mastoid(x, y, z, side, t), cover(petrous, 1.6));
  const clivus = capsule(x, y, z, 0, -6, -34, 0, 18, -66, 8, 6);
  value = mix(value, mix(t.bone, t.marrow, 0.6), cover(clivus, 1.4));
  const cheek = Math.min(
    capsule(side, y, z, 50, -62, -44, 66, -28, -42, 4, 2.6),
    capsule(side, y, z, 66, -28, -42, 66, 2, -38, 2.6, 3),
    capsule(side, y, z, 44, -76, -40, 50, -62, -44, 3, 4.6),
    capsule(side, y, z, 50, -6, -46, 48, -14, -90, 5.5, 4.5),
  );
  value = mix(value, mix(t.bone, t.marrow, cover(cheek + 2.4, 1)), cover(cheek, 1.2));
  const maxillary = ellipsoid(side - 27, y + 58, z + 64, 13, 17, 17) + 1.5 * noise3(x / 12, y / 12, z / 12);
  const nasal = Math.max(Math.abs(x) - 13, Math.abs(y + 62) - 27, Math.abs(z + 62) - 26);
  const ethmoid = Math.max(Math.abs(x) - 12, Math.abs(y + 56) - 22, Math.abs(z + 34) - 14);
  const sphenoid = Math.max(ellipsoid(side - 9, y + 20, z + 36, 10, 12, 9), 1 - Math.abs(x + 1));
  const walls = Math.min(maxillary, ethmoid, sphenoid, nasal) - 2;
  value = mix(value, t.bone, cover(walls, 1.2));
  value = mix(value, t.air, cover(Math.min(maxillary, sphenoid), 1));
  if (nasal < 1) value = mix(value, nasalAt(x, side, y, z, t), cover(nasal, 1));
  if (ethmoid < 1) value = mix(value, ethmoidAt(x, side, y, t), cover(ethmoid, 1));
  value = orbitAt(side, y, z, value, t);
  return z < -58 ? neckAt(x, y, z, value, t) : value;
}

function nasalAt(x: number, side: number, y: number, z: number, t: HeadTissues): number {
  const septum = Math.abs(x - 1.2 * Math.sin(y / 14)) - 1;
  const turbinate = ellipsoid(side - 7.5, y + 60, ((z + 200) % 15) - 7, 2.6, 22, 4.4);
  return mix(t.air, t.muscle, cover(Math.min(septum, turbinate), 1));
}

function ethmoidAt(x: number, side: number, y: number, t: HeadTissues): number {
  const wobble = 2.2 * noise3(x / 7, y / 7, 3.5);
  const across = Math.abs(((y + wobble + 300) % 8.5) - 4.25) - 3.75;
  const wall = Math.min(-across, Math.abs(side - 6.2 + 0.6 * wobble) - 0.45, Math.abs(x) - 0.6);
  return mix(t.air, t.bone * 0.35 + t.muscle * 0.65, cover(wall, 1.1));
}

function orbitAt(side: number, y: number, z: number, value: number, t: HeadTissues): number {
  const dx = side - 31 - 0.12 * (y + 66);
  const cone = ellipsoid(dx, y + 52, z + 34, 18.5, 31, 17);
  if (cone > 4) return value;
  let next = mix(value, t.bone, y > -74 ? cover(cone - 2.2, 1.2) : 0);
  next = mix(next, t.fat, cover(cone, 1));
  const muscles = Math.min(
    Math.abs(Math.hypot(dx, z + 34) - clamp(10.5 + 0.16 * (-54 - y), 3, 12)) - 1.7 - (Math.abs(dx) < 4 || Math.abs(z + 34) < 4 ? 0 : 8),
    10 + (y < -66 || y > -26 ? 10 : -10),
  );
  if (y > -66 && y < -26) next = mix(next, t.muscle, cover(muscles, 1));
  const nerve = capsule(dx, y, z, 0, -56, -34, -6, -24, -32, 2, 2.2);
  const gland = ellipsoid(dx - 13, y + 70, z + 26, 3.5, 7, 6);
  next = mix(next, t.grey, cover(Math.min(nerve, gland), 1));
  const eye = ellipsoid(dx, y + 68, z + 34, 12, 12, 12);
  next = mix(next, t.muscle, cover(eye, 1));
  next = mix(next, t.vitreous, cover(eye + 1.4, 1));
  return mix(next, t.lens, cover(ellipsoid(dx, y + 77, z + 34, 4.6, 2, 4.6), 1));
}

/** Foramen magnum downwards: cord in its canal, atlas, dens, neck muscles parted by fat. */
function neckAt(x: number, y: number, z: number, value: number, t: HeadTissues): number {
  const planes = noise3(x / 11, y / 11, z / 30);
  let next = y > 8 && value === t.muscle ? mix(value, t.fat, smoothstep(0.42, 0.6, Math.abs(planes))) : value;
  const r = Math.hypot(x / 1.25, y - 34);
  const atlas = Math.max(Math.abs(r - 18) - 3.6, Math.abs(z + 78) - 9);
  const dens = capsule(x, y, z, 0, 21, -66, 0, 21, -100, 5, 6);
  next = mix(next, mix(t.bone, t.marrow, 0.4), cover(Math.min(atlas, dens), 1.2));
  next = mix(next, t.csf, cover(Math.hypot(x, y - 34) - 10, 1.2));
  next = mix(next, mix(t.white, t.grey, 0.4), cover(Math.hypot(x, (y - 34) * 1.2) - 5.6, 1.2));
  const airway = ellipsoid(x, y + 24, 0, 9, 7, 1e6);
  return z < -62 ? mix(next, t.air, cover(airway, 1.2)) : next;
}

function holderAt(x: number, y: number, z: number, t: HeadTissues): number {
  const r = Math.hypot(x, y + 4);
  const shell = Math.max(Math.abs(r - 112) - 1.4, 40 - y);
  const pad = Math.max(Math.abs(r - 105.5) - 4.6, 46 - y);
  if (z > 70) return t.air;
  return mix(mix(t.air, t.air + (t.muscle - t.air) * 0.08, cover(pad, 1.4)), t.air + (t.muscle - t.air) * 0.75, cover(shell, 1.2));
}
