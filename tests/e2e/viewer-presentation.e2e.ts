import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { Dataset } from '../../electron/dicom/dataset/index.ts';
import { cells, writeImage } from '../support/images.ts';
import { writePresentationState } from '../support/presentation-states.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { expectNoErrors, screenshot } from './browser.ts';
import { onPage, openStudy, startReading, untilData } from './viewer.ts';

const SIZE = { Rows: 200, Columns: 300 };
/** Every column has one value, from 0 to 2990. */
const ramp = Array.from({ length: SIZE.Rows * SIZE.Columns }, (_, i) => (i % SIZE.Columns) * 10);
const RED = [34_879, 53_485, 50_171];

const graphic = (GraphicType: string, GraphicData: number[], filled = 'N') =>
  Dataset.of({
    GraphicAnnotationUnits: 'PIXEL',
    GraphicDimensions: 2,
    NumberOfGraphicPoints: GraphicData.length / 2,
    GraphicData,
    GraphicType,
    ...(GraphicType === 'CIRCLE' ? { GraphicFilled: filled } : {}),
  });

test('a presentation state is offered, applied with window, area, rotation, shutter and graphics, and put away again', async () => {
  await using folder = await temporaryFolder('presentation');
  const files = join(folder.path, 'files');
  await mkdir(files);
  const image = await writeImage(files, {
    name: 'ramp',
    values: { ...SIZE, BitsAllocated: 16, BitsStored: 12, HighBit: 11, WindowCenter: '1500', WindowWidth: '3000' },
    pixels: cells(ramp, 16),
  });
  await writePresentationState(image, {
    ContentLabel: 'LESION',
    ContentDescription: 'What the conference saw',
    SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '1000', WindowWidth: '500' })],
    ImageRotation: 90,
    ImageHorizontalFlip: 'N',
    DisplayedAreaSelectionSequence: [
      Dataset.of({
        DisplayedAreaTopLeftHandCorner: [51, 150],
        DisplayedAreaBottomRightHandCorner: [150, 51],
        PresentationSizeMode: 'SCALE TO FIT',
        PresentationPixelAspectRatio: ['1', '1'],
      }),
    ],
    ShutterShape: 'CIRCULAR',
    CenterOfCircularShutter: [100, 100],
    RadiusOfCircularShutter: 48,
    ShutterPresentationValue: 20_000,
    GraphicLayerSequence: [
      Dataset.of({ GraphicLayer: 'LINES', GraphicLayerOrder: '2', GraphicLayerRecommendedDisplayCIELabValue: RED }),
      Dataset.of({ GraphicLayer: 'WORDS', GraphicLayerOrder: '1' }),
    ],
    GraphicAnnotationSequence: [
      Dataset.of({
        GraphicLayer: 'LINES',
        GraphicObjectSequence: [
          graphic('POLYLINE', [80, 80, 120, 80, 120, 110]),
          graphic('CIRCLE', [100, 100, 112, 100]),
          graphic('ELLIPSE', [70, 120, 110, 120, 90, 112, 90, 128]),
          graphic('INTERPOLATED', [75, 75, 85, 70, 95, 78, 105, 70]),
        ],
      }),
      Dataset.of({
        GraphicLayer: 'WORDS',
        TextObjectSequence: [
          Dataset.of({
            AnchorPointAnnotationUnits: 'PIXEL',
            UnformattedTextValue: 'see here\r\nand here',
            AnchorPoint: [112, 100],
            AnchorPointVisibility: 'Y',
            BoundingBoxAnnotationUnits: 'DISPLAY',
            BoundingBoxTopLeftHandCorner: [0.7, 0.7],
            BoundingBoxBottomRightHandCorner: [0.95, 0.8],
            BoundingBoxTextHorizontalJustification: 'LEFT',
          }),
        ],
      }),
    ],
  });
  await using reading = await startReading(folder.path, files);
  const { page } = reading;
  await openStudy(page, 'Pattern');
  const pane = page.locator('.viewer-pane').first();
  await untilData(pane, 'window-width', '3000');
  const before = await pane.getAttribute('data-matrix');

  await page.getByRole('button', { name: 'Presentation states' }).click();
  await page.getByRole('menuitem', { name: 'LESION' }).click();
  await untilData(pane, 'presentation-state', /^1\.2\.3\./);
  await untilData(pane, 'window-center', '1000');
  await pane.getByTestId('presentation-state').getByText('LESION').waitFor();
  // A value of 1000 is the middle of the window; turned clockwise, the left of the image is on top.
  expect(await greyAt(page, 100, 100)).toBeGreaterThan(115);
  expect(await greyAt(page, 100, 100)).toBeLessThan(140);
  expect(await greyAt(page, 130, 100)).toBe(255);
  expect(await greyAt(page, 55, 55), 'shut off').toBe(78);
  const [left, right] = [await onPage(pane, 60, 100), await onPage(pane, 140, 100)];
  expect(left.y).toBeLessThan(right.y);
  expect(Math.abs(left.x - right.x)).toBeLessThan(1);
  const lines = pane.locator('.presentation-line');
  expect(await lines.count()).toBe(5);
  const layers = await page.evaluate<[string, string][]>(
    `[...document.querySelectorAll('[data-layer]')].map((one) => [one.dataset.layer, getComputedStyle(one).color])`,
  );
  expect(layers.map(([name]) => name)).toEqual(['WORDS', 'LINES']);
  expect(layers[1]?.[1]).toMatch(/^rgb\(25[0-5], [0-9], [0-9]\)$/);
  expect(await pane.getByText('see here').count()).toBe(1);
  await screenshot(page, 'viewer-presentation-state');

  // An image that is drawn anew for the paper: red lines over it, and what is shut off in the grey of the state.
  const printed = await printedColours(page);
  expect(printed.red).toBeGreaterThan(200);
  expect(printed.shut).toBeGreaterThan(0.1);
  await page.keyboard.press('u');
  await expect.poll(() => lines.count()).toBe(0);
  const without = await printedColours(page);
  expect(without.red).toBe(0);
  expect(without.shut).toBeGreaterThan(0.1);
  await page.keyboard.press('u');
  await expect.poll(() => lines.count()).toBe(5);
  await page.getByRole('button', { name: 'Presentation states' }).click();
  await page.getByRole('menuitem', { name: 'As stored' }).click();
  await untilData(pane, 'window-width', '3000');
  expect(await pane.getAttribute('data-matrix')).toBe(before);
  expect(await pane.getAttribute('data-presentation-state')).toBe('');
  await page.keyboard.press('Control+z');
  await untilData(pane, 'presentation-state', /^1\.2\.3\./);

  await page.getByRole('button', { name: 'Presentation states' }).click();
  await page.getByRole('menuitem', { name: 'Take its graphics over as marks' }).click();
  // A circle, an ellipse and a text; lines of more than two points have no counterpart.
  await expect.poll(() => pane.locator('.viewer-mark').count()).toBe(3);
  await page.keyboard.press('d');
  await page.locator('[data-save="presentation"]').click();
  await page.getByText('Presentation state with 3 marks saved in the study.').waitFor({ timeout: 20_000 });
  const menu = page.getByRole('button', { name: 'Presentation states' });
  await expect.poll(() => menu.textContent(), { timeout: 20_000 }).toBe('2');
  await menu.click();
  await page.getByRole('menuitem', { name: 'PHOSPHOR' }).click();
  await untilData(pane, 'presentation-state', /^2\.25\./);
  await untilData(pane, 'window-center', '1000');
  expect(await greyAt(page, 130, 100)).toBe(255);
  expectNoErrors(reading.window);
});

