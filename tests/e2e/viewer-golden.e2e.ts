import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../electron/dicom/dataset/index.ts';
import { writeObjects } from '../support/objects-beside.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type MadeStudy, patientAndStudy, writeInstance, writeMammograms, writeTimeSeries, writeVolume } from '../support/volume.ts';
import { expectNoErrors } from './browser.ts';
import { compareWithGolden, TOLERATED } from './golden.ts';
import { dragOver, onPage, openStudy, panes, type Reading, startReading, untilData } from './viewer.ts';

const person = { patientName: 'Golden^Eye', patientID: 'G-1', patientBirthDate: '19640229' };
const CT: MadeStudy = { ...person, studyInstanceUID: '1.2.826.0.1.3680043.9.91', studyDate: '20261118', studyDescription: 'Golden CT' };
const GAP: MadeStudy = {
  ...person,
  patientID: 'G-2',
  studyInstanceUID: '1.2.826.0.1.3680043.9.92',
  studyDate: '20261117',
  studyDescription: 'Golden gap',
};
const MG: MadeStudy = {
  ...person,
  patientID: 'G-3',
  studyInstanceUID: '1.2.826.0.1.3680043.9.93',
  studyDate: '20261116',
  studyDescription: 'Golden MG',
};

const OTHER: MadeStudy = {
  ...person,
  patientName: 'Other^Person',
  studyInstanceUID: '1.2.826.0.1.3680043.9.94',
  studyDate: '20240101',
  studyDescription: 'CT of somebody else',
};

