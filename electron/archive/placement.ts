import fs from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { type IncomingAction, type IncomingEntry, incomingName } from './incoming-name.ts';
import type { Landing } from './landing.ts';
import { conflictFile, fileOfHash, folderOf } from './layout.ts';
import { isSameInstance, type Newcomer } from './same-instance.ts';
import type { ArchiveLocation, ArrivalResult } from './types.ts';

/** A complete temp file that wants its place. */
export interface Candidate extends Newcomer {
  readonly location: ArchiveLocation;
  readonly entry: Omit<IncomingEntry, 'action'>;
}

export interface Placed {
  readonly result: ArrivalResult;
  /** Name of the entry in incoming/ that the index writer removes; undefined when there is nothing to index. */
  readonly entryName: string | undefined;
}

const ROUNDS = 64;
const CLAIM_WAIT_MS = 5;

/**
 * Decides and does what happens to an arrival: takes the final name if it is free; otherwise the same instance is `known`, another answer
 * to our own retrieve takes the place of the older version (kept in trash/), and anything else goes to conflicts/. Every step is one
 * atomic operation of the file system, so that writers in several threads meet safely: who loses a race looks again.
 */
export async function place(candidate: Candidate, landing: Landing): Promise<Placed> {
  const { location, entry } = candidate;
  const final = fileOfHash(location, entry.uidHash);
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = await settle('stored', candidate, landing, final);
    if (first !== undefined) return first;
    const same = await comparison(candidate, final);
    if (same === 'gone') continue;
    if (same === 'claimed') {
      await delay(CLAIM_WAIT_MS);
      continue;
    }
    if (same === 'same') {
      landing.discard();
      return { result: 'known', entryName: undefined };
    }
    if (entry.origin !== 'retrieve') return keepBeside(candidate, landing);
    const replaced = await replace(candidate, landing, final);
    if (replaced !== undefined) return replaced;
  }
  throw new PhosphorError('busy', 'an instance could not be stored: others kept storing it at the same time');
}

/** Undefined when the final name is taken. */
async function settle(
  action: IncomingAction,
  { entry, location }: Candidate,
  landing: Landing,
  target: string,
): Promise<Placed | undefined> {
  const entryName = incomingName({ ...entry, action });
  await landing.announce(entryName);
  if (!(await landing.put(target))) return undefined;
  try {
    if (location.durable) await landing.sync();
  } catch (thrown) {
    fs.rmSync(target, { force: true });
    throw thrown;
  }
  return { result: action, entryName };
}

/** The content is durable before the older version is moved away: a crash in between finds a complete entry in incoming/ and goes on. */
async function replace(candidate: Candidate, landing: Landing, final: string): Promise<Placed | undefined> {
  const { location, entry } = candidate;
  await landing.announce(incomingName({ ...entry, action: 'replaced' }));
  await landing.sync();
  const name = `${entry.uidHash.toString('hex')}-${Date.now()}-${entry.writer}-${entry.number.toString(36)}.dcm`;
  const kept = path.join(folderOf.trash(location), name);
  try {
    fs.renameSync(final, kept);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT') throw thrown;
  }
  try {
    return await settle('replaced', candidate, landing, final);
  } catch (thrown) {
    if (fs.existsSync(kept) && !fs.existsSync(final)) fs.renameSync(kept, final);
    throw thrown;
  }
}

async function keepBeside(candidate: Candidate, landing: Landing): Promise<Placed> {
  const target = conflictFile(candidate.location, candidate.entry.uidHash, candidate.entry.sha256);
  const placed = await settle('conflict', candidate, landing, target);
  if (placed !== undefined) return placed;
  landing.discard();
  return { result: 'conflict', entryName: undefined };
}

async function comparison(candidate: Candidate, final: string): Promise<'same' | 'different' | 'gone' | 'claimed'> {
  try {
    if (fs.statSync(final).size === 0) return 'claimed';
    const same = await isSameInstance(candidate, final);
    if (same && candidate.location.durable) await syncFile(final);
    return same ? 'same' : 'different';
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return 'gone';
    throw thrown;
  }
}

/** Whoever stored it may still be waiting for its own fsync: `known` promises as much as `stored`. */
async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
