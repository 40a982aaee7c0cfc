import type { PDFPageProxy } from 'pdfjs-dist';
import { pngOf } from '../../picture/copy.ts';
import type { PaperPage, PrintOffer } from '../../picture/offers.ts';
import type { SheetSize } from '../../picture/sheets.ts';

/** Dots of a millimetre: 200 in an inch, and 150 in long documents, whose pictures are all held at once. */
const PER_MILLIMETRE = { few: 200 / 25.4, many: 150 / 25.4 };
const MANY = 20;
const POINT = 25.4 / 72;

/** The pages of a PDF as they are, each as large as it fits on the paper, but not larger than it is. */
export function printOffer(pages: readonly PDFPageProxy[]): PrintOffer {
  return {
    kind: 'document',
    count: () => pages.length,
    async *pages(area, most) {
      const wanted = pages.slice(0, most);
      for (const page of wanted) yield await pictureOf(page, area, wanted.length > MANY ? PER_MILLIMETRE.many : PER_MILLIMETRE.few);
    },
  };
}

async function pictureOf(page: PDFPageProxy, area: SheetSize, density: number): Promise<PaperPage> {
  const own = page.getViewport({ scale: POINT });
  const fits = Math.min(1, area.width / own.width, area.height / own.height);
  const viewport = page.getViewport({ scale: POINT * fits * density });
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(viewport.width));
  canvas.height = Math.max(1, Math.round(viewport.height));
  await page.render({ canvas, viewport, intent: 'print' }).promise;
  const url = URL.createObjectURL(await pngOf(canvas));
  // What holds the memory is not waited for.
  canvas.width = 0;
  return { url, width: own.width * fits };
}
