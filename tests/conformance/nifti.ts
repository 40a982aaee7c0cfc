import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { memorySource, readPart10, Tag } from '../../electron/dicom/dataset/index.ts';
import { buildStack, type StackFrame } from '../../renderer/viewer/stack.ts';
import { toPatient, type Vector } from '../../renderer/viewer/sync/planes.ts';
import { modalityFunction, modalityValueAt } from '../../shared/marks/index.ts';
import type { Outcome } from './compare.ts';
import { type ViewedFile, viewFile } from './viewed-file.ts';

/** A volume as others made it of a series. */
interface Volume {
  /** Columns, rows, slices, volumes. */
  readonly size: readonly [number, number, number, number];
  /** Rows of the matrix from indices to millimetres (right, anterior, superior). */
  readonly affine: readonly (readonly number[])[];
  value(i: number, j: number, k: number, volume: number): number;
}

/**
 * Every pixel of a series, at the place where the viewer has it, against the voxel of a NIfTI file there. `raw`: the file was written without the
 * place of the patient, its first axis to the left as DICOM's, so that only the order of the voxels counts.
 */
export async function compareVolume(files: readonly string[], nifti: string, raw: boolean): Promise<Outcome> {
  const volume = readNIfTI(nifti);
  const views = new Map<string, ViewedFile>();
  const instances = files.map((path) => instanceOf(path, views));
  const frames = buildStack({ instances }).filter(({ plane }) => plane !== undefined);
  const [columns, rows, slices, volumes] = volume.size;
  if (frames.length !== slices * volumes) return { kind: 'different', detail: `${frames.length} slices for ${slices} × ${volumes}` };
  const places = frames.map((frame) => placeOf(frame, volume, raw));
  const shift = raw ? leastIndex(places) : ([0, 0, 0] as const);
  let farthest = 0;
  for (const [i, frame] of frames.entries()) {
    const { origin, across, down } = places[i] as Place;
    const drawable = (await views.get(frame.instance.sopInstanceUID)?.drawable(frame.frame))?.frame;
    if (drawable?.kind !== 'grey') return { kind: 'refused', detail: 'not a grey image' };
    const toModality = modalityFunction({ ...drawable, ...drawable.exact });
    const stored = drawable.exact?.samples ?? drawable.levels[0]?.samples ?? new Uint8Array(0);
    // Per index: at the first pixel, and its steps. Two million times without an array.
    const [x = 0, y = 0, z = 0] = origin.map((value, k) => value - (shift[k] ?? 0));
    const [ax = 0, ay = 0, az = 0] = across;
    const [dx = 0, dy = 0, dz = 0] = down;
    for (let row = 0, at = 0; row < drawable.rows; row++) {
      for (let column = 0; column < drawable.columns; column++, at++) {
        const [u, v, w] = [x + column * ax + row * dx, y + column * ay + row * dy, z + column * az + row * dz];
        const [a, b, c] = [Math.round(u), Math.round(v), Math.round(w)];
        farthest = Math.max(farthest, Math.abs(u - a), Math.abs(v - b), Math.abs(w - c));
        if (a < 0 || b < 0 || c < 0 || a >= columns || b >= rows || c >= slices) {
          return { kind: 'different', detail: `slice ${i} lies outside of the volume` };
        }
        const [wanted, given] = [volume.value(a, b, c, frame.volume ?? 0), toModality(stored[at] ?? 0)];
        if (Math.abs(wanted - given) > 1e-6 * Math.abs(wanted))
          return { kind: 'different', detail: `${given} for ${wanted} in slice ${i}` };
      }
    }
  }
  // A hundredth of a voxel: the affine's numbers are of 32 bits.
  return farthest < 0.01 ? { kind: 'equal', detail: '' } : { kind: 'different', detail: `${farthest.toFixed(3)} voxels off` };
}

/** A mosaic of slices (side by side, row after row) against a volume: values only, for the viewer shows the mosaic as it is. */
export async function compareMosaic(files: readonly string[], nifti: string): Promise<Outcome> {
  const volume = readNIfTI(nifti);
  const [columns, rows, slices] = volume.size;
  for (const [time, path] of [...files].sort().entries()) {
    const { frame } = await viewFile(path).drawable(0);
    if (frame.kind !== 'grey') return { kind: 'refused', detail: 'not a grey image' };
    const tiles = Math.ceil(Math.sqrt(slices));
    for (let slice = 0; slice < slices; slice++) {
      const [left, top] = [(slice % tiles) * columns, Math.floor(slice / tiles) * rows];
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const given = modalityValueAt(frame, (top + row) * frame.columns + left + column);
          // Lines of a NIfTI volume go upwards.
          if (given !== volume.value(column, rows - 1 - row, slice, time))
            return { kind: 'different', detail: `slice ${slice} of volume ${time}` };
        }
      }
    }
  }
  return { kind: 'equal', detail: '' };
}

