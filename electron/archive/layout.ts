import { hash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import type { ArchiveLocation, LocateInstance } from './types.ts';

/**
 * Where an instance's file stands: `files/<2 hex>/<64 hex>.dcm`, the hex digits being SHA-256 of the SOP Instance UID. A function of the
 * hash and of nothing else, so that nothing a peer or a file says becomes a path; two characters spread a million files over 256 folders.
 */
export const locateInstance: LocateInstance = (location, sopInstanceUID) => fileOfHash(location, hashOfUID(sopInstanceUID));

/** SHA-256 of a UID, 32 bytes. */
export function hashOfUID(sopInstanceUID: string): Buffer {
  // As text, and only then bytes: a digest in a buffer of its own costs twice as much, with its clearing away.
  return Buffer.from(hash('sha256', Buffer.from(sopInstanceUID, 'latin1'), 'binary'), 'latin1');
}

/** The file of an instance, from the hash of its UID. */
export function fileOfHash(location: ArchiveLocation, hash: Buffer): string {
  return path.join(location.directory, relativeFileOfHash(hash));
}

/** As people and lists see it: relative to the archive's folder, with forward slashes. */
export function relativeFileOfHash(hash: Buffer): string {
  const hex = hash.toString('hex');
  return `files/${hex.slice(0, 2)}/${hex}.dcm`;
}

/** The folders of an archive, by what they hold. */
export const folderOf = {
  files: (location: ArchiveLocation) => path.join(location.directory, 'files'),
  incoming: (location: ArchiveLocation) => path.join(location.directory, 'incoming'),
  trash: (location: ArchiveLocation) => path.join(location.directory, 'trash'),
  conflicts: (location: ArchiveLocation) => path.join(location.directory, 'conflicts'),
} as const;

/** A second version of an instance, kept beside the first: named by both hashes, so that the same one is kept once. */
export function conflictFile(location: ArchiveLocation, uidHash: Buffer, sha256: Buffer): string {
  return path.join(folderOf.conflicts(location), `${uidHash.toString('hex')}-${sha256.toString('hex').slice(0, 32)}.dcm`);
}

/** A time in a name: 13 digits, so that names sort by it and are found again, also those of a clock that is far off. */
export function timeInName(milliseconds: number): string {
  return String(Math.min(9_999_999_999_999, Math.max(0, Math.trunc(milliseconds)))).padStart(13, '0');
}

/** index.db and its relatives. */
export function indexFile(location: ArchiveLocation): string {
  return path.join(location.databases, 'index.db');
}

/** The index under construction. */
export function rebuildFile(location: ArchiveLocation): string {
  return path.join(location.databases, 'index-rebuild.db');
}

const SHARDS = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Names of the folders below files/. */
export function shards(): readonly string[] {
  return SHARDS;
}

/** Creates the folders that are missing, 0700. The 256 below files/ are made once and synced, so that an arrival never has to make one. */
export function createLayout(location: ArchiveLocation): void {
  try {
    fs.mkdirSync(location.databases, { recursive: true, mode: 0o700 });
    fs.mkdirSync(location.directory, { recursive: true, mode: 0o700 });
    for (const folder of Object.values(folderOf)) fs.mkdirSync(folder(location), { recursive: true, mode: 0o700 });
    const files = folderOf.files(location);
    const known = new Set(fs.readdirSync(files));
    for (const shard of SHARDS) if (!known.has(shard)) fs.mkdirSync(path.join(files, shard), { recursive: true, mode: 0o700 });
    syncFolder(files);
    syncFolder(location.directory);
  } catch (thrown) {
    throw storageError(thrown, 'the archive folder cannot be used');
  }
}

/** Reads archive.json, or writes a new one. Only who holds the archive's lock may: of two that begin it at once each would give it an ID. */
export function archiveIdOf(location: ArchiveLocation): string {
  try {
    return readOrMakeId(location);
  } catch (thrown) {
    throw storageError(thrown, 'the archive folder cannot be used');
  }
}

function readOrMakeId(location: ArchiveLocation): string {
  const file = path.join(location.directory, 'archive.json');
  const text = readIfThere(file);
  const stored = archiveIdIn(text ?? '');
  if (stored !== undefined) return stored;
  if (text !== undefined) fs.renameSync(file, `${file}.damaged-${Date.now()}`);
  const archiveId = randomUUID();
  replaceFile(file, `${JSON.stringify({ archiveId, layout: 1 }, null, 2)}\n`);
  return archiveId;
}

/** Written so that it is there whole or not at all, also after a loss of power. Throws the system's error. */
export function replaceFile(file: string, text: string): void {
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  fs.renameSync(`${file}.new`, file);
  syncFolder(path.dirname(file));
}

/** A file that is there and cannot be read is none that is damaged: a new ID would part the archive from the notes about its studies. */
function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The ID that the text of an archive.json holds. */
export function archiveIdIn(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text.slice(0, 65_536));
    if (typeof parsed !== 'object' || parsed === null || !('archiveId' in parsed)) return undefined;
    return typeof parsed.archiveId === 'string' && /^[0-9a-f-]{36}$/.test(parsed.archiveId) ? parsed.archiveId : undefined;
  } catch {
    return undefined;
  }
}

/** A folder's entries reach the disk; where folders cannot be synced (Windows), the file system orders them itself. */
export function syncFolder(folder: string): void {
  let fd: number | undefined;
  try {
    fd = fs.openSync(folder, 'r');
    fs.fsyncSync(fd);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'ENOSPC' || code === 'EIO') throw thrown;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** A file system error as `storage-full` or `storage`; PhosphorErrors pass. Its text never holds a path. */
export function storageError(thrown: unknown, what: string): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  const details = code === undefined ? {} : { code };
  if (code !== undefined && FULL.has(code)) return new PhosphorError('storage-full', 'the disk is full', details, { cause: thrown });
  return new PhosphorError('storage', what, details, { cause: thrown });
}
