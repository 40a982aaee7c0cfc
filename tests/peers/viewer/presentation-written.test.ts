import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Archive, locateInstance } from '../../../electron/archive/index.ts';
import { memorySource, readPart10, readPart10Meta, Tag } from '../../../electron/dicom/dataset/index.ts';
import { fitScale } from '../../../renderer/viewer/geometry.ts';
import { FRESH, type PaneView, type Presentation } from '../../../renderer/viewer/pane-view.ts';
import { arrange } from '../../../renderer/viewer/presentation/arrange.ts';
import { marksOf } from '../../../renderer/viewer/presentation/marks-of-state.ts';
import { writeState } from '../../../renderer/viewer/presentation/write-state.ts';
import { buildStack } from '../../../renderer/viewer/stack.ts';
import { apply, imageToCanvas } from '../../../renderer/viewer/transform.ts';
import type { Window } from '../../../renderer/viewer/voi.ts';
import { composeContent, type PresentationContent } from '../../../shared/contract/index.ts';
import type { Annotation } from '../../../shared/marks/index.ts';
import { compareSamples } from '../../conformance/compare.ts';
import { presentedPicture, stateOfFile } from '../../conformance/presented-file.ts';
import { pictureOf, viewFile } from '../../conformance/viewed-file.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { COLUMNS, cells, pattern, ROWS, writeImage } from '../../support/images.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';
import { finished, opened, STORE, temporaryFolder, writerOf } from '../../unit/archive/fixtures.ts';

const STUDY = '1.2.3';
const NAME = 'Größe 大';
const WINDOW: Window = { center: 40, width: 400, function: 'LINEAR' };

/** Pixels that read back as they were: half a pixel is exact in 32 bits. */
const MARKS: readonly Pick<Annotation, 'kind' | 'points' | 'name' | 'millimetres'>[] = [
  {
    kind: 'length',
    points: [
      { x: 1.5, y: 2 },
      { x: 20, y: 9.5 },
    ],
    name: 'first',
  },
  {
    kind: 'bidirectional',
    points: [
      { x: 1, y: 2 },
      { x: 20, y: 2 },
      { x: 8, y: 1 },
      { x: 8, y: 9 },
    ],
    name: '',
  },
  {
    kind: 'angle',
    points: [
      { x: 1, y: 2 },
      { x: 20, y: 2 },
      { x: 8, y: 10 },
    ],
    name: '',
  },
  {
    kind: 'cobb',
    points: [
      { x: 1, y: 2 },
      { x: 20, y: 2 },
      { x: 8, y: 10 },
      { x: 9, y: 20 },
    ],
    name: '',
  },
  {
    kind: 'ellipse',
    points: [
      { x: 3, y: 4 },
      { x: 9, y: 20 },
    ],
    name: NAME,
  },
  {
    kind: 'rectangle',
    points: [
      { x: 3, y: 4 },
      { x: 9, y: 20 },
    ],
    name: '',
  },
  {
    kind: 'freehand',
    points: [
      { x: 3, y: 4 },
      { x: 9, y: 20 },
      { x: 12, y: 3 },
    ],
    name: '',
  },
  {
    kind: 'polygon',
    points: [
      { x: 3, y: 4 },
      { x: 9, y: 20 },
      { x: 12, y: 3 },
      { x: 5, y: 2 },
    ],
    name: '',
  },
  {
    kind: 'arrow',
    points: [
      { x: 3, y: 4 },
      { x: 9, y: 20 },
    ],
    name: 'here',
  },
  { kind: 'text', points: [{ x: 3, y: 4 }], name: 'words' },
  { kind: 'probe', points: [{ x: 3.5, y: 4.5 }], name: '' },
  { kind: 'spine', points: [{ x: 3, y: 4 }], name: 'L5' },
  {
    kind: 'calibration',
    points: [
      { x: 3, y: 4 },
      { x: 9, y: 4 },
    ],
    name: 'ruler',
    millimetres: 12.5,
  },
];