/** Files of a folder and its subfolders. */
export function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

interface Place {
  readonly origin: readonly number[];
  readonly across: readonly number[];
  readonly down: readonly number[];
}

/** Indices of the volume at the first pixel of a frame, and their steps along its lines and down its columns. */
function placeOf({ plane }: StackFrame, { affine }: Volume, raw: boolean): Place {
  if (plane === undefined) throw new Error('no plane');
  const at = (column: number, row: number) => indexOf(affine, toPatient(plane, { x: column + 0.5, y: row + 0.5 }), raw);
  const origin = at(0, 0);
  const step = (to: readonly number[]) => to.map((value, k) => value - (origin[k] ?? 0));
  return { origin, across: step(at(1, 0)), down: step(at(0, 1)) };
}

/** From the patient's coordinates (left, posterior, superior) to indices. */
function indexOf(affine: Volume['affine'], [x, y, z]: Vector, raw: boolean): number[] {
  const [[a = 0, b = 0, c = 0, tx = 0] = [], [d = 0, e = 0, f = 0, ty = 0] = [], [g = 0, h = 0, i = 0, tz = 0] = []] = affine;
  const [u, v, w] = [(raw ? x : -x) - tx, -y - ty, z - tz];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    (u * (e * i - f * h) - b * (v * i - f * w) + c * (v * h - e * w)) / determinant,
    (a * (v * i - f * w) - u * (d * i - f * g) + c * (d * w - v * g)) / determinant,
    (a * (e * w - v * h) - b * (d * w - v * g) + u * (d * h - e * g)) / determinant,
  ];
}

function leastIndex(places: readonly Place[]): number[] {
  return [0, 1, 2].map((k) =>
    Math.min(
      ...places.map(
        ({ origin, across, down }) => (origin[k] ?? 0) + Math.min(0, 127 * (across[k] ?? 0)) + Math.min(0, 127 * (down[k] ?? 0)),
      ),
    ),
  );
}

function instanceOf(path: string, views: Map<string, ViewedFile>) {
  const { dataset, meta } = readPart10(memorySource(readFileSync(path)));
  const view = viewFile(path);
  const sopInstanceUID = dataset.uid(Tag.SOPInstanceUID);
  views.set(sopInstanceUID, view);
  return {
    sopInstanceUID,
    sopClassUID: dataset.uid(Tag.SOPClassUID),
    transferSyntaxUID: meta.transferSyntaxUID,
    instanceNumber: dataset.number(Tag.InstanceNumber) ?? 0,
    acquisitionNumber: dataset.number(Tag.AcquisitionNumber) ?? 0,
    numberOfFrames: view.frames,
    fileBytes: 0,
    ...(view.image === undefined ? {} : { image: view.image }),
  };
}

const READERS: Readonly<Partial<Record<number, { bytes: number; read(file: Buffer, at: number): number }>>> = {
  4: { bytes: 2, read: (file, at) => file.readInt16LE(at) },
  16: { bytes: 4, read: (file, at) => file.readFloatLE(at) },
  64: { bytes: 8, read: (file, at) => file.readDoubleLE(at) },
  512: { bytes: 2, read: (file, at) => file.readUInt16LE(at) },
};

/** NIfTI-1 in one file, little endian, placed by its sform. */
function readNIfTI(path: string): Volume {
  const packed = readFileSync(path);
  const file = path.endsWith('.gz') ? gunzipSync(packed) : packed;
  const reader = READERS[file.readInt16LE(70)];
  if (file.readInt32LE(0) !== 348 || reader === undefined) throw new Error('not a NIfTI file that can be read');
  const [, columns = 1, rows = 1, slices = 1, volumes = 1] = [0, 1, 2, 3, 4].map((i) => Math.max(1, file.readInt16LE(40 + 2 * i)));
  const start = file.readFloatLE(108);
  const [slope, intercept] = [file.readFloatLE(112) || 1, file.readFloatLE(116)];
  return {
    size: [columns, rows, slices, volumes],
    affine: [0, 1, 2].map((row) => [0, 1, 2, 3].map((column) => file.readFloatLE(280 + 16 * row + 4 * column))),
    value: (i, j, k, volume) =>
      reader.read(file, start + (i + columns * (j + rows * (k + slices * volume))) * reader.bytes) * slope + intercept,
  };
}
