import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { hounsfieldAt, type MadeStudy, writeVolume } from '../support/volume.ts';
import { expectNoErrors } from './browser.ts';
import { dragOver, onPage, openStudy, panes, type Reading, startReading, untilData } from './viewer.ts';

const STUDY: MadeStudy = {
  patientName: 'Sørli^Ida',
  patientID: 'T-1',
  patientBirthDate: '19700101',
  studyInstanceUID: '1.2.826.0.1.3680043.9.81',
  studyDate: '20261119',
  studyDescription: 'CT for every tool',
};
/** The slice that is drawn on, and its place in the patient (mm). */
const SLICE = 40;
const Z = 10;
type At = readonly [x: number, y: number];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let reading: Reading;

// One reader's session: each test goes on where the one before it ended.
beforeAll(async () => {
  folder = await temporaryFolder('viewer-tools');
  const files = join(folder.path, 'files');
  await writeVolume(files, STUDY, { planes: ['AX', 'SAG'] });
  reading = await startReading(folder.path, files);
});

afterAll(async () => {
  await reading[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const pane = () => panes(reading.page).first();
const mark = (kind: string) => pane().locator(`[data-kind="${kind}"]`);
const linesOf = async (kind: string) => await mark(kind).last().locator('tspan').allTextContents();
const numbersOf = async (kind: string): Promise<number[]> =>
  (await linesOf(kind))
    .join(' ')
    .match(/-?\d+(\.\d+)?/g)
    ?.map(Number) ?? [];
const choose = async (name: RegExp) => {
  await reading.page.getByRole('button', { name: 'More tools' }).click();
  await reading.page.getByRole('menuitem', { name }).click();
};
const click = async (x: number, y: number) => {
  const at = await onPage(pane(), x, y);
  await reading.page.mouse.move(at.x, at.y, { steps: 2 });
  await reading.page.mouse.click(at.x, at.y);
};
/** Nothing is left for the next tool to grab. */
const clear = async (kind: string) => {
  await reading.page.keyboard.press('Delete');
  await mark(kind).waitFor({ state: 'detached' });
};

/** Values of the pixels whose centres lie inside an outline, computed from the volume itself. */
function inside(outline: readonly At[]): { count: number; mean: number; deviation: number; low: number; high: number } {
  const values: number[] = [];
  for (let row = 0; row < 128; row++) {
    for (let column = 0; column < 128; column++) {
      const [x, y] = [column + 0.5, row + 0.5];
      let crossings = 0;
      outline.forEach(([ax, ay], index) => {
        const [bx, by] = outline[(index + 1) % outline.length] ?? [0, 0];
        if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) crossings += 1;
      });
      if (crossings % 2 === 1) values.push(hounsfieldAt(column - 64, row - 64, Z));
    }
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    count: values.length,
    mean,
    deviation: Math.sqrt(squares / (values.length - 1)),
    low: Math.min(...values),
    high: Math.max(...values),
  };
}

/** Twice the signed area is the sum of the cross products. */
function areaOf(outline: readonly At[]): number {
  return Math.abs(
    outline.reduce((sum, [x, y], index) => {
      const [nextX, nextY] = outline[(index + 1) % outline.length] ?? [0, 0];
      return sum + x * nextY - nextX * y;
    }, 0) / 2,
  );
}

const expectArea = (figures: readonly number[], outline: readonly At[]) => {
  const [mean = 0, deviation = 0, low = 0, high = 0, area = 0] = figures;
  const wanted = inside(outline);
  expect(Math.abs(mean - wanted.mean), `mean ${mean} of ${wanted.mean}`).toBeLessThan(1);
  expect(Math.abs(deviation - wanted.deviation), `deviation ${deviation} of ${wanted.deviation}`).toBeLessThan(1);
  expect(Math.abs(low - wanted.low), `low ${low} of ${wanted.low}`).toBeLessThanOrEqual(1);
  expect(Math.abs(high - wanted.high), `high ${high} of ${wanted.high}`).toBeLessThanOrEqual(1);
  // A label says mm², from 100 mm² on cm².
  const millimetres = area < 50 ? area * 100 : area;
  expect(Math.abs(millimetres - areaOf(outline)) / areaOf(outline), `area ${area} of ${areaOf(outline)}`).toBeLessThan(0.02);
};

test('the magnifier shows what lies under the pointer, two and a half times as large, while the button is down', async () => {
  const { page } = reading;
  await openStudy(page, 'CT for every tool');
  for (let slice = 0; slice < SLICE; slice++) await page.keyboard.press('ArrowDown');
  await untilData(panes(page).first(), 'frame-index', /^40$/);
  await page.keyboard.press('m');
  // The cube of metal: columns 84 to 93, rows 54 to 63; its middle is 89, 59.
  const at = await onPage(pane(), 89, 59);
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  const lens = pane().locator('.viewer-lens');
  await lens.waitFor();
  const seen = await lens.evaluate((element) => {
    const canvas = element as unknown as {
      width: number;
      getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
    };
    const { data } = canvas.getContext('2d').getImageData(0, Math.floor(canvas.width / 2), canvas.width, 1);
    return Array.from({ length: canvas.width }, (_, x) => data[4 * x] ?? 0);
  });
  const scale = Number(await pane().getAttribute('data-scale'));
  const bright = seen.filter((grey) => grey > 250).length;
  // Ten pixels wide, edges blended over one; the lens may cut it.
  expect(Math.abs(bright - Math.min(seen.length, 10 * scale * 2.5))).toBeLessThan(scale * 2.5 + 2);
  // Moved ten pixels to the left, tissue is in its middle: 40 + 16/4 HU in W 400 L 40.
  const beside = await onPage(pane(), 79.5, 59);
  await page.mouse.move(beside.x, beside.y, { steps: 3 });
  const middle = await lens.evaluate((element) => {
    const canvas = element as unknown as {
      width: number;
      getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
    };
    return canvas.getContext('2d').getImageData(canvas.width / 2, canvas.width / 2, 1, 1).data[0] ?? 0;
  });
  const units = hounsfieldAt(79 - 64, 59 - 64, Z);
  expect(Math.abs(middle - Math.round(((units - (40 - 0.5)) / (400 - 1) + 0.5) * 255))).toBeLessThanOrEqual(1);
  await page.mouse.up();
  await lens.waitFor({ state: 'detached' });
});

test('a bidirectional measurement proposes its short axis at right angles, and that is moved', async () => {
  const { page } = reading;
  await choose(/^Bidirectional/);
  await dragOver(page, pane(), [
    [24, 64],
    [104, 64],
  ]);
  await mark('bidirectional').waitFor();
  const [long = 0, short = 0] = await numbersOf('bidirectional');
  expect(Math.abs(long - 80)).toBeLessThan(0.5);
  expect(Math.abs(short - 40)).toBeLessThan(0.5);
  await dragOver(page, pane(), [
    [64, 44],
    [70, 34],
  ]);
  const moved = await numbersOf('bidirectional');
  expect(Math.abs((moved[0] ?? 0) - 80)).toBeLessThan(0.5);
  expect(Math.abs((moved[1] ?? 0) - Math.hypot(6, 50))).toBeLessThan(0.7);
  await clear('bidirectional');
});

test('a freehand area reads what its outline encloses', async () => {
  const { page } = reading;
  await choose(/^Freehand area/);
  const outline = Array.from({ length: 48 }, (_, index): At => {
    const angle = (index * Math.PI) / 24;
    return [80 + 18 * Math.cos(angle), 62 + 14 * Math.sin(angle)];
  });
  await dragOver(page, pane(), outline);
  await mark('freehand').waitFor();
  expectArea(await numbersOf('freehand'), outline);
  await clear('freehand');
});

test('a polygon ends with a double click and reads what it encloses', async () => {
  const { page } = reading;
  await choose(/^Polygon/);
  const outline: At[] = [
    [40, 40],
    [96, 48],
    [90, 90],
    [64, 70],
    [44, 88],
  ];
  for (const [x, y] of outline.slice(0, -1)) await click(x, y);
  const [x, y] = outline.at(-1) ?? [0, 0];
  const last = await onPage(pane(), x, y);
  await page.mouse.move(last.x, last.y, { steps: 3 });
  await page.mouse.dblclick(last.x, last.y);
  await mark('polygon').waitFor();
  // Another move must not draw on.
  await page.mouse.move(last.x + 60, last.y + 40);
  expectArea(await numbersOf('polygon'), outline);
  // The double click ended the polygon and did nothing else.
  expect(await panes(page).count()).toBe(1);
  await clear('polygon');
});

test('an arrow points where it began and keeps its words', async () => {
  const { page } = reading;
  await choose(/^Arrow/);
  await dragOver(page, pane(), [
    [84, 54],
    [60, 30],
  ]);
  await page.getByRole('textbox', { name: 'Text' }).fill('Implant');
  await page.keyboard.press('Enter');
  await mark('arrow').getByText('Implant').waitFor();
  const path = (await mark('arrow').locator('.viewer-mark-line').getAttribute('d')) ?? '';
  const [ax = 0, ay = 0, bx = 0, by = 0] = path.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
  const box = await pane().boundingBox();
  const [tip, tail] = [await onPage(pane(), 84, 54), await onPage(pane(), 60, 30)];
  const onScreen = [ax, ay, bx, by].map((value, index) => value + ((index % 2 === 0 ? box?.x : box?.y) ?? 0));
  for (const [index, value] of [tip.x, tip.y, tail.x, tail.y].entries()) expect(Math.abs((onScreen[index] ?? 0) - value)).toBeLessThan(1.5);
  // The head stands at the tip: its middle point is the tip, both ends of its strokes are nearer to it than the tail.
  const head =
    path
      .slice(path.indexOf('M', 1))
      .match(/-?\d+(\.\d+)?/g)
      ?.map(Number) ?? [];
  expect(Math.hypot((head[2] ?? 0) - ax, (head[3] ?? 0) - ay)).toBeLessThan(0.5);
  expect(Math.hypot((head[0] ?? 0) - ax, (head[1] ?? 0) - ay)).toBeLessThan(12);
  await clear('arrow');
});

test('spine labels go on by themselves, in the direction that the reader takes, over the joints of the spine', async () => {
  const { page } = reading;
  await choose(/^Spine label/);
  const field = page.getByRole('textbox', { name: 'Label' });
  const label = async (at: At, typed?: string) => {
    await click(...at);
    await field.waitFor();
    const proposed = await field.inputValue();
    if (typed !== undefined) await field.fill(typed);
    await page.keyboard.press('Enter');
    await field.waitFor({ state: 'detached' });
    return proposed;
  };
  expect(await label([64, 30], 'T11')).toBe('C1');
  expect(await label([64, 40])).toBe('T12');
  expect(await label([64, 50])).toBe('L1');
  expect(await label([64, 60], 'L5')).toBe('L2');
  expect(await label([64, 70])).toBe('S1');
  // From S1 up: two going up say so.
  expect(await label([90, 70], 'L5')).toBe('');
  expect(await label([90, 60])).toBe('L4');
  expect((await mark('spine').allTextContents()).map((text) => text.trim())).toEqual(['T11', 'T12', 'L1', 'L5', 'S1', 'L5', 'L4']);
  for (let taken = 0; taken < 7; taken++) await page.keyboard.press('Control+z');
  await mark('spine').first().waitFor({ state: 'detached' });
});

test('a pane is split as the reader wants it, its border is dragged, and panes are closed again', async () => {
  const { page } = reading;
  await page.keyboard.press('w');
  const picker = async (name: string) => {
    await page.keyboard.press('g');
    await page.locator('.viewer-picker').getByRole('button', { name }).click();
    await page.locator('.viewer-picker').waitFor({ state: 'detached' });
  };
  const boxes = async () => {
    const found = await Promise.all((await page.locator('.viewer-slot:visible').all()).map((slot) => slot.boundingBox()));
    return found.flatMap((box) => (box === null ? [] : [box])).sort((a, b) => a.x - b.x || a.y - b.y);
  };
  const [whole] = await boxes();
  if (whole === undefined) throw new Error('no pane');
  await picker('Split the pane: side by side');
  await expect.poll(() => panes(page).count()).toBe(2);
  await untilData(panes(page).nth(1), 'series-uid', /\.3$/);
  // The border moves from a half to seven tenths.
  const y = whole.y + whole.height / 2;
  await page.mouse.move(whole.x + whole.width / 2, y);
  await page.mouse.down();
  await page.mouse.move(whole.x + whole.width * 0.7, y, { steps: 4 });
  await page.mouse.up();
  const [left, right] = await boxes();
  expect(Math.abs((left?.width ?? 0) / whole.width - 0.7)).toBeLessThan(0.01);
  expect(Math.abs((right?.width ?? 0) / whole.width - 0.3)).toBeLessThan(0.01);
  // The right one is cut below: a layout that no grid is.
  await panes(page)
    .nth(1)
    .click({ position: { x: 60, y: 200 } });
  await picker('Split the pane: one below the other');
  await expect.poll(() => panes(page).count()).toBe(3);
  const three = await boxes();
  expect(three.map(({ height }) => Math.round((100 * height) / whole.height))).toEqual([100, 50, 50]);
  expect(three.map(({ width }) => Math.round((10 * width) / whole.width))).toEqual([7, 3, 3]);
  await picker('Close the pane');
  await expect.poll(() => panes(page).count()).toBe(2);
  await picker('Close the pane');
  await expect.poll(() => panes(page).count()).toBe(1);
  await untilData(pane(), 'ready', /^true$/);
});

test('a film that sweeps turns at both ends and shows every image on its way', async () => {
  const { page } = reading;
  await page.getByRole('button', { name: 'Speed and direction' }).click();
  for (let step = 0; step < 12; step++) await page.getByRole('menuitem', { name: /^Faster/ }).click();
  await page.getByRole('menuitem', { name: 'Back and forth' }).click();
  await page.keyboard.press('End');
  const last = Number(await pane().getAttribute('data-frame-count')) - 1;
  await untilData(pane(), 'frame-index', new RegExp(`^${last}$`));
  for (let slice = 0; slice < 3; slice++) await page.keyboard.press('ArrowUp');
  await untilData(pane(), 'frame-index', new RegExp(`^${last - 3}$`));
  await page.evaluate(`(() => {
    const pane = document.querySelector('.viewer-pane');
    window.shown = [Number(pane.dataset.frameIndex)];
    new MutationObserver(() => {
      const now = Number(pane.dataset.frameIndex);
      if (now !== window.shown.at(-1)) window.shown.push(now);
    }).observe(pane, { attributes: true, attributeFilter: ['data-frame-index'] });
  })()`);
  await page.keyboard.press('c');
  const shown = async (): Promise<number[]> => await page.evaluate('window.shown');
  await expect.poll(async () => (await shown()).includes(0), { timeout: 60_000 }).toBe(true);
  await expect.poll(async () => (await shown()).lastIndexOf(3) > (await shown()).indexOf(0), { timeout: 30_000 }).toBe(true);
  await page.keyboard.press('c');
  const way = await shown();
  const down = Array.from({ length: last + 1 }, (_, index) => last - index);
  expect(way.slice(0, last + 7)).toEqual([last - 3, last - 2, last - 1, ...down, 1, 2, 3]);
  expectNoErrors(reading.window);
});
