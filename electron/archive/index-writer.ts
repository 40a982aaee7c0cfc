import fs from 'node:fs';
import path from 'node:path';
import { backup, type DatabaseSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { Announcer } from './announcer.ts';
import { ArrivalHashes } from './arrival-hashes.ts';
import { type ArrivedEntry, type ArrivedMessage, type CommittedMessage, type IndexEntry, indexEntryOf } from './arrival-messages.ts';
import { characterSetsKey } from './fallback-character-sets.ts';
import { parseIncomingName } from './incoming-name.ts';
import { isDamage, openForWriting, removeIndex } from './index-database.ts';
import { type ImageDescriptionEntry, IndexStore } from './index-store.ts';
import { charactersKeyOf, compactStep, openRebuild, removeRebuildCursor, writeCharactersKey, writeRebuildCursor } from './index-upkeep.ts';
import type { IndexWriterEvent, OpenReport } from './index-writer-messages.ts';
import { fileOfHash, folderOf, hashOfUID, indexFile, rebuildFile, shards, storageError } from './layout.ts';
import type { RebuildCursor } from './rebuild-index.ts';
import { adoptable, type Repaired, repairIncoming, repairWriter } from './repair.ts';
import { StrayedArrivals } from './strayed-arrivals.ts';
import type { ArchiveLocation } from './types.ts';
import type { VolumeState } from './volume.ts';

/** A batch is gathered for this long, and takes at most about so long to write. */
const GATHER_MS = 15;
const BATCH_MS = 50;
const BATCH_ENTRIES = 1_000;
/** At least this often what was committed is made durable, and only then leaves incoming/. */
const DURABLE_MS = 250;
const DURABLE_ENTRIES = 1_000;
const RETRY_MS = 1_000;
/** What stands in incoming/ for so long while nothing is left to write was told to nobody: its thread died, or could not read it back. */
const ORPHANED_MS = 5_000;

interface Line {
  readonly port: MessagePort;
  writer: string;
  committed: number;
}

/** Someone who waits until these names have left incoming/. */
interface Settling {
  readonly names: Set<string>;
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: PhosphorError) => void;
}

interface Queued {
  /** Undefined: an arrival that could not be hashed; it stands in incoming/ for the next repair, or is in the index already. */
  readonly entry: IndexEntry | undefined;
  readonly line: Line | undefined;
  readonly sequence: number;
}

/**
 * Owner of index.db: takes entries from the arrival writers, writes them in batches, and gives them leave to forget an arrival once the
 * index holds it for good. It alone removes names from incoming/.
 */
export class IndexWriter {
  readonly #location: ArchiveLocation;
  readonly #emit: (event: IndexWriterEvent) => void;
  readonly #announcer: Announcer;
  readonly #hashes: ArrivalHashes;
  readonly #strayed: StrayedArrivals;
  readonly #queue: Queued[] = [];
  #settling: Settling[] = [];
  /** Committed, but not yet known to be on the disk. */
  #volatile: Queued[] = [];
  #durableAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #database: DatabaseSync | undefined;
  #store: IndexStore | undefined;
  #rebuild:
    | { readonly file: string; readonly database: DatabaseSync; readonly store: IndexStore; readonly forgotten: Set<string> }
    | undefined;
  #swapping = false;
  #stalled = false;

  constructor(location: ArchiveLocation, emit: (event: IndexWriterEvent) => void) {
    this.#location = location;
    this.#emit = emit;
    this.#announcer = new Announcer(emit);
    this.#hashes = new ArrivalHashes(location);
    this.#strayed = new StrayedArrivals(location, (entries) => this.adopt(entries));
  }

  async open(volume: VolumeState, arriving: boolean): Promise<OpenReport> {
    try {
      return await this.#open(volume, arriving);
    } catch (thrown) {
      throw isFull(thrown)
        ? new PhosphorError('storage-full', 'the disk with the index is full')
        : storageError(thrown, 'the index cannot be opened');
    }
  }

