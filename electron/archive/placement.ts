import fs from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { type IncomingAction, type IncomingEntry, type IncomingProof, incomingName } from './incoming-name.ts';
import type { Landing } from './landing.ts';
import { conflictFile, fileOfHash, folderOf, timeInName } from './layout.ts';
import { isSameInstance, type Newcomer } from './same-instance.ts';
import { mayWrite } from './shared-guard.ts';
import type { ArchiveLocation, ArrivalResult } from './types.ts';

/** A complete temp file that wants its place. */
export interface Candidate extends Omit<Newcomer, 'entry'> {
  readonly location: ArchiveLocation;
  readonly entry: Arriving;
  /** Where its file is to stand, if that was made out before. */
  readonly final?: string;
  /** SHA-256 of its data set, where `entry` does not say; asked for only where the name is taken. */
  readonly hash?: () => Buffer;
  /** It takes the place of another version. */
  readonly replaces: boolean;
}

type Arriving = IncomingProof & Omit<IncomingEntry, 'action' | 'sha256' | 'dataSetBytes' | 'crc32'>;

export interface Placed {
  readonly result: ArrivalResult;
  /** Name of the entry in incoming/ that the index writer removes; undefined when there is nothing to index. */
  readonly entryName: string | undefined;
}

const ROUNDS = 64;
const CLAIM_WAIT_MS = 5;

/** As `placeAtOnce`, for those who wait anyway. */
export async function place(candidate: Candidate, landing: Landing): Promise<Placed> {
  return await placeAtOnce(candidate, landing);
}

/**
 * Decides and does what happens to an arrival: takes the final name if it is free, at once unless the disk has to be waited for; otherwise the same
 * instance is `known`, another answer to our own retrieve takes the place of the older version (kept in trash/), and anything else goes to conflicts/.
 * Every step is one atomic operation of the file system, so that writers in several threads meet safely: who loses a race looks again.
 */
export function placeAtOnce(candidate: Candidate, landing: Landing): Placed | Promise<Placed> {
  mayWrite(candidate.location);
  const final = candidate.final ?? fileOfHash(candidate.location, candidate.entry.uidHash);
  const first = settle('stored', candidate, landing, final);
  if (first === undefined) return placeAmongOthers(candidate, landing, final);
  if (first instanceof Promise) return first.then((placed) => placed ?? placeAmongOthers(candidate, landing, final));
  return first;
}

async function placeAmongOthers(loser: Candidate, landing: Landing, final: string): Promise<Placed> {
  const sha256 = loser.entry.sha256 ?? loser.hash?.();
  if (sha256 === undefined) throw new PhosphorError('internal', 'an instance without a hash cannot be compared');
  const candidate: Rival = { ...loser, entry: { ...loser.entry, sha256 } };
  for (let round = 0; round < ROUNDS; round += 1) {
    const same = await comparison(candidate, final);
    if (same === 'same') {
      landing.discard();
      return { result: 'known', entryName: undefined };
    }
    if (same === 'different' && !candidate.replaces) return keepBeside(candidate, landing);
    if (same === 'claimed') await delay(CLAIM_WAIT_MS);
    const placed = await (same === 'different' ? replace(candidate, landing, final) : settle('stored', candidate, landing, final));
    if (placed !== undefined) return placed;
  }
  throw new PhosphorError('busy', 'an instance could not be stored: others kept storing it at the same time');
}

/** A candidate that met another file under its name. */
interface Rival extends Candidate {
  readonly entry: Candidate['entry'] & Newcomer['entry'];
}

/** Undefined when the final name is taken. */
function settle(
  action: IncomingAction,
  { entry, location }: Candidate,
  landing: Landing,
  target: string,
): Placed | undefined | Promise<Placed | undefined> {
  const entryName = incomingName({ ...entry, action });
  const placed: Placed = { result: action, entryName };
  const announced = landing.announce(entryName);
  const put = (): boolean | Promise<boolean> => landing.put(target);
  const stands = announced === undefined ? put() : announced.then(put);
  if (stands instanceof Promise) return stands.then((stood) => (stood ? synced(placed, location.durable, landing, target) : undefined));
  return stands ? synced(placed, location.durable, landing, target) : undefined;
}

function synced(placed: Placed, durable: boolean, landing: Landing, target: string): Placed | Promise<Placed> {
  const undo = (thrown: unknown): never => {
    landing.takeBack(target);
    throw thrown;
  };
  try {
    const wait = durable ? landing.sync() : undefined;
    return wait === undefined ? placed : wait.then(() => placed, undo);
  } catch (thrown) {
    return undo(thrown);
  }
}

/** The content is durable before the older version is moved away: a crash in between finds a complete entry in incoming/ and goes on. */
async function replace(candidate: Rival, landing: Landing, final: string): Promise<Placed | undefined> {
  const { location, entry } = candidate;
  await landing.announce(incomingName({ ...entry, action: 'replaced' }));
  await landing.sync();
  const name = `${entry.uidHash.toString('hex')}-${timeInName(Date.now())}-${entry.writer}-${entry.number.toString(36)}.dcm`;
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

async function keepBeside(candidate: Rival, landing: Landing): Promise<Placed> {
  const target = conflictFile(candidate.location, candidate.entry.uidHash, candidate.entry.sha256);
  const placed = await settle('conflict', candidate, landing, target);
  if (placed !== undefined) return placed;
  landing.discard();
  return { result: 'conflict', entryName: undefined };
}

async function comparison(candidate: Rival, final: string): Promise<'same' | 'different' | 'gone' | 'claimed'> {
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
