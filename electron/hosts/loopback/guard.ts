import type { IncomingHttpHeaders } from 'node:http';

export type RequestKind = 'page' | 'resource' | 'session' | 'socket';

/**
 * Says why a request is refused, or undefined. The server stands on 127.0.0.1, where any page of any browser of this machine can send
 * requests to it: `Host` defeats DNS rebinding, `Origin` and `Sec-Fetch-Site` other pages. The first navigation comes from the launch
 * page as cross-site; it gets the static page, which holds nothing.
 */
export function refuse(kind: RequestKind, headers: IncomingHttpHeaders, authority: string): string | undefined {
  if (headers.host !== authority) return 'wrong Host';
  const own = `http://${authority}`;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  switch (kind) {
    case 'page':
      if (headers['sec-fetch-mode'] !== undefined && headers['sec-fetch-mode'] !== 'navigate') return 'the page is only navigated to';
      if (headers['sec-fetch-dest'] !== undefined && headers['sec-fetch-dest'] !== 'document') return 'the page stands in no frame';
      return undefined;
    case 'resource':
      if (site !== 'same-origin') return 'cross-site';
      return origin === undefined || origin === own ? undefined : 'wrong Origin';
    case 'session':
      if (site !== 'same-origin') return 'cross-site';
      return origin === own ? undefined : 'wrong Origin';
    case 'socket':
      // Chromium sends no Sec-Fetch-Site with a WebSocket handshake; Origin it always sends.
      if (site !== undefined && site !== 'same-origin') return 'cross-site';
      return origin === own ? undefined : 'wrong Origin';
  }
}