describe('a presentation state that we write', () => {
  it('is accepted by DCMTK, which draws the image as it stood in the pane', async () => {
    const { archive, image, view } = await shownImage({ invert: true });
    // dcmpschk knows no character set but Latin letters.
    const { path } = await composed(
      archive,
      written(view, ({ name }) => name !== NAME),
    );
    const { code, output } = await dcmtk('dcmpschk', path);
    expect([code, output.split('\n').filter((line) => line.startsWith('E:'))]).toEqual([0, []]);
    const target = `${path}.pgm`;
    expect((await dcmtk('dcmp2pgm', '-p', path, image, target)).code).toBe(0);
    const pgm = await readFile(target);
    const theirs = { columns: COLUMNS, rows: ROWS, samplesPerPixel: 1 as const, samples: pgm.subarray(pgm.length - COLUMNS * ROWS) };
    const pane = pictureOf(await viewFile(image).drawable(0), WINDOW, { inverted: true });
    expect(compareSamples(theirs, pane, false).kind).toMatch(/^(equal|within tolerance)$/);
    const state = await stateOfFile(path);
    if (state === undefined) throw new Error('not read');
    expect(compareSamples(pane, await presentedPicture(state, image), false).kind).toMatch(/^(equal|within tolerance)$/);
  });

  it('brings back the same marks', async () => {
    const { archive, view, sopInstanceUID } = await shownImage();
    const state = await stateOfFile((await composed(archive, written(view))).path);
    if (state === undefined) throw new Error('not read');
    expect(marksOf(state)).toEqual(MARKS.map((mark) => ({ ...mark, sopInstanceUID, frame: 0 })));
    expect(state.notApplied).toEqual([]);
  });

  it.each([
    [{ rotation: 90 }],
    [{ rotation: 270, flippedHorizontally: true }],
    [{ rotation: 180, flippedVertically: true }],
    [{ flippedHorizontally: true, flippedVertically: true, zoom: 2 }],
  ] as const)('turns, flips and moves the image as it stood: %o', async (change: Partial<Presentation>) => {
    const { archive, view, frame } = await shownImage(change);
    const state = await stateOfFile((await composed(archive, written(view))).path);
    if (state === undefined) throw new Error('not read');
    const again = arrange(state, frame, { ...view.size, pixelsPerMillimetre: 4 });
    if (again === undefined || view.toScreen === undefined) throw new Error('no arrangement');
    const scale = again.zoom * fitScale({ rows: ROWS, columns: COLUMNS }, again.rotation, view.size);
    const matrix = imageToCanvas({ ...again, rows: ROWS, columns: COLUMNS, aspect: 1, scale, canvas: view.size });
    for (const corner of [
      { x: 4, y: 5 },
      { x: COLUMNS, y: 0 },
      { x: 10, y: ROWS },
    ]) {
      const [before, after] = [apply(view.toScreen, corner), apply(matrix, corner)];
      // A state names its area in whole pixels.
      expect(Math.hypot(before.x - after.x, before.y - after.y)).toBeLessThan(2 * view.scale);
    }
  });
});

function written(view: PaneView, wanted: (mark: (typeof MARKS)[number]) => boolean = () => true): PresentationContent {
  const shown = view.shown;
  if (shown === undefined) throw new Error('nothing shown');
  const at = { studyInstanceUID: STUDY, seriesInstanceUID: '1.2.3.1', sopInstanceUID: shown.instance.sopInstanceUID, frame: 0 };
  const annotations = MARKS.filter(wanted).map((mark, id) => ({ ...mark, ...at, id: String(id) }));
  const content = writeState(view, { title: 'Window and marks', annotations, textOf: ({ kind, name }) => `${kind} ${name}` });
  const parsed = composeContent.parse(content);
  if (parsed.kind !== 'presentation') throw new Error('another kind');
  return parsed;
}

async function shownImage(change: Partial<Presentation> = {}) {
  provideWasmFromPackages();
  const archive = await opened();
  const image = await writeImage(temporaryFolder(), {
    name: 'shown',
    values: { BitsAllocated: 16, BitsStored: 12, HighBit: 11, RescaleIntercept: '-1024', RescaleSlope: '1', RescaleType: 'HU' },
    pixels: cells(
      pattern(COLUMNS * ROWS).map((share) => Math.round(share * 4095)),
      16,
    ),
  });
  const file = await readFile(image);
  const { dataset } = readPart10(memorySource(file));
  const { dataSetOffset, transferSyntaxUID } = readPart10Meta(file);
  const [sopInstanceUID, sopClassUID] = [dataset.uid(Tag.SOPInstanceUID), dataset.uid(Tag.SOPClassUID)];
  const arrival = writerOf(archive).begin({ sopClassUID, sopInstanceUID, transferSyntaxUID }, STORE);
  await arrival.write(file.subarray(dataSetOffset));
  await arrival.finish();
  await archive.settled();
  const manifest = await archive.manifest({ studyInstanceUID: STUDY, seriesInstanceUID: '1.2.3.1' });
  const [frame] = buildStack(manifest ?? { instances: [] });
  if (frame?.image === undefined) throw new Error('no image');
  const presentation = { ...FRESH, ...change };
  const size = { width: COLUMNS * 4, height: ROWS * 4 };
  const drawable = await viewFile(image).drawable(0);
  const scale = 4 * presentation.zoom;
  const view: PaneView = {
    seriesUID: '1.2.3.1',
    frames: [frame],
    wanted: 0,
    shown: frame,
    shownIndex: 0,
    drawn: drawable.frame,
    presented: { ...drawable, window: undefined },
    window: WINDOW,
    scale,
    pixelRatio: 1,
    toScreen: imageToCanvas({ ...presentation, rows: ROWS, columns: COLUMNS, aspect: 1, scale, canvas: size }),
    size,
    presentation,
    playing: false,
    rate: 10,
  };
  return { archive, image, view, frame, sopInstanceUID };
}

async function composed(archive: Archive, content: PresentationContent): Promise<{ path: string }> {
  const { result } = await finished(archive.job('compose', { studyInstanceUID: STUDY, content }));
  await archive.settled();
  return { path: locateInstance(archive.location, result.sopInstanceUID) };
}
