import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { pdfDataLicences } from './pdf-data.ts';
import { ROOT } from './root.ts';

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

/** Built into the window although they are only needed to build it. */
const BUNDLED = ['@fontsource-variable/inter'];
const MOST = 40_000;

/** Writes licences.json beside the window: name, version, licence and its text of every package that comes with the program. */
export function licences(): Plugin {
  return {
    name: 'phosphor-licences',
    apply: 'build',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'licences.json', source: JSON.stringify(await collect()) });
    },
  };
}

async function collect(): Promise<{ name: string; version: string; licence: string; text: string }[]> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> };
  const kept = Object.entries(lock.packages).filter(([path, { dev, optional }]) => {
    const name = nameOf(path);
    return path !== '' && optional !== true && (dev !== true || BUNDLED.includes(name));
  });
  const list = await Promise.all(
    kept.map(async ([path, { version = '', license = '' }]) => ({
      name: nameOf(path),
      version,
      licence: license,
      text: await textOf(path),
    })),
  );
  const data = {
    name: 'pdfjs-dist: character maps, fonts, decoders',
    version: '',
    licence: 'BSD, OFL and others',
    text: await pdfDataLicences(),
  };
  const fonts = {
    name: 'Noto Sans: fonts of exported pictures',
    version: '5.3.0',
    licence: 'OFL-1.1',
    text: await readFile(join(ROOT, 'electron', 'transcoding', 'fonts', 'OFL.txt'), 'utf8'),
  };
  const own = {
    name: 'Electron, Chromium, Node.js',
    version: '',
    licence: 'MIT, BSD and others',
    text: 'See LICENSES.chromium.html beside the program.',
  };
  return [...[...list, data, fonts].sort((a, b) => a.name.localeCompare(b.name)), own];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

async function textOf(path: string): Promise<string> {
  const folder = join(ROOT, path);
  const files = await readdir(folder).catch(() => []);
  const named = files.find((file) => /^(licen[cs]e|copying|ofl)/i.test(file));
  return named === undefined ? '' : (await readFile(join(folder, named), 'utf8').catch(() => '')).slice(0, MOST);
}
