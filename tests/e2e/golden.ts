import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';

const FOLDER = fileURLToPath(new URL('./golden/', import.meta.url));
/** PHOSPHOR_GOLDEN=write: the pictures are made anew instead of compared; look at them before they are committed. */
const WRITING = process.env.PHOSPHOR_GOLDEN === 'write';

export interface Difference {
  /** Share of the pixels that are clearly another colour: more than `CLEARLY` in one of the three channels. */
  readonly share: number;
  /** Of all channels of all pixels. */
  readonly mean: number;
}

/** Edges of letters may be drawn a little otherwise by the next Chromium; a mark, a line or a window may not. */
const CLEARLY = 48;
export const TOLERATED: Difference = { share: 0.004, mean: 1 };

/** How a part of the page differs from the picture that is kept under this name; undefined where that was written now. */
export async function compareWithGolden(page: Page, part: Locator, name: string, failures: string): Promise<Difference | undefined> {
  const file = join(FOLDER, `${name}.png`);
  const taken = await part.screenshot({ animations: 'disabled', caret: 'hide' });
  if (WRITING) {
    await mkdir(FOLDER, { recursive: true });
    await writeFile(file, taken);
    return undefined;
  }
  const kept = await readFile(file);
  const difference = await compare(page, kept, taken);
  if (difference.share > TOLERATED.share || difference.mean > TOLERATED.mean) await writeFile(join(failures, `${name}.png`), taken);
  return difference;
}

/** Chromium decodes both: no package is needed for it. Pictures of two sizes differ altogether. */
async function compare(page: Page, kept: Buffer, taken: Buffer): Promise<Difference> {
  const [one, other] = [kept.toString('base64'), taken.toString('base64')];
  return await page.evaluate(
    `(async () => {
      const pixels = async (base64) => {
        const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
        context.drawImage(bitmap, 0, 0);
        return context.getImageData(0, 0, bitmap.width, bitmap.height);
      };
      const [a, b] = [await pixels('${one}'), await pixels('${other}')];
      if (a.width !== b.width || a.height !== b.height) return { share: 1, mean: 255 };
      let sum = 0;
      let clearly = 0;
      for (let at = 0; at < a.data.length; at += 4) {
        let most = 0;
        for (let channel = 0; channel < 3; channel++) {
          const off = Math.abs(a.data[at + channel] - b.data[at + channel]);
          sum += off;
          most = Math.max(most, off);
        }
        if (most > ${CLEARLY}) clearly += 1;
      }
      const count = a.width * a.height;
      return { share: clearly / count, mean: sum / (3 * count) };
    })()`,
  );
}
