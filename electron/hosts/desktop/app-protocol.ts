import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { instanceUID } from '../instance-file.ts';
import { contentSecurityPolicy, SECURITY_HEADERS, type StaticSite } from '../static-files.ts';
import type { InstanceReader } from './instance-reader.ts';

export const SCHEME = 'pacs';
/** Origin of the window's page. */
export const ORIGIN = `${SCHEME}://app`;

/** Answers every request of the window's own scheme: the page, the built files, the stored instances; nothing else has an address. */
export function createAppProtocol(site: StaticSite, reader: InstanceReader): (request: Request) => Promise<Response> {
  return async (request) => {
    const { protocol, host, pathname } = new URL(request.url);
    if (`${protocol}//${host}` !== ORIGIN) return empty(404);
    if (request.method !== 'GET') return empty(405);
    if (pathname === '/' || pathname === '/index.html') return page(site);
    if (pathname.startsWith('/instances/')) {
      const uid = instanceUID(pathname);
      return uid === undefined ? empty(404) : await reader.respond(uid, request.headers.get('Range'));
    }
    const file = site.files.get(pathname);
    if (file === undefined) return empty(404);
    return new Response(await readFile(file.path), {
      headers: { ...SECURITY_HEADERS, 'Content-Security-Policy': contentSecurityPolicy('none'), 'Content-Type': file.type },
    });
  };
}

function page(site: StaticSite): Response {
  const nonce = randomBytes(18).toString('base64url');
  return new Response(site.page(nonce), {
    headers: {
      ...SECURITY_HEADERS,
      'Content-Security-Policy': contentSecurityPolicy(nonce),
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
    },
  });
}

function empty(status: number): Response {
  return new Response(null, { status, headers: SECURITY_HEADERS });
}