  async #open(volume: VolumeState, arriving: boolean): Promise<OpenReport> {
    const opened = openForWriting(indexFile(this.#location));
    this.#database = opened.database;
    this.#store = new IndexStore(opened.database, (entry) => this.#describesFile(entry));
    // Where the archive was open all the time, an unfinished file may be one that is being written now.
    const which = arriving ? 'complete' : 'all';
    const { entries, names, discarded } = volume === 'there' ? await repairIncoming(this.#location, which) : NOTHING_REPAIRED;
    for (const entry of entries) this.#queue.push({ entry, line: undefined, sequence: 0 });
    this.#writeAll();
    const isComplete = opened.database.prepare(`SELECT value FROM state WHERE key = 'complete'`).get() !== undefined;
    const isWhole = !opened.isNew && isComplete && charactersKeyOf(opened.database) === characterSetsKey(this.#location);
    const needsRebuild = !isWhole && volume !== 'away' && (names.length > 0 || hasFiles(this.#location));
    if (!needsRebuild && volume !== 'away') this.#markComplete(opened.database);
    const readAnew = needsRebuild && !opened.isNew && isComplete;
    return {
      ...(readAnew ? { readAnew } : {}),
      ...(opened.setAside === undefined ? {} : { setAside: opened.setAside }),
      needsRebuild,
      repaired: names.length,
      discarded,
    };
  }

  /**
   * The disk with the archive was away, or not to be written, and is back: what stands complete in incoming/ is indexed and leaves it, also
   * what could not be removed from it before. What its writer sends as well is known by then.
   */
  async returned(): Promise<{ needsRebuild: boolean }> {
    const { entries } = await repairIncoming(this.#location, 'complete');
    this.adopt(entries);
    const database = this.#database;
    const isComplete = database?.prepare(`SELECT value FROM state WHERE key = 'complete'`).get() !== undefined;
    const needsRebuild = !isComplete && this.#rebuild === undefined && hasFiles(this.#location);
    if (!isComplete && !needsRebuild && database !== undefined) this.#markComplete(database);
    return { needsRebuild };
  }

  attach(port: MessagePort): void {
    const line: Line = { port, writer: '', committed: 0 };
    port.on('close', () => {
      // Closed in order, nothing is left; a thread that died may have left what it had acknowledged a moment before.
      if (line.writer !== '') this.#takeOver(line.writer);
    });
    port.on('message', (message: ArrivedMessage) => {
      line.writer = message.writer;
      this.#arrived(message.entries, line);
    });
  }

  #arrived(arrived: readonly ArrivedEntry[], line: Line): void {
    this.#hashes.complete(arrived, (entries) => {
      for (const entry of entries) this.#queue.push({ entry: indexEntryOf(entry, this.#location), line, sequence: entry.sequence });
      this.#schedule(this.#queue.length < BATCH_ENTRIES ? GATHER_MS : 0);
      // What has left incoming/ is in the index; the others could not be read this time.
      const incoming = folderOf.incoming(this.#location);
      const unread = entries.filter(({ sha256, entryName }) => {
        if (sha256 !== undefined) return false;
        const stands = fs.existsSync(path.join(incoming, entryName));
        if (!stands) this.#strayed.notFound([entryName]);
        return stands;
      });
      if (unread.length > 0) setTimeout(() => this.#database && this.#arrived(unread, line), RETRY_MS);
    });
  }

  /**
   * Resolves when everything that stands complete in incoming/ now is indexed for good: an arrival that was acknowledged stands there, though
   * its message may still be on the way.
   */
  settle(): Promise<void> {
    if (this.#stalled) return Promise.reject(STALLED);
    const names = new Set([...this.#standing()].filter((name) => parseIncomingName(name) !== undefined));
    if (names.size === 0) return Promise.resolve();
    this.#schedule(0);
    return new Promise((resolve, reject) => this.#settling.push({ names, since: performance.now(), resolve, reject }));
  }

  #takeOver(writer: string): void {
    if (this.#database === undefined) return;
    repairWriter(this.#location, writer).then(
      ({ entries }) => {
        for (const entry of entries) this.#queue.push({ entry, line: undefined, sequence: 0 });
        if (entries.length > 0) this.#schedule(0);
      },
      () => setTimeout(() => this.#takeOver(writer), RETRY_MS),
    );
  }

  addImages(images: readonly ImageDescriptionEntry[]): void {
    if (!this.#swapping) this.#store?.addImages(images);
  }

  /** How many instances of a study are known to be missing; 0 = none any more. */
  markMissing(studyInstanceUID: string, missing: number): void {
    if (this.#database === undefined || this.#swapping) throw new PhosphorError('busy', 'the index is being exchanged');
    for (const database of [this.#database, this.#rebuild?.database]) {
      if (database === undefined) continue;
      if (missing === 0) database.prepare('DELETE FROM incomplete_studies WHERE study_uid = ?').run(studyInstanceUID);
      else {
        database
          .prepare('INSERT OR REPLACE INTO incomplete_studies (study_uid, missing, known_at) VALUES (?, ?, ?)')
          .run(studyInstanceUID, missing, Date.now());
      }
    }
    this.#emit({ type: 'changed', studyInstanceUIDs: [studyInstanceUID], everything: false });
  }

  beginRebuild(restart: boolean): RebuildCursor | undefined {
    if (this.#rebuild !== undefined) throw new PhosphorError('busy', 'the index is being rebuilt already');
    const file = rebuildFile(this.#location);
    const { database, cursor } = openRebuild(file, restart, characterSetsKey(this.#location));
    const store = new IndexStore(database, (entry) => this.#describesFile(entry));
    this.#rebuild = { file, database, store, forgotten: new Set() };
    return cursor;
  }

  addToRebuild(entries: readonly IndexEntry[], forget: readonly string[] = []): void {
    const rebuild = this.#rebuild;
    if (rebuild === undefined) throw new PhosphorError('interrupted', 'the rebuild was given up');
    if (forget.length > 0) rebuild.store.forget(forget);
    // Read before it was deleted, added after.
    const standing = entries.filter(({ header }) => !rebuild.forgotten.has(header.sopInstanceUID) || this.#stands(header.sopInstanceUID));
    for (let at = 0; at < standing.length; at += BATCH_ENTRIES) rebuild.store.apply(standing.slice(at, at + BATCH_ENTRIES));
  }

  reachedInRebuild(cursor: RebuildCursor): void {
    if (this.#rebuild !== undefined) writeRebuildCursor(this.#rebuild.database, cursor);
  }

  /** The new index becomes the content of index.db in one transaction of SQLite: readers in any thread see the old one until then. */
  async endRebuild(keep: boolean): Promise<void> {
    const rebuild = this.#rebuild;
    if (rebuild === undefined) return;
    const live = this.#database;
    try {
      if (keep && live !== undefined) {
        this.#writeAll();
        this.#swapping = true;
        removeRebuildCursor(rebuild.database);
        this.#keepKnown(rebuild.database);
        this.#markComplete(rebuild.database);
        await backup(rebuild.database, indexFile(this.#location), { rate: 1_000_000 });
        this.#store = new IndexStore(live, (entry) => this.#describesFile(entry));
        this.#emit({ type: 'changed', studyInstanceUIDs: [], everything: true });
      }
    } finally {
      this.#swapping = false;
      this.#rebuild = undefined;
      rebuild.database.close();
      // One that was not kept goes on another time.
      if (keep) removeIndex(rebuild.file);
      this.#schedule(0);
    }
  }

  forget(sopInstanceUIDs: readonly string[]): number {
    if (this.#swapping) throw new PhosphorError('busy', 'the index is being replaced');
    const gone = sopInstanceUIDs.filter((uid) => !this.#stands(uid));
    const done = this.#store?.forget(gone);
    if (done === undefined) throw new PhosphorError('interrupted', 'the index is not open');
    if (this.#rebuild !== undefined) {
      for (const uid of gone) this.#rebuild.forgotten.add(uid);
      this.#rebuild.store.forget(gone);
    }
    this.#announcer.applied({ studyInstanceUIDs: done.studyInstanceUIDs, identityChanges: 0, conflicts: 0 });
    return done.forgotten;
  }

  forgetConflict(sopInstanceUID: string, sha256: string): void {
    this.#store?.forgetConflict(sopInstanceUID, sha256);
    this.#rebuild?.store.forgetConflict(sopInstanceUID, sha256);
  }

  adopt(entries: readonly IndexEntry[]): void {
    for (const entry of entries) this.#queue.push({ entry, line: undefined, sequence: 0 });
    if (entries.length > 0) this.#schedule(0);
  }

  compact(first: boolean): { freed: number; more: boolean } {
    if (this.#database === undefined || this.#swapping) throw new PhosphorError('busy', 'the index is being replaced');
    return compactStep(this.#database, first);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#announcer.close();
    this.#hashes.close();
    this.#strayed.close();
    this.#rebuild?.database.close();
    try {
      this.#writeAll();
    } finally {
      this.#database?.close();
      this.#database = undefined;
    }
  }

  #markComplete(database: DatabaseSync): void {
    database.exec(`INSERT OR REPLACE INTO state (key, value) VALUES ('complete', 1)`);
    writeCharactersKey(database, characterSetsKey(this.#location));
  }

  /** What the files do not say, or only at a price, comes along: where they came from, what is missing, descriptions of unchanged images. */
  #keepKnown(fresh: DatabaseSync): void {
    fresh.prepare('ATTACH DATABASE ? AS live').run(indexFile(this.#location));
    try {
      fresh.exec(KEEP_KNOWN);
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
    } finally {
      fresh.exec('DETACH DATABASE live');
    }
  }

  /** An entry describes the file when its name in incoming/ is another name of it (or, without hard links, when no later entry came). */
  #describesFile(entry: IndexEntry): boolean {
    if (entry.entryName === undefined) return false;
    const own = fs.statSync(path.join(folderOf.incoming(this.#location), entry.entryName), { bigint: true, throwIfNoEntry: false });
    if (own === undefined) return false;
    if (own.size === 0n) return true;
    const final = fs.statSync(fileOfHash(this.#location, hashOfUID(entry.header.sopInstanceUID)), { bigint: true, throwIfNoEntry: false });
    return final !== undefined && final.ino === own.ino;
  }

  /** Names in incoming/; none while the disk is away. */
  #standing(): Set<string> {
    try {
      return new Set(fs.readdirSync(folderOf.incoming(this.#location)));
    } catch (thrown) {
      if (GONE.has(systemCode(thrown) ?? '')) return new Set();
      throw thrown;
    }
  }

  #stands(sopInstanceUID: string): boolean {
    return fs.existsSync(fileOfHash(this.#location, hashOfUID(sopInstanceUID)));
  }

  #schedule(milliseconds: number): void {
    if (milliseconds === 0) clearTimeout(this.#timer);
    else if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#tick(), milliseconds);
  }

  #tick(): void {
    this.#timer = undefined;
    if (this.#swapping) {
      this.#schedule(GATHER_MS);
      return;
    }
    try {
      this.#writeSome();
      this.#stalled = false;
    } catch (thrown) {
      this.#failed(thrown);
      return;
    }
    this.#settle();
    if (this.#queue.length > 0) this.#schedule(1);
    else if (this.#settling.length > 0) this.#schedule(GATHER_MS);
    else if (this.#volatile.length > 0) this.#schedule(DURABLE_MS);
  }

  #settle(): void {
    if (this.#settling.length === 0) return;
    const standing = this.#standing();
    this.#settling = this.#settling.filter(({ names, resolve }) => {
      if ([...names].some((name) => standing.has(name))) return true;
      resolve();
      return false;
    });
    if (this.#queue.length + this.#volatile.length === 0) this.#adoptOrphans(standing);
  }

  /** Each waits for them once: what cannot be taken in now is looked at by the next start. */
  #adoptOrphans(standing: ReadonlySet<string>): void {
    const due = this.#settling.filter(({ since }) => performance.now() - since >= ORPHANED_MS);
    const names = new Set(due.flatMap((one) => [...one.names]).filter((name) => standing.has(name)));
    if (names.size === 0) return;
    this.#settling = this.#settling.filter((one) => !due.includes(one));
    void adoptable(this.#location, [...names]).then((entries) => {
      this.adopt(entries);
      const adopted = new Set(entries.map(({ entryName }) => entryName));
      for (const one of due) {
        const rest = new Set([...one.names].filter((name) => adopted.has(name)));
        this.#settling.push({ ...one, names: rest, since: performance.now() });
      }
      this.#schedule(0);
    });
  }

  #writeAll(): void {
    do this.#writeSome(true);
    while (this.#queue.length > 0);
  }

  /** One time-boxed batch. The last commit before names leave incoming/ is synchronous: it takes all earlier ones to the disk with it. */
  #writeSome(durably = false): void {
    const started = performance.now();
    const database = this.#database;
    if (database === undefined || this.#store === undefined) return;
    const open = this.#volatile.length + this.#queue.length;
    const isDue = started - this.#durableAt >= DURABLE_MS || open >= DURABLE_ENTRIES || this.#settling.length > 0;
    const sync = this.#location.durable && (durably || isDue);
    if (this.#queue.length === 0 && !(sync && this.#volatile.length > 0)) return;
    if (sync) database.exec('PRAGMA synchronous = FULL');
    try {
      do {
        const batch = this.#queue.slice(0, BATCH_ENTRIES);
        this.#apply(batch, database);
        this.#queue.splice(0, batch.length);
        this.#volatile.push(...batch);
        // At once: the writers send on while the next batch is written.
        if (sync || !this.#location.durable) this.#release(performance.now());
      } while (this.#queue.length > 0 && performance.now() - started < BATCH_MS);
    } finally {
      if (sync) database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  #apply(batch: readonly Queued[], database: DatabaseSync): void {
    const entries = batch.flatMap(({ entry }) => (entry === undefined ? [] : [entry]));
    if (batch.length === 0) {
      // A commit that changes nothing would not be written: a counter makes it one.
      database.exec(`INSERT INTO state (key, value) VALUES ('durable', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1`);
      return;
    }
    const applied = this.#store?.apply(entries);
    this.#rebuild?.store.apply(entries);
    if (applied !== undefined) this.#announcer.applied(applied);
  }

  /** Everything committed is durable: its names leave incoming/, and the writers may forget it. */
  #release(now: number): void {
    this.#durableAt = now;
    const lines = new Set<Line>();
    for (const { line, sequence } of this.#volatile) {
      if (line === undefined) continue;
      line.committed = sequence;
      lines.add(line);
    }
    const names = this.#volatile.flatMap(({ entry }) => entry?.entryName ?? []);
    this.#volatile = [];
    this.#strayed.notFound(removedFrom(folderOf.incoming(this.#location), names));
    for (const { port, committed } of lines) {
      const message: CommittedMessage = { type: 'committed', upTo: committed };
      port.postMessage(message);
    }
  }

  /** A full disk stops the index, not the arrivals: they stay in incoming/ until the index can take them. */
  #failed(thrown: unknown): void {
    if (isDamage(thrown)) {
      this.#emit({ type: 'damaged' });
      return;
    }
    if (!this.#stalled) this.#emit({ type: 'stalled', reason: isFull(thrown) ? 'storage-full' : 'storage' });
    this.#stalled = true;
    for (const { reject } of this.#settling.splice(0)) reject(STALLED);
    this.#schedule(RETRY_MS);
  }
}

const KEEP_KNOWN = `
INSERT OR IGNORE INTO main.image_descriptions (instance_id, json)
  SELECT n.instance_id, d.json FROM live.image_descriptions d JOIN live.instances o USING (instance_id)
  JOIN main.instances n ON n.sop_uid = o.sop_uid AND n.sha256 = o.sha256;
DELETE FROM main.study_sources WHERE study_id IN
  (SELECT n.study_id FROM main.studies n JOIN live.studies o USING (study_uid) JOIN live.study_sources s ON s.study_id = o.study_id);
INSERT OR IGNORE INTO main.study_sources (study_id, origin, source_ae, path, instance_count, first_at, last_at)
  SELECT n.study_id, s.origin, s.source_ae, s.path, s.instance_count, s.first_at, s.last_at
  FROM live.study_sources s JOIN live.studies o USING (study_id) JOIN main.studies n USING (study_uid);
UPDATE main.instances SET origin = o.origin, source_ae = o.source_ae FROM live.instances o
  WHERE o.origin = 'retrieve' AND main.instances.sop_uid = o.sop_uid AND main.instances.sha256 = o.sha256;
INSERT OR IGNORE INTO main.incomplete_studies SELECT * FROM live.incomplete_studies;
`;

/** The disk is away, or was made read-only: names that stay in incoming/ are dealt with when it is back. */
const GONE = new Set(['ENOENT', 'EIO', 'EROFS', 'ENODEV', 'ENXIO', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN']);
const NOTHING_REPAIRED: Repaired = { entries: [], names: [], discarded: 0 };

const SQLITE_FULL = 13;
const isFull = (thrown: unknown): boolean => thrown instanceof Error && 'errcode' in thrown && thrown.errcode === SQLITE_FULL;
const STALLED = new PhosphorError('storage-full', 'the index cannot be written');

/** Removes names from a folder; those that were not found in it. Others may stay, because the disk is away. */
function removedFrom(folder: string, names: readonly string[]): readonly string[] {
  // Nobody reads where each of thousands of errors was made, and finding that out takes longer than the rest.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return names.filter((name) => !wasThere(folder + path.sep + name));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function wasThere(file: string): boolean {
  try {
    fs.unlinkSync(file);
    return true;
  } catch (thrown) {
    const code = systemCode(thrown) ?? '';
    if (!GONE.has(code)) throw thrown;
    return code !== 'ENOENT';
  }
}

function hasFiles(location: ArchiveLocation): boolean {
  const files = folderOf.files(location);
  return shards().some((shard) => {
    const folder = fs.opendirSync(path.join(files, shard));
    try {
      return folder.readSync() !== null;
    } finally {
      folder.closeSync();
    }
  });
}
