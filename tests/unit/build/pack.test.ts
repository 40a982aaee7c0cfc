import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { extractAll, getRawHeader, listPackage } from '@electron/asar';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildRenderer } from '../../../build/scripts/build-renderer.ts';
import { bundleMain } from '../../../build/scripts/bundle-main.ts';
import { pack } from '../../../build/scripts/pack-application.ts';
import { createCodecWorker } from '../../../electron/transcoding/index.ts';
import { COLUMNS, ROWS, writeImage } from '../../support/images.ts';
import { colourDataset, compressed, ctDataset, encodedImage, instanceOf, SYNTAX } from '../transcoding/encoded-images.ts';

/** Marks the fuses in a real Electron: this text, version 1, their number, one character each. */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const EXECUTABLE = 'phosphor-workstation';

let folder: string;
let application: string;
let files: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phosphor-pack-'));
  const electronDist = join(folder, 'electron');
  await mkdir(join(electronDist, 'resources'), { recursive: true });
  await mkdir(join(electronDist, 'locales'));
  const program = Buffer.concat([Buffer.from(`fake ${FUSE_SENTINEL}`), Buffer.from([1, 9]), Buffer.from('100110000')]);
  await writeFile(join(electronDist, 'electron'), program);
  await chmod(join(electronDist, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox', 'chrome_crashpad_handler', 'locales/en-US.pak']) {
    await writeFile(join(electronDist, name), '');
  }
  await writeFile(join(electronDist, 'version'), '45.4.1');
  await buildRenderer();
  await bundleMain();
  const output = await pack({ output: join(folder, 'release'), electronDist });
  application = join(output, 'linux-unpacked');
  files = listPackage(join(application, 'resources', 'app.asar'), { isPack: false });
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the packed application holds the bundle: what starts, every thread, the preload and the window', () => {
  for (const path of [
    '/package.json',
    '/dist/main/electron/hosts/desktop/main.js',
    '/dist/main/electron/hosts/desktop/preload.cjs',
    '/dist/main/electron/hosts/desktop/reader-thread.js',
    '/dist/main/electron/hosts/loopback/http-thread.js',
    '/dist/main/electron/associations/association-thread.js',
    '/dist/main/electron/associations/listener-thread.js',
    '/dist/main/electron/transcoding/codec-thread.js',
    '/dist/main/files/charlswasm_decode.wasm',
    '/dist/main/files/dcmjs-native-codecs.wasm',
    '/dist/main/files/libjpegturbowasm_decode.wasm',
    '/dist/main/files/openjpegwasm_decode.wasm',
    '/dist/main/files/openjphjs.wasm',
    '/dist/renderer/index.html',
  ]) {
    expect(files).toContain(path);
  }
});

test('it holds nothing else: no sources, no tests, no packages beside the bundle', () => {
  const strange = files.filter(
    (file) => !/^\/(package\.json|dist(\/(main|renderer)(\/.*)?)?)$/.test(file) || /node_modules|\.ts$|\.sources$|\.map$/.test(file),
  );
  expect(strange).toEqual([]);
});

test('every file of the archive carries a hash for Electron to check', () => {
  const { header } = getRawHeader(join(application, 'resources', 'app.asar'));
  type Entry = { files?: Record<string, Entry>; integrity?: { algorithm: string } };
  const leaves = (entry: Entry): Entry[] => (entry.files === undefined ? [entry] : Object.values(entry.files).flatMap(leaves));
  const entries = leaves(header as Entry);
  expect(entries.length).toBeGreaterThan(50);
  expect(entries.filter((entry) => entry.integrity?.algorithm !== 'SHA256')).toEqual([]);
});

test('the fuses leave no way around the checked archive', async () => {
  const program = await readFile(join(application, EXECUTABLE), 'latin1');
  const at = program.indexOf(FUSE_SENTINEL) + FUSE_SENTINEL.length + 2;
  // Node's own mode off, cookie encryption on, NODE_OPTIONS off, --inspect off, asar integrity on, asar only, own V8 snapshot off, file:// privileges off.
  expect(program.slice(at, at + 8)).toBe('01001100');
});

