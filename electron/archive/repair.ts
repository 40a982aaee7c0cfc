import fs from 'node:fs';
import path from 'node:path';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import type { IndexEntry } from './arrival-messages.ts';
import { type IncomingEntry, type IncomingProof, parseIncomingName } from './incoming-name.ts';
import { conflictFile, fileOfHash, folderOf, hashOfUID } from './layout.ts';
import { type FileFacts, factsOf } from './read-header.ts';
import { openStored } from './stored-file.ts';
import type { ArchiveLocation } from './types.ts';

export interface Repaired {
  /** Complete arrivals that the index may not hold. */
  readonly entries: readonly IndexEntry[];
  /** Names in incoming/ to remove once the index holds the entries. */
  readonly names: readonly string[];
  /** Unfinished arrivals that were removed; nothing of them was ever acknowledged. */
  readonly discarded: number;
}

/**
 * What a crash or power loss left: everything that was in flight stands in incoming/, and nothing else has to be looked at. Complete
 * entries (their content is what the name says) get their final name where they do not have it yet; all else was never acknowledged and goes.
 */
export function repairIncoming(location: ArchiveLocation, which: 'all' | 'complete' = 'all'): Promise<Repaired> {
  const names = fs.readdirSync(folderOf.incoming(location));
  return repairEntries(location, which === 'all' ? names : names.filter((name) => parseIncomingName(name) !== undefined));
}

/** The same for one writer, whose thread has ended while the archive is open. */
export function repairWriter(location: ArchiveLocation, writer: string): Promise<Repaired> {
  const names = fs.readdirSync(folderOf.incoming(location)).filter((name) => name.startsWith(`${writer}-`));
  return repairEntries(location, names);
}

/** Files read ahead of the one that is looked at: at a start somebody waits. */
const AHEAD = 8;

type Facts = Promise<FileFacts | undefined>;

/** What of these names is complete and stands where it belongs; nothing is removed, since others may be at work. */
export async function adoptable(location: ArchiveLocation, names: readonly string[]): Promise<IndexEntry[]> {
  const entries: IndexEntry[] = [];
  for (const name of names) {
    const entry = parseIncomingName(name);
    if (entry === undefined) continue;
    const indexed = await landed(location, name, entry, read(location, path.join(folderOf.incoming(location), name), entry)).catch(
      () => undefined,
    );
    if (indexed !== undefined) entries.push(indexed);
  }
  return entries;
}

async function repairEntries(location: ArchiveLocation, found: readonly string[]): Promise<Repaired> {
  const incoming = folderOf.incoming(location);
  const entries: IndexEntry[] = [];
  const names: string[] = [];
  let discarded = 0;
  const ahead = new Map<string, Facts>();
  for (const [at, name] of found.entries()) {
    for (const next of found.slice(at, at + AHEAD)) {
      const proof = ahead.has(next) ? undefined : parseIncomingName(next);
      if (proof === undefined) continue;
      const facts = read(location, path.join(incoming, next), proof);
      facts.catch(() => undefined);
      ahead.set(next, facts);
    }
    const entry = parseIncomingName(name);
    const indexed = entry === undefined ? undefined : await landed(location, name, entry, ahead.get(name));
    ahead.delete(name);
    if (indexed === undefined) {
      fs.rmSync(path.join(incoming, name), { force: true, recursive: true });
      discarded += 1;
    } else {
      entries.push(indexed);
      names.push(name);
    }
  }
  return { entries, names, discarded };
}

/** The entry as the index wants it, when its instance is complete and stands where it belongs (or could be put there). */
async function landed(
  location: ArchiveLocation,
  name: string,
  entry: IncomingEntry,
  ownFacts: Facts | undefined,
): Promise<IndexEntry | undefined> {
  const own = path.join(folderOf.incoming(location), name);
  const target = targetOf(location, entry);
  const stat = fs.statSync(own, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  // Without hard links the entry is empty and the file is only under its final name.
  const isMarker = stat.size === 0;
  const facts = await (isMarker ? read(location, target, entry) : ownFacts);
  // In an open archive the entry may have been indexed and removed by now: then there is nothing to do, and nothing to undo.
  if (!fs.existsSync(own)) return undefined;
  if (facts === undefined || !isWhole(facts, entry) || !hashOfUID(facts.header.sopInstanceUID).equals(entry.uidHash)) {
    undo(target, own, isMarker);
    return undefined;
  }
  // Two files of the same content: a copy of the folder made them out of one.
  if (!isMarker && !stands(own, target) && (await read(location, target, entry))?.sha256 !== facts.sha256) return undefined;
  const { header, sha256, dataSetBytes, fileBytes, arrivedAt } = facts;
  const { action, origin, sourceAETitle } = entry;
  return { entryName: name, action, origin, sourceAETitle, header, sha256, dataSetBytes, fileBytes, arrivedAt };
}

function isWhole(facts: FileFacts, proof: IncomingProof): boolean {
  if (proof.sha256 !== undefined) return facts.sha256 === proof.sha256.toString('hex');
  return facts.dataSetBytes === proof.dataSetBytes && (proof.crc32 === undefined || facts.crc32 === proof.crc32);
}

function targetOf(location: ArchiveLocation, { action, uidHash, sha256 }: IncomingEntry): string {
  // One that met another file under its name has been hashed, to be compared with it.
  return action === 'conflict' && sha256 !== undefined ? conflictFile(location, uidHash, sha256) : fileOfHash(location, uidHash);
}

/** @param proof of the entry that the file belongs to */
async function read(location: ArchiveLocation, file: string, proof: IncomingProof): Facts {
  try {
    const stored = await openStored(file);
    try {
      return await factsOf(stored, location, proof.sha256 === undefined && proof.crc32 !== undefined);
    } finally {
      await stored.handle.close();
    }
  } catch (thrown) {
    if (thrown instanceof PhosphorError || systemCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** True when the entry's file has its final name, given now if the name is free. */
function stands(own: string, target: string): boolean {
  try {
    fs.linkSync(own, target);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown;
    return fs.statSync(own, { bigint: true }).ino === fs.statSync(target, { bigint: true }).ino;
  }
}

/** A final name that an incomplete file took before the power went: acknowledged to nobody, so it is given up. */
function undo(target: string, own: string, isMarker: boolean): void {
  const there = fs.statSync(target, { bigint: true, throwIfNoEntry: false });
  if (there === undefined) return;
  const isOwn = isMarker ? there.size === 0n : there.ino === fs.statSync(own, { bigint: true }).ino;
  if (isOwn) fs.rmSync(target, { force: true });
}
