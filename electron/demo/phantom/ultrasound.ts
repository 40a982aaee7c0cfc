import { noise3, randomFrom } from './noise.ts';
import { SOPClass } from './series-writer.ts';
import { clamp, smoothstep } from './shapes.ts';
import { openSeries, type StudyPlan } from './study.ts';

const COLUMNS = 640;
const ROWS = 480;
const FRAMES = 40;
const FRAME_TIME_MS = 33.3;
const BEAMS = 192;
const DEPTHS = 420;
const HALF_ANGLE = (39 * Math.PI) / 180;
const APEX_X = 320;
const APEX_Y = 26;
const DEPTH_PIXELS = 410;

/** One beat of an apical four-chamber view: RGB cine of 40 frames with colour flow through the mitral valve and an ECG. */
export function writeUltrasoundCine(directory: string, study: StudyPlan): void {
  const series = openSeries(directory, study, {
    number: 1,
    description: 'Apical four chamber, colour flow',
    modality: 'US',
    sopClassUID: SOPClass.UltrasoundMultiFrame,
    model: 'Echo Phantom E1',
    attributes: {
      ImageType: ['ORIGINAL', 'PRIMARY', '', '0001'],
      NumberOfFrames: FRAMES,
      FrameTime: FRAME_TIME_MS,
      FrameIncrementPointer: [0x00181063],
      HeartRate: 46,
      RecommendedDisplayFrameRate: 30,
      CineRate: 30,
      TransducerType: 'SECTOR_PHASED',
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: 0,
      Rows: ROWS,
      Columns: COLUMNS,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      LossyImageCompression: '00',
      BurnedInAnnotation: 'NO',
    },
  });
  const pixels = new Uint8Array(COLUMNS * ROWS * 3 * FRAMES);
  const map = scanConversion();
  const speckle = speckleField();
  const echo = new Uint8Array(BEAMS * DEPTHS);
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const image = pixels.subarray(frame * COLUMNS * ROWS * 3, (frame + 1) * COLUMNS * ROWS * 3);
    beams(echo, speckle, frame / FRAMES);
    for (const [pixel, sample] of map) {
      const grey = echo[sample] ?? 0;
      image[pixel * 3] = grey;
      image[pixel * 3 + 1] = grey;
      image[pixel * 3 + 2] = Math.min(255, grey * 1.04);
    }
    colourFlow(image, map, frame / FRAMES);
    furniture(image, frame / FRAMES);
  }
  series.add({ AcquisitionNumber: 1 }, pixels, 1);
}

/** Which sample of the fan each pixel of the sector shows. */
function scanConversion(): [pixel: number, sample: number][] {
  const map: [number, number][] = [];
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const dx = column - APEX_X;
      const dy = row - APEX_Y;
      const angle = Math.atan2(dx, dy);
      const depth = Math.hypot(dx, dy);
      if (Math.abs(angle) > HALF_ANGLE || depth < 12 || depth > DEPTH_PIXELS) continue;
      const beam = Math.min(BEAMS - 1, Math.floor(((angle + HALF_ANGLE) / (2 * HALF_ANGLE)) * BEAMS));
      map.push([row * COLUMNS + column, beam * DEPTHS + Math.min(DEPTHS - 1, Math.floor((depth / DEPTH_PIXELS) * DEPTHS))]);
    }
  }
  return map;
}

/** Rayleigh-like speckle, short along the beam and wider across, as a phased array makes it. */
function speckleField(): Float32Array {
  const random = randomFrom(71);
  const raw = new Float32Array(BEAMS * DEPTHS);
  for (let i = 0; i < raw.length; i += 1) raw[i] = Math.sqrt(-Math.log(1 - random() * 0.9999));
  const soft = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) {
    const before = raw[(i + raw.length - DEPTHS) % raw.length] ?? 0;
    const after = raw[(i + DEPTHS) % raw.length] ?? 0;
    soft[i] = 0.5 * (raw[i] ?? 0) + 0.22 * (before + after) + 0.25 * (raw[(i + 1) % raw.length] ?? 0);
  }
  return soft;
}

