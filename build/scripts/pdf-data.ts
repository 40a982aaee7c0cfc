import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { ROOT } from './root.ts';

const PACKAGE = join(ROOT, 'node_modules', 'pdfjs-dist');

/** What pdf.js fetches when a document needs it: folders of its package, and what of them. Its engine for scripts of documents is not among it. */
const FOLDERS = {
  cmaps: /\.bcmap$/,
  standard_fonts: /\.(pfb|ttf)$/,
  wasm: /^(jbig2|openjpeg|qcms_bg)\.wasm$/,
  iccs: /\.icc$/,
} as const;

/** Puts character maps, the fonts that every PDF may take for granted, and decoders beside the window; their folder is `__PDF_DATA__` in its code. */
export async function pdfData(): Promise<Plugin> {
  const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
  // The version stands in the address: what is fetched once may be kept for good.
  const place = `assets/pdf-${version}`;
  return {
    name: 'phosphor-pdf-data',
    config: () => ({ define: { __PDF_DATA__: JSON.stringify(`/${place}/`) } }),
    async generateBundle() {
      for (const [folder, wanted] of Object.entries(FOLDERS)) {
        for (const name of (await readdir(join(PACKAGE, folder))).filter((one) => wanted.test(one))) {
          this.emitFile({ type: 'asset', fileName: `${place}/${folder}/${name}`, source: await readFile(join(PACKAGE, folder, name)) });
        }
      }
    },
  };
}

/** The licences of what stands in those folders, which is not pdf.js's own. */
export async function pdfDataLicences(): Promise<string> {
  const found: string[] = [];
  for (const folder of Object.keys(FOLDERS)) {
    const names = (await readdir(join(PACKAGE, folder))).filter((name) => /^LICENSE/.test(name) && !name.includes('QUICKJS'));
    for (const name of names.sort()) found.push(`${folder}/${name}\n\n${await readFile(join(PACKAGE, folder, name), 'utf8')}`);
  }
  return found.join('\n\n');
}
