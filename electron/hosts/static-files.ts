import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PhosphorError } from '../../shared/contract/index.ts';

export interface StaticFile {
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
  /** Its name holds a hash of its content. */
  readonly immutable: boolean;
}

export interface StaticSite {
  /** URL path, exactly as a browser sends it → file. What is not in here does not exist. */
  readonly files: ReadonlyMap<string, StaticFile>;
  /** The page with its Content-Security-Policy nonce filled in. */
  page(nonce: string): string;
}

/** Stands in the built page wherever a style or script needs the nonce (vite.config.ts). */
export const NONCE_PLACEHOLDER = '__CSP_NONCE__';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.pfb': 'application/octet-stream',
  '.bcmap': 'application/octet-stream',
  '.icc': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

/**
 * Lists the built renderer once. Requests are looked up in the resulting map by the literal path that was sent; nothing from outside is ever
 * joined to a folder. Throws PhosphorError `not-found` where the renderer was not built.
 */
export async function loadStaticSite(directory: string): Promise<StaticSite> {
  let html: string;
  try {
    html = await readFile(join(directory, 'index.html'), 'utf8');
  } catch {
    throw new PhosphorError('not-found', 'the window is not built yet; `npm start` builds it');
  }
  const files = new Map<string, StaticFile>();
  const note = async (parent: string, name: string) => {
    const path = join(parent, name);
    const type = TYPES[extname(name)];
    const url = path.slice(join(directory, '/').length).split('\\').join('/');
    if (type === undefined || url === 'index.html' || !/^[A-Za-z0-9._/-]+$/.test(url)) return;
    files.set(`/${url}`, { path, type, bytes: (await stat(path)).size, immutable: url.startsWith('assets/') });
  };
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => note(entry.parentPath, entry.name)));
  return { files, page: (nonce) => html.replaceAll(NONCE_PLACEHOLDER, nonce) };
}

/** The policy of every answer that carries code or markup. `connect` lists what the page may talk to besides its own origin. */
export function contentSecurityPolicy(nonce: string, connect: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${["'self'", ...connect].join(' ')}`,
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Sent with every answer of every host. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Referrer-Policy': 'no-referrer',
};