/** How far the ventricles are squeezed at a phase of the beat: 0 filled, 1 empty. */
function contraction(phase: number): number {
  return phase < 0.35 ? Math.sin((phase / 0.35) * (Math.PI / 2)) : 1 - smoothstep(0.38, 0.72, phase);
}

function beams(echo: Uint8Array, speckle: Float32Array, phase: number): void {
  const squeeze = contraction(phase);
  for (let beam = 0; beam < BEAMS; beam += 1) {
    const angle = ((beam + 0.5) / BEAMS) * 2 * HALF_ANGLE - HALF_ANGLE;
    const shadow = 1 - 0.55 * smoothstep(0.3, 0.5, noise3(angle * 9, 4.4, 1.1));
    for (let depth = 0; depth < DEPTHS; depth += 1) {
      const r = (depth / DEPTHS) * DEPTH_PIXELS;
      const level = tissue(Math.sin(angle) * r, Math.cos(angle) * r, squeeze, phase) * shadow;
      const drift = (beam * DEPTHS + depth + Math.floor(squeeze * 3) * DEPTHS) % speckle.length;
      const edge = 1 - 0.5 * smoothstep(0.75, 1, Math.abs(angle) / HALF_ANGLE);
      echo[beam * DEPTHS + depth] = clamp(level * (speckle[drift] ?? 0) * edge * (1 - 0.3 * (depth / DEPTHS)), 0, 255);
    }
  }
}

/** Echo level of the heart in sector coordinates: x to the right, y down from the probe, pixels. */
function tissue(x: number, y: number, squeeze: number, phase: number): number {
  const texture = 1 + 0.35 * noise3(x / 22, y / 22, 0.5);
  const left = chamber(x - 36, y - 165, 48 - 13 * squeeze, 92 - 14 * squeeze);
  const right = chamber(x + 46 - 0.12 * (y - 165), y - 178, 31 - 8 * squeeze, 72 - 10 * squeeze);
  const leftAtrium = chamber(x - 44, y - 312, 46 + 6 * squeeze, 42 + 6 * squeeze);
  const rightAtrium = chamber(x + 50, y - 306, 42 + 5 * squeeze, 40 + 5 * squeeze);
  const cavity = Math.min(left, right, leftAtrium, rightAtrium);
  const wall = Math.min(left - 17 - 5 * squeeze, right - 9 - 3 * squeeze, leftAtrium - 7, rightAtrium - 7);
  const opening =
    phase > 0.42 ? smoothstep(0.42, 0.52, phase) * (1 - 0.6 * smoothstep(0.62, 0.7, phase) + 0.5 * smoothstep(0.84, 0.9, phase)) : 0;
  const leaflets = Math.min(
    leaflet(x - 4, y - 262, 38, opening),
    leaflet(82 - x, y - 262, 38, opening),
    leaflet(x + 82, y - 258, 32, opening),
    leaflet(-16 - x, y - 258, 32, opening),
  );
  let level = wall < 0 ? 78 * texture : 34 + 26 * smoothstep(0, 50, wall) * texture;
  if (cavity < 0) level = 5 + 4 * smoothstep(-4, 0, cavity);
  else if (cavity < 2.5) level = 130;
  if (wall > 0 && wall < 4) level = 168;
  return leaflets < 2.4 ? 190 : level;
}

function chamber(x: number, y: number, rx: number, ry: number): number {
  return (Math.sqrt((x / rx) ** 2 + (y / ry) ** 2) - 1) * Math.min(rx, ry);
}

/** A valve leaflet hinged at the origin, reaching to the right; open it hangs towards the probe. */
function leaflet(x: number, y: number, length: number, opening: number): number {
  const angle = -1.15 * opening - 0.08;
  const along = x * Math.cos(angle) + y * Math.sin(angle);
  const off = -x * Math.sin(angle) + y * Math.cos(angle);
  return along < 0 || along > length ? 99 : Math.abs(off + 3 * Math.sin((along / length) * Math.PI));
}

