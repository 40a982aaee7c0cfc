import { PhosphorError } from '../../shared/contract/index.ts';

const STORED = 'phosphor.session-key';

/**
 * The key of this window's session with the loopback host. The launch page hands a single-use token over in the URL's fragment (which no
 * request carries); it is exchanged once, and the key stays in sessionStorage: other ports of 127.0.0.1 cannot read it, a reload keeps it.
 */
export async function obtainSessionKey(): Promise<string> {
  const token = /^#launch=([A-Za-z0-9_-]{1,128})$/.exec(location.hash)?.[1];
  if (token === undefined) {
    const stored = sessionStorage.getItem(STORED);
    if (stored !== null) return stored;
    throw new PhosphorError('rejected', 'this page was opened without a launch page', { retryable: false });
  }
  history.replaceState(null, '', location.pathname);
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (!response.ok)
    throw new PhosphorError('rejected', 'the launch page was used before or is older than 30 seconds', { retryable: false });
  const body: unknown = await response.json();
  const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined;
  if (typeof key !== 'string') throw new PhosphorError('protocol', 'the host answered without a session key');
  sessionStorage.setItem(STORED, key);
  return key;
}
