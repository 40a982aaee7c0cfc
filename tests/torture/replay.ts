import { setTimeout as pause } from 'node:timers/promises';
import type { Entry, Side } from './conversations.ts';
import type { RawConnection } from './raw-connection.ts';

export interface ReplayOptions {
  /** What is sent in the place of our `index`th PDU. */
  readonly change?: (pdu: Buffer, index: number) => readonly Buffer[];
  /** Reset the connection when so many bytes of ours are out. */
  readonly resetAfter?: number;
  /** Longest wait for what the other side said at this point of the recording, ms. */
  readonly patienceMs: number;
}

/** Says one side's part of a recorded conversation, each PDU when the other side has answered as it did. Ends early with the connection. */
export async function replay(connection: RawConnection, entries: readonly Entry[], side: Side, options: ReplayOptions): Promise<void> {
  let theirs = 0;
  let index = 0;
  let sent = 0;
  for (const { from, pdu } of entries) {
    if (connection.isFinished) return;
    if (from !== side) {
      theirs += 1;
      continue;
    }
    // Without an answer we go on all the same: that is a case too.
    await connection.has(theirs, options.patienceMs);
    const pieces = options.change?.(pdu, index) ?? [pdu];
    index += 1;
    for (const piece of pieces) {
      if (connection.isFinished) return;
      const room = (options.resetAfter ?? Number.POSITIVE_INFINITY) - sent;
      connection.write(piece.subarray(0, Math.min(piece.length, room)));
      sent += piece.length;
      if (piece.length >= room) {
        // The bytes reach the other side's reader before the reset does.
        await pause(2);
        connection.reset();
        return;
      }
    }
  }
  await connection.has(theirs, options.patienceMs);
}

/** A conversation about other instances: the digits that stand for them are replaced by others of the same length. */
export function refreshed(entries: readonly Entry[], digits: string, number: number): Entry[] {
  const fresh = Buffer.from(String(1_000_000 + (number % 5_999_999)), 'latin1');
  const old = Buffer.from(digits, 'latin1');
  return entries.map(({ from, pdu }) => {
    if (!pdu.includes(old)) return { from, pdu };
    const copy = Buffer.from(pdu);
    for (let at = copy.indexOf(old); at >= 0; at = copy.indexOf(old, at + 1)) fresh.copy(copy, at);
    return { from, pdu: copy };
  });
}