/** Red towards the probe: the ventricle fills. Blue away: it empties. */
function colourFlow(image: Uint8Array, map: readonly [number, number][], phase: number): void {
  const squeeze = contraction(phase);
  const filling =
    phase > 0.45
      ? smoothstep(0.45, 0.55, phase) * (1 - smoothstep(0.66, 0.78, phase)) +
        0.6 * smoothstep(0.84, 0.9, phase) * (1 - smoothstep(0.95, 1, phase))
      : 0;
  const emptying = phase < 0.36 ? Math.sin((phase / 0.36) * Math.PI) : 0;
  for (const [pixel] of map) {
    const x = (pixel % COLUMNS) - APEX_X;
    const y = Math.floor(pixel / COLUMNS) - APEX_Y;
    if (x < -8 || x > 84 || y < 100 || y > 340) continue;
    if (
      Math.min(chamber(x - 36, y - 165, 46 - 13 * squeeze, 90 - 14 * squeeze), chamber(x - 44, y - 312, 44, 40)) > 0 &&
      Math.abs(y - 262) > 16
    )
      continue;
    const inflow = filling * Math.exp(-(((x - 42) / 17) ** 2)) * smoothstep(110, 190, y) * (1 - smoothstep(290, 335, y));
    const outflow = emptying * Math.exp(-(((x - 14) / 14) ** 2)) * smoothstep(120, 200, y) * (1 - smoothstep(250, 268, y));
    const velocity = (inflow - outflow) * (1 + 0.3 * noise3(x / 9, y / 9, phase * 12));
    if (Math.abs(velocity) < 0.2) continue;
    const [r, g, b] = flowColour(velocity);
    image[pixel * 3] = r;
    image[pixel * 3 + 1] = g;
    image[pixel * 3 + 2] = b;
  }
}

function flowColour(velocity: number): [number, number, number] {
  const strength = clamp(Math.abs(velocity), 0, 1);
  const bright = 90 + 165 * strength;
  const hot = strength > 0.6 ? (strength - 0.6) * 520 : 0;
  return velocity > 0 ? [bright, hot, 0] : [0, hot, bright];
}

/** Grey and colour bars, depth ticks, the probe's mark and an ECG that runs with the beat. */
function furniture(image: Uint8Array, phase: number): void {
  const dot = (x: number, y: number, r: number, g: number, b: number): void => {
    if (x < 0 || y < 0 || x >= COLUMNS || y >= ROWS) return;
    const at = (Math.floor(y) * COLUMNS + Math.floor(x)) * 3;
    image[at] = r;
    image[at + 1] = g;
    image[at + 2] = b;
  };
  for (let y = 0; y < 120; y += 1) {
    const [r, g, b] = flowColour(1 - y / 60);
    for (let x = 0; x < 12; x += 1) {
      dot(600 + x, 40 + y, r, g, b);
      dot(580 + x, 40 + y, 255 - y * 2.1, 255 - y * 2.1, 255 - y * 2.1);
    }
  }
  for (let tick = 0; tick <= 16; tick += 1) {
    for (let x = 0; x < (tick % 5 === 0 ? 10 : 5); x += 1) dot(24 + x, APEX_Y + (tick * DEPTH_PIXELS) / 16, 150, 150, 150);
  }
  for (let y = 0; y < 10; y += 1) for (let x = 0; x < 10 - y; x += 1) dot(296 + x, 12 + y, 60, 200, 90);
  let previous = ecg(0);
  for (let x = 0; x < 300; x += 1) {
    const at = x / 300;
    const value = ecg(at);
    const bright = at <= phase ? 235 : 90;
    for (let y = Math.min(previous, value); y <= Math.max(previous, value); y += 1) dot(170 + x, 458 - y, 40, bright, 70);
    previous = value;
  }
}

/** Height of the trace at a phase of the beat, pixels. */
function ecg(phase: number): number {
  const wave = (centre: number, width: number, height: number): number => height * Math.exp(-(((phase - centre) / width) ** 2));
  return wave(0.88, 0.025, 4) + wave(0.03, 0.008, -4) + wave(0.045, 0.009, 26) + wave(0.065, 0.008, -7) + wave(0.3, 0.04, 6);
}