/** Grey level of the canvas at a point of the image. */
async function greyAt(page: Page, x: number, y: number): Promise<number> {
  const at = await onPage(page.locator('.viewer-pane').first(), x, y);
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelector('.viewer-pane canvas');
    const { left, top } = canvas.getBoundingClientRect();
    const [x, y] = [(${at.x} - left) * devicePixelRatio, (${at.y} - top) * devicePixelRatio];
    return canvas.getContext('2d').getImageData(x, y, 1, 1).data[0];
  })()`);
}

/** Of the picture that the print dialog makes of the image in true size: red pixels, and the share of those that are shut off. */
async function printedColours(page: Page): Promise<{ red: number; shut: number }> {
  await page.evaluate('window.print = () => undefined');
  await page.keyboard.press('Control+p');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox', { name: 'True size' }).check();
  await dialog.getByRole('button', { name: 'Print', exact: true }).click();
  await page.locator('.print-root[data-ready="true"]').waitFor({ state: 'attached', timeout: 60_000 });
  const colours = await page.evaluate<{ red: number; shut: number }>(`(async () => {
    const image = document.querySelector('.print-root img');
    await image.decode();
    const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
    const found = { red: 0, shut: 0 };
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] > 200 && data[at + 1] < 60 && data[at + 2] < 60) found.red++;
      if (data[at] === 78 && data[at + 1] === 78 && data[at + 2] === 78) found.shut += 4 / data.length;
    }
    return found;
  })()`);
  await page.evaluate('window.dispatchEvent(new Event("afterprint"))');
  await dialog.waitFor({ state: 'detached' });
  return colours;
}
