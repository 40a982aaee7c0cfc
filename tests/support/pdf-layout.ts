import { inflateSync } from 'node:zlib';

/** Pages of a PDF, and the widths (points) in which it draws pictures. */
export function pdfLayout(pdf: Buffer): { pages: number; widths: number[] } {
  const raw = pdf.toString('latin1');
  const pages = [...raw.matchAll(/\/Type\s*\/Page\b(?!s)/g)].length;
  const widths: number[] = [];
  for (const { index, 0: opening } of raw.matchAll(/stream\r?\n/g)) {
    const start = index + opening.length;
    const end = raw.indexOf('endstream', start);
    let content = '';
    try {
      content = inflateSync(pdf.subarray(start, end)).toString('latin1');
    } catch {
      continue;
    }
    // Skia scales pages by its own factor first: the product of the scales before the image counts.
    let scale = 1;
    for (const [line, a] of content.matchAll(/^(-?[\d.]+) 0 0 -?[\d.]+ [-\d.]+ [-\d.]+ cm$/gm)) {
      const factor = Math.abs(Number(a));
      if (line === '') continue;
      widths.push(scale * factor);
      if (factor < 2) scale *= factor;
    }
  }
  return { pages, widths };
}