const MR: MadeStudy = {
  ...person,
  patientID: 'G-4',
  studyInstanceUID: '1.2.826.0.1.3680043.9.95',
  studyDate: '20261115',
  studyDescription: 'Golden times',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let reading: Reading;

beforeAll(async () => {
  folder = await temporaryFolder('viewer-golden');
  const files = join(folder.path, 'files');
  await writeVolume(files, CT);
  await writeObjects(files, CT);
  await writeState(files, CT);
  await writeVolume(files, OTHER, { planes: ['AX'] });
  await writeVolume(files, GAP, { planes: ['AX'], without: [20, 21] });
  await writeMammograms(files, MG, { rows: 400, columns: 300 });
  await writeTimeSeries(files, MR);
  reading = await startReading(folder.path, files);
  await reading.page.setViewportSize({ width: 960, height: 640 });
});

afterAll(async () => {
  await reading[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const pane = () => panes(reading.page).first();
const press = async (...keys: readonly string[]) => {
  for (const key of keys) await reading.page.keyboard.press(key);
};
const menu = async (button: string, item: string | RegExp) => {
  await reading.page.getByRole('button', { name: button, exact: true }).click();
  await reading.page.getByRole('menuitem', { name: item }).click();
};
const click = async (x: number, y: number) => {
  const at = await onPage(pane(), x, y);
  await reading.page.mouse.move(at.x, at.y, { steps: 2 });
  await reading.page.mouse.click(at.x, at.y);
};
const drag = (...points: readonly (readonly [number, number])[]) => dragOver(reading.page, pane(), points);
/** The mark that was drawn last, which is still selected, goes; so does how the image was shown. */
const afresh = async () => {
  await press('Delete');
  await reading.page.locator('.viewer-mark').first().waitFor({ state: 'detached' });
  await press('Backspace', 'w');
};

/** Situations of a reader's day, in the order in which one leads to the next; the stage, or what else is looked at. */
const SITUATIONS: readonly (readonly [name: string, arrange: () => Promise<void>, part?: string])[] = [
  [
    'axial',
    async () => {
      await openStudy(reading.page, 'Golden CT');
      await untilData(pane(), 'frame-count', /^60$/);
      for (let slice = 0; slice < 40; slice++) await press('ArrowDown');
      await untilData(pane(), 'frame-index', /^40$/);
    },
  ],
  ['lung-window', () => press('2')],
  ['bone-window', () => press('3')],
  [
    'inverted',
    async () => {
      // Resetting the image leaves the reader on the slice.
      await press('Backspace', 'i');
      await untilData(pane(), 'frame-index', /^40$/);
    },
  ],
  ['rotated', () => press('Backspace', ']')],
  ['flipped', () => press('Backspace', 'h')],
  ['one-to-one', () => press('Backspace', 'o')],
  [
    'hot-iron',
    async () => {
      await press('Backspace');
      await menu('Turn, size, colours, filter', 'Hot iron');
    },
  ],
  [
    'sharpened',
    async () => {
      await press('Backspace');
      await menu('Turn, size, colours, filter', 'Sharpen');
    },
  ],
  [
    'length',
    async () => {
      await press('Backspace', 'l');
      await drag([24, 64], [104, 64]);
    },
  ],
  [
    'angle',
    async () => {
      await afresh();
      await press('a');
      for (const [x, y] of [
        [30, 40],
        [64, 90],
        [100, 40],
      ] as const)
        await click(x, y);
    },
  ],
  [
    'ellipse',
    async () => {
      await afresh();
      await press('e');
      await drag([40, 40], [90, 90]);
    },
  ],
  [
    'rectangle-over-metal',
    async () => {
      await afresh();
      await press('r');
      await drag([80, 50], [98, 68]);
    },
  ],
  [
    'bidirectional',
    async () => {
      await afresh();
      await menu('More tools', /^Bidirectional/);
      await drag([30, 50], [100, 80]);
    },
  ],
  [
    'key-image-with-text',
    async () => {
      await afresh();
      await press('t');
      await click(89, 70);
      await reading.page.getByRole('textbox', { name: 'Text' }).fill('Implant');
      await press('Enter', 'k');
    },
  ],
  [
    'three-planes',
    async () => {
      await press('k');
      await afresh();
      await press('g');
      await reading.page.locator('[data-grid="1x3"]').click();
      for (let other = 0; other < 3; other++) await untilData(panes(reading.page).nth(other), 'ready', /^true$/);
      await press('x');
      await click(89, 59);
      await untilData(panes(reading.page).nth(1), 'frame-index', /^(59|58|68|69)$/);
    },
  ],
  ['full-pane', () => press('f')],
  [
    'missing-slices',
    async () => {
      await press('f');
      await close();
      await openStudy(reading.page, 'Golden gap');
    },
  ],
  [
    'mammograms',
    async () => {
      await close();
      await openStudy(reading.page, 'Golden MG');
      await expect.poll(() => panes(reading.page).count()).toBe(4);
      for (let other = 0; other < 4; other++) await untilData(panes(reading.page).nth(other), 'ready', /^true$/);
    },
  ],
  [
    'smpte',
    async () => {
      await reading.page.getByRole('button', { name: 'Copy, print, windows, settings' }).click();
      await reading.page.getByRole('menuitem', { name: 'Test pattern' }).hover();
      await reading.page.getByRole('menuitem', { name: 'SMPTE' }).click();
      await reading.page.locator('[data-pattern="smpte"]').waitFor();
    },
  ],
  [
    'segmentation',
    async () => {
      await close();
      await openStudy(reading.page, 'Golden CT');
      await untilData(pane(), 'frame-count', /^60$/);
      for (let slice = 0; slice < 40; slice++) await press('ArrowDown');
      await untilData(pane(), 'frame-index', /^40$/);
      await card(14);
      await untilData(pane().getByTestId('overlay'), 'patches', '1');
    },
  ],
  [
    'contours-and-dose',
    async () => {
      await reading.page.getByRole('button', { name: 'Take the overlay away' }).click();
      await card(15);
      await card(16);
      await reading.page.getByText('95 %').waitFor();
      await untilData(pane().getByTestId('overlay'), 'patches', '1');
    },
  ],
  [
    'presentation-state',
    async () => {
      for (let i = 0; i < 2; i++) await reading.page.getByRole('button', { name: 'Take the overlay away' }).first().click();
      await pane().focus();
      await reading.page.getByRole('button', { name: /Presentation states/ }).click();
      await reading.page.getByRole('menuitem', { name: /GOLDEN/ }).click();
      await pane().getByText('seen here').waitFor({ state: 'attached' });
    },
  ],
  [
    'list-of-measurements',
    async () => {
      await press('Backspace', 'l');
      await drag([24, 64], [104, 64]);
      await press('r');
      await drag([80, 50], [98, 68]);
      await press('d');
    },
    '.viewer-panel',
  ],
  [
    'table-of-elements',
    async () => {
      await press('d', 'w', 'Shift+T');
      await reading.page.getByText('(0008,0018)').waitFor();
    },
  ],
  [
    'report',
    async () => {
      await press('Escape');
      await pane().focus();
      await card(11);
      await reading.page.getByText('14.1 mm').waitFor();
    },
  ],
  [
    'ecg',
    async () => {
      await card(13);
      await reading.page.locator('[data-object="waveform"] canvas[data-drawn="25 10"]').waitFor();
    },
  ],
  [
    'pdf',
    async () => {
      await card(12);
      await reading.page.locator('[data-object="pdf"] canvas[data-drawn="true"]').waitFor();
    },
  ],
  [
    'cda',
    async () => {
      await card(17);
      await reading.page.getByText('14 mm').waitFor();
    },
  ],
  [
    'other-patient',
    async () => {
      await card(1);
      await untilData(pane(), 'ready', /^true$/);
      await reading.page.getByTitle('Open for comparison').filter({ hasText: '2024-01-01' }).click();
      await press('g');
      await reading.page.locator('[data-grid="1x2"]').click();
      await expect.poll(() => panes(reading.page).count()).toBe(2);
      await reading.page.locator(`[data-series-uid="${OTHER.studyInstanceUID}.1"].viewer-card`).dragTo(panes(reading.page).nth(1));
      await panes(reading.page).nth(1).getByText('Different patient').waitFor();
      for (let other = 0; other < 2; other++) await untilData(panes(reading.page).nth(other), 'ready', /^true$/);
    },
  ],
  [
    'third-of-four-times',
    async () => {
      await close();
      await openStudy(reading.page, 'Golden times');
      await untilData(pane(), 'frame-count', /^20$/);
      await press('ArrowDown', '.', '.');
      await untilData(pane(), 'frame-index', /^11$/);
    },
  ],
  [
    'playing',
    async () => {
      // Time stands still: the screen is drawn on, but no next frame is due.
      await reading.page.evaluate(`(() => {
        const [request, now] = [requestAnimationFrame, performance.now()];
        window.requestAnimationFrame = (draw) => request(() => draw(now));
      })()`);
      await press('c');
      await reading.page.getByRole('button', { name: 'Stop playing' }).waitFor();
      await pane().getByText('10 images a second').waitFor();
    },
  ],
];

/** Clicks a series of the CT study in the strip. */
async function card(number: number): Promise<void> {
  await reading.page.locator(`[data-series-uid="${CT.studyInstanceUID}.${number}"].viewer-card`).click();
}

/** A presentation state of the axial slice with the metal: a window, and a text beside a circle around it. */
async function writeState(files: string, study: MadeStudy): Promise<void> {
  const image = Dataset.of({
    ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    ReferencedSOPInstanceUID: `${study.studyInstanceUID}.1.41`,
  });
  const area = Dataset.of({
    DisplayedAreaTopLeftHandCorner: [1, 1],
    DisplayedAreaBottomRightHandCorner: [128, 128],
    PresentationSizeMode: 'SCALE TO FIT',
    PresentationPixelAspectRatio: ['1', '1'],
  });
  const circle = Dataset.of({
    GraphicAnnotationUnits: 'PIXEL',
    GraphicDimensions: 2,
    NumberOfGraphicPoints: 2,
    GraphicData: [89, 59, 101, 59],
    GraphicType: 'CIRCLE',
    GraphicFilled: 'N',
  });
  const text = Dataset.of({
    AnchorPointAnnotationUnits: 'PIXEL',
    UnformattedTextValue: 'seen here',
    AnchorPoint: [89, 40],
    AnchorPointVisibility: 'N',
  });
  await writeInstance(
    files,
    Dataset.of({
      ...patientAndStudy(study),
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.1',
      SOPInstanceUID: `${study.studyInstanceUID}.20.1`,
      SeriesInstanceUID: `${study.studyInstanceUID}.20`,
      Modality: 'PR',
      SeriesNumber: 20,
      InstanceNumber: 1,
      ContentLabel: 'GOLDEN',
      ReferencedSeriesSequence: [Dataset.of({ SeriesInstanceUID: `${study.studyInstanceUID}.1`, ReferencedImageSequence: [image] })],
      DisplayedAreaSelectionSequence: [area],
      SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '1064', WindowWidth: '1200' })],
      PresentationLUTShape: 'IDENTITY',
      GraphicLayerSequence: [Dataset.of({ GraphicLayer: 'SEEN', GraphicLayerOrder: '1' })],
      GraphicAnnotationSequence: [Dataset.of({ GraphicLayer: 'SEEN', GraphicObjectSequence: [circle], TextObjectSequence: [text] })],
    }),
  );
}

async function close(): Promise<void> {
  await reading.page.getByRole('button', { name: 'Close the study' }).click();
  await reading.page.locator('.viewer').waitFor({ state: 'detached' });
}

test('thirty-two situations of a reader’s day look as they were found to be right', async () => {
  const { page } = reading;
  expect(SITUATIONS).toHaveLength(32);
  const wrong: string[] = [];
  for (const [name, arrange, part = '.viewer-stage'] of SITUATIONS) {
    await arrange();
    // The scroll bar shows what is loaded: all of it, however slow the machine is.
    const loading = `[...document.querySelectorAll('.viewer-pane')].filter((pane) => pane.checkVisibility() && pane.querySelector('.object-sheet') === null && pane.dataset.loaded !== pane.dataset.frameCount).length`;
    await expect.poll(() => page.evaluate(loading), { timeout: 30_000, message: `${name}: panes that are still loading` }).toBe(0);
    // The pointer is no part of the picture: neither its tooltip nor its hover.
    await page.mouse.move(2, 638);
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const difference = await compareWithGolden(page, page.locator(part), name, folder.path);
    if (difference !== undefined && (difference.share > TOLERATED.share || difference.mean > TOLERATED.mean)) {
      wrong.push(`${name}: ${(100 * difference.share).toFixed(2)} % of the pixels, ${difference.mean.toFixed(2)} levels in the mean`);
    }
  }
  expect(wrong, 'situations that look otherwise; PHOSPHOR_GOLDEN=write makes the pictures anew').toEqual([]);
  expectNoErrors(reading.window);
});