test('the bundle imports nothing that is not in it but Node and Electron', async () => {
  const missing: string[] = [];
  const { extractFile } = await import('@electron/asar');
  // The list names folders too, and some packages are called like scripts.
  const folders = new Set(files.map((name) => dirname(name)));
  for (const file of files.filter((name) => /^\/dist\/main\/.*\.c?js$/.test(name) && !folders.has(name))) {
    const text = extractFile(join(application, 'resources', 'app.asar'), file.slice(1)).toString();
    for (const [, named, bare] of text.matchAll(/^(?:import|export)\b[^'";]*?\bfrom "([^"]+)"|^import "([^"]+)"/gm)) {
      const specifier = named ?? bare ?? '';
      if (!/^(node:|electron$|\.)/.test(specifier)) missing.push(`${file}: ${specifier}`);
    }
  }
  expect(missing).toEqual([]);
});

test('every decoder runs from the packed application, without a package beside it', async () => {
  const alone = join(folder, 'alone');
  extractAll(join(application, 'resources', 'app.asar'), alone);
  const start = (): Worker => new Worker(join(alone, 'dist/main/electron/transcoding/codec-thread.js'));
  const [packed, fromSources] = [createCodecWorker({ start }), createCodecWorker()];
  try {
    const ct = ctDataset(32);
    const plain = await packed.run('samplesHash', encodedImage(instanceOf(ct, SYNTAX.explicit)));
    for (const syntax of [SYNTAX.rle, SYNTAX.jpegLossless, SYNTAX.jpegLS, SYNTAX.jpeg2000]) {
      const image = encodedImage(await compressed(ct, syntax));
      expect([syntax, await packed.run('samplesHash', image)]).toEqual([syntax, plain]);
    }
    const lossy = encodedImage(await compressed(colourDataset(32), SYNTAX.jpegBaseline));
    expect(await packed.run('samplesHash', lossy)).toBe(await fromSources.run('samplesHash', lossy));
    // What is no HTJ2K is refused by its decoder; without one the error would be another.
    const notHTJ2K = { ...encodedImage(await compressed(ct, SYNTAX.jpeg2000)), transferSyntaxUID: SYNTAX.htj2k };
    const refusal = await fromSources.run('samplesHash', notHTJ2K).catch(({ data }) => data);
    expect(await packed.run('samplesHash', notHTJ2K).catch(({ data }) => data)).toEqual(refusal);
    expect(typeof refusal === 'string' ? 'decoded' : refusal.kind).not.toBe('internal');
  } finally {
    await Promise.all([packed.close(), fromSources.close()]);
  }
});

test('the packed command line writes pictures with text and a ZIP, and takes that in, without a package beside it', async () => {
  const alone = join(folder, 'alone-cli');
  extractAll(join(application, 'resources', 'app.asar'), alone);
  const profile = join(folder, 'profile');
  const values = { BitsAllocated: 8, BitsStored: 8, HighBit: 7 };
  const source = await writeImage(folder, { name: 'pattern', values, pixels: new Uint8Array(ROWS * COLUMNS + 1), pixelVR: 'OB' });
  const script = join(alone, 'start.mjs');
  await writeFile(script, "import { main } from './dist/main/electron/hosts/cli/main.js';\nawait main();\n");
  const start = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [script, ...args, '--profile', profile], { cwd: alone })).stdout;
  expect(await start('import', source)).toContain('1 imported');
  const study = /"studyInstanceUID":"([\d.]+)"/.exec(await start('list', '--json'))?.[1] ?? '';
  const [pictures, zip] = [join(folder, 'pictures'), join(folder, 'media.zip')];
  await start('export', '--study', study, '--to', pictures, '--form', 'jpeg', '--text');
  expect((await readdir(pictures, { recursive: true })).filter((name) => name.endsWith('.jpg'))).toHaveLength(1);
  await start('export', '--study', study, '--to', zip, '--form', 'media', '--zip');
  expect(await start('import', zip)).toContain('1 known');
}, 120_000);
