import { readdir, readFile, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { productionBuild } from './production-build.ts';
import { ROOT } from './root.ts';
import { sourceHash } from './source-hash.ts';

const SOURCES = [
  'electron',
  'shared',
  'build/scripts/bundle-main.ts',
  'build/scripts/production-build.ts',
  'package.json',
  'package-lock.json',
];
const OUTPUT = join(ROOT, 'dist', 'main');
const STAMP = join(OUTPUT, '.sources');

/** What each host starts with. */
const ENTRIES = ['electron/hosts/desktop/main.ts', 'electron/hosts/loopback/main.ts', 'electron/hosts/cli/main.ts'];

/**
 * Compiles the main side into dist/main, one file for one source file, packages included (no node_modules is needed beside it), and the
 * preload script into one CommonJS file. Does nothing when the sources have not changed. Resolves with whether it built.
 */
export async function bundleMain(): Promise<boolean> {
  const hash = await sourceHash(ROOT, SOURCES);
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === hash) return false;
  const external = [/^node:/, ...builtinModules, 'electron'];
  await productionBuild({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    plugins: [threadURLs(), packageFiles(), decoderFolders()],
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: true,
      // Vite drops files beside the code from what it takes for a server.
      emitAssets: true,
      outDir: OUTPUT,
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        external,
        input: [...ENTRIES, ...(await threadEntries())].map((path) => join(ROOT, path)),
        output: {
          format: 'es',
          preserveModules: true,
          preserveModulesRoot: ROOT,
          entryFileNames: ({ name }) => `${name.replaceAll('node_modules', 'packages')}.js`,
          chunkFileNames: ({ name }) => `${name.replaceAll('node_modules', 'packages')}.js`,
        },
      },
    },
  });
  await productionBuild({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: true,
      outDir: join(OUTPUT, 'electron/hosts/desktop'),
      emptyOutDir: false,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        external: ['electron'],
        input: join(ROOT, 'electron/hosts/desktop/preload.ts'),
        output: { format: 'cjs', entryFileNames: 'preload.cjs', codeSplitting: false },
      },
    },
  });
  await writeFile(STAMP, hash);
  return true;
}

/** Threads are entries of their own: nothing imports them. */
async function threadEntries(): Promise<string[]> {
  const entries = await readdir(join(ROOT, 'electron'), { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'));
  const threads = new Set<string>();
  for (const source of sources) {
    const text = await readFile(join(source.parentPath, source.name), 'utf8');
    for (const [, path = ''] of text.matchAll(THREAD_URL)) threads.add(join(source.parentPath, path).slice(ROOT.length + 1));
  }
  return [...threads];
}

/** `new URL('./x-thread.ts', import.meta.url)`, the one form in which a thread is named. */
const THREAD_URL = /new URL\(\s*'(\.{1,2}\/[^']+\.ts)',\s*import\.meta\.url\s*,?\s*\)/g;

/** In the output a thread's file ends in .js. */
function threadURLs(): Plugin {
  return {
    name: 'phosphor:thread-urls',
    enforce: 'pre',
    transform(code, id) {
      if (!id.startsWith(join(ROOT, 'electron')) && !id.startsWith(join(ROOT, 'shared'))) return undefined;
      if (code.search(THREAD_URL) === -1) return undefined;
      return { code: code.replace(THREAD_URL, (found) => found.replace(/\.ts'/, ".js'")), map: null };
    },
  };
}

/** `import.meta.resolve('…wasm')`, the one form in which a file of a package is named. */
const PACKAGE_FILE = /\bimport\.meta\.resolve\(\s*'([^'.][^']*)'\s*,?\s*\)/g;

/** `new URL('./fonts/….woff', import.meta.url)`, the one form in which a font of our own is named. */
const OWN_FONT = /\bnew URL\(\s*'(\.\/fonts\/[\w-]+\.woff)',\s*import\.meta\.url\s*,?\s*\)/g;

/** The decoders' WebAssembly files and the fonts go into dist/main/files/: no package stands beside the bundle. */
function packageFiles(): Plugin {
  return {
    name: 'phosphor:package-files',
    enforce: 'pre',
    async transform(code, id) {
      if (!id.startsWith(join(ROOT, 'electron')) || (code.search(PACKAGE_FILE) === -1 && code.search(OWN_FONT) === -1)) return undefined;
      const urls = new Map<string, string>();
      for (const [, specifier = ''] of code.matchAll(PACKAGE_FILE)) {
        const file = fileURLToPath(import.meta.resolve(specifier));
        const fileName = `files/${basename(file)}`;
        this.emitFile({ type: 'asset', fileName, source: await readFile(file) });
        // The output has the folders of the sources: what holds for one holds for the other.
        const path = relative(dirname(id), join(ROOT, fileName)).split(sep).join('/');
        urls.set(specifier, `new URL('${path}', import.meta.url).href`);
      }
      for (const [, path = ''] of code.matchAll(OWN_FONT)) {
        const fileName = `files/${basename(path)}`;
        this.emitFile({ type: 'asset', fileName, source: await readFile(join(dirname(id), path)) });
        urls.set(path, `new URL('${relative(dirname(id), join(ROOT, fileName)).split(sep).join('/')}', import.meta.url)`);
      }
      const rewritten = code
        .replace(OWN_FONT, (found, path: string) => urls.get(path) ?? found)
        .replace(PACKAGE_FILE, (found, specifier: string) => urls.get(specifier) ?? found);
      return { code: rewritten, map: null };
    },
  };
}

/** The decoders' glue asks for its folder to find its WebAssembly file there, which we hand it; a module of the bundle has no `__dirname`. */
function decoderFolders(): Plugin {
  return {
    name: 'phosphor:decoder-folders',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('/@cornerstonejs/codec-') || !code.includes('__dirname')) return undefined;
      return { code: code.replace(/\b__dirname\b/g, "''"), map: null };
    },
  };
}
