import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describeImage } from '../../electron/archive/image-description.ts';
import { memorySource, readPart10, Tag } from '../../electron/dicom/dataset/index.ts';
import type { ManifestInstance } from '../../shared/contract/index.ts';
import { launchChromium } from '../support/chromium.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compareSamples, isLossy, type Outcome, rendersOf, storedForms, worstOf } from './compare.ts';
import { type PageServer, startPageServer } from './page-server.ts';
import { type Picture, readPNG } from './png.ts';
import type { Finding } from './reference.ts';
import { type Row, readTable } from './tables.ts';

/** The viewer in a real Chromium: its store, its workers, its canvas. */
export interface ChromiumViewer {
  pixels(folder: string, table: string, hashes: readonly string[]): AsyncGenerator<Finding>;
  pictures(folder: string): AsyncGenerator<Finding>;
  /** What the canvas holds at one to one, or why there is none. `command`: DCMTK's options. */
  draw(path: string, frame: number, command: string, planes: boolean): Promise<Drawn>;
  /** Runs outliveHang of the page with a file that can be decoded. */
  outliveHang(path: string): Promise<{ hung: string; other: string }>;
  close(): Promise<void>;
}

type Drawn =
  | { readonly rgba: Buffer; readonly columns: number; readonly rows: number; readonly instance: ManifestInstance }
  | { readonly refused: string };

export async function startChromiumViewer(): Promise<ChromiumViewer> {
  const folder = await temporaryFolder('pictures-page');
  const server = await startPageServer(folder.path);
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 800, height: 600 }, deviceScaleFactor: 1 });
  await page.goto(server.url);
  return {
    async *pixels(root, table, hashes) {
      for (const row of readTable(root, table)) {
        const wanted = hashes.map((name) => row[name] ?? '').filter((hash) => /^[0-9a-f]{64}$/.test(hash));
        if (wanted.length === 0) continue;
        yield { name: row.path ?? '', outcome: await guarded(() => pixelsOf(page, server, join(root, row.path ?? ''), wanted)) };
      }
    },
    async *pictures(root) {
      for (const row of readTable(root, 'REFERENCE.tsv')) {
        const renders = rendersOf(root, row);
        if (renders.length > 0) yield { name: row.path ?? '', outcome: await guarded(() => pictures(page, server, root, row)) };
      }
    },
    draw: (path, frame, command, planes) => draw(page, server, path, { frame, command, planes }),
    outliveHang: (path) =>
      page.evaluate(
        (given) => (globalThis as unknown as { outliveHang(one: unknown): Promise<{ hung: string; other: string }> }).outliveHang(given),
        instanceOf(server, path),
      ),
    close: async () => {
      await browser.close();
      await server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

let opened = 0;

function instanceOf(server: PageServer, path: string): ManifestInstance {
  const file = readFileSync(path);
  const { meta, dataset } = readPart10(memorySource(file));
  opened += 1;
  const sopInstanceUID = `1.2.${opened}`;
  server.serve(sopInstanceUID, path);
  return {
    sopInstanceUID,
    sopClassUID: '1.2',
    transferSyntaxUID: meta.transferSyntaxUID,
    numberOfFrames: Math.max(1, dataset.number(Tag.NumberOfFrames) ?? 1),
    fileBytes: file.length,
    ...describeImage(path),
  };
}

async function pixelsOf(page: Page, server: PageServer, path: string, wanted: readonly string[]): Promise<Outcome> {
  const instance = instanceOf(server, path);
  const answer = await page.evaluate(
    (given) => (globalThis as unknown as { decodeFrames(one: unknown): Promise<{ refused?: string }> }).decodeFrames(given),
    instance,
  );
  const frames = server.results();
  if (answer.refused !== undefined || instance.image === undefined) return { kind: 'refused', detail: answer.refused ?? '' };
  const forms = storedForms(frames, instance.image).map((form) => createHash('sha256').update(form).digest('hex'));
  return forms.some((hash) => wanted.includes(hash)) ? { kind: 'equal', detail: '' } : { kind: 'different', detail: 'other stored values' };
}

async function pictures(page: Page, server: PageServer, folder: string, row: Row): Promise<Outcome> {
  const path = join(folder, row.path ?? '');
  const outcomes: Outcome[] = [];
  for (const { command, png, frame } of rendersOf(folder, row)) {
    const drawn = await draw(page, server, path, { frame, command, planes: false });
    if ('refused' in drawn) return { kind: 'refused', detail: drawn.refused };
    const reference = readPNG(readFileSync(join(folder, png)));
    const ours = fromRGBA(drawn.rgba, drawn.columns, drawn.rows, reference.samplesPerPixel);
    const { image } = drawn.instance;
    outcomes.push(compareSamples(reference, ours, image !== undefined && isLossy(row, image)));
  }
  return worstOf(outcomes);
}

async function draw(
  page: Page,
  server: PageServer,
  path: string,
  wanted: { frame: number; command: string; planes: boolean },
): Promise<Drawn> {
  const instance = instanceOf(server, path);
  const answer = await page.evaluate(
    (given) =>
      (globalThis as unknown as { drawPicture(one: unknown): Promise<{ refused?: string; columns?: number; rows?: number }> }).drawPicture(
        given,
      ),
    { instance, ...wanted },
  );
  const [result] = server.results();
  if (answer.refused !== undefined || result === undefined) return { refused: answer.refused ?? 'nothing was drawn' };
  return { rgba: result.bytes, columns: answer.columns ?? 0, rows: answer.rows ?? 0, instance };
}

/** Grey pictures have the same in all three colours; where they have not, they are compared as colour. */
export function fromRGBA(rgba: Buffer, columns: number, rows: number, samplesPerPixel: 1 | 3): Picture {
  const isGrey = samplesPerPixel === 1 && rgba.every((value, i) => i % 4 === 3 || value === rgba[i - (i % 4)]);
  const used = isGrey ? 1 : 3;
  const samples = new Uint8Array(columns * rows * used);
  for (let p = 0; p < columns * rows; p += 1) for (let s = 0; s < used; s += 1) samples[p * used + s] = rgba[p * 4 + s] ?? 0;
  return { columns, rows, samplesPerPixel: used, samples };
}

async function guarded(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    return { kind: 'refused', detail: thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : 'unknown' };
  }
}
