import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** A name server that does not answer must not delay a completion. */
const LIMIT_MS = 1000;

/**
 * The address of this computer that packets to `host` leave from: what a PACS administrator most likely has to register. Connecting a
 * UDP socket sends nothing; it only asks the routing table. Undefined where there is no route or no such name.
 */
export function localAddressTowards(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    let ended = false;
    const end = (address: string | undefined) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      socket.close();
      resolve(address);
    };
    const timer = setTimeout(() => end(undefined), LIMIT_MS);
    socket.once('error', () => end(undefined));
    socket.once('connect', () => end(socket.address().address));
    try {
      socket.connect(port, host);
    } catch {
      end(undefined);
    }
  });
}
