import { randomUUID } from 'node:crypto';
import { type ComposeContent, MAX_CAPTURE, PhosphorError } from '../../shared/contract/index.ts';
import type { HeldContent } from '../actions/types.ts';

const MAX_HELD = 16;
/** Of all pictures together. */
const MAX_BYTES = 2 * MAX_CAPTURE;
const HELD_MS = 3600 * 1000;

interface Entry {
  readonly content: ComposeContent;
  readonly pieces: Uint8Array[];
  bytes: number;
  readonly until: number;
}

/** What actions are to make of marks and pictures, between the window's handing it over and the action's beginning: in memory, for one use, an hour at most. */
export class HeldContents {
  readonly #held = new Map<string, Entry>();

  /** Throws PhosphorError `limit-exceeded`. */
  hold(content: ComposeContent, now = Date.now()): string {
    for (const [id, { until }] of this.#held) if (until < now) this.#held.delete(id);
    if (this.#held.size >= MAX_HELD) throw new PhosphorError('limit-exceeded', 'too much is held');
    const contentId = randomUUID();
    this.#held.set(contentId, { content, pieces: [], bytes: 0, until: now + HELD_MS });
    return contentId;
  }

  /** The next piece of a capture's picture, as base64. Throws PhosphorError `not-found`, `limit-exceeded`. */
  addPicture(contentId: string, piece: string): void {
    const entry = this.#held.get(contentId);
    if (entry?.content.kind !== 'capture') throw new PhosphorError('not-found', 'contentId: no such capture');
    const bytes = Buffer.from(piece, 'base64');
    const all = [...this.#held.values()].reduce((sum, one) => sum + one.bytes, 0);
    if (entry.bytes + bytes.length > MAX_CAPTURE || all + bytes.length > MAX_BYTES) {
      this.#held.delete(contentId);
      throw new PhosphorError('limit-exceeded', 'the picture is too large');
    }
    entry.pieces.push(bytes);
    entry.bytes += bytes.length;
  }

  /** Once; undefined where it was used or too long ago. */
  take(contentId: string, now = Date.now()): HeldContent | undefined {
    const entry = this.#held.get(contentId);
    this.#held.delete(contentId);
    if (entry === undefined || entry.until < now) return undefined;
    const { content, pieces } = entry;
    return pieces.length === 0 ? { content } : { content, picture: new Uint8Array(Buffer.concat(pieces)) };
  }
}
