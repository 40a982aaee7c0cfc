import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IndexEntry } from './arrival-messages.ts';

interface Delta {
  readonly studyId: number;
  readonly origin: string;
  readonly sourceAE: string;
  readonly path: string;
  instances: number;
  firstAt: number;
  lastAt: number;
}

/** Places that are told apart for one study; what comes from further ones is counted without its path. */
const MAX_SOURCES = 32;
const MAX_KNOWN = 10_000;
const MAX_PATH = 1024;

/** Where the instances of each study came from: by which way, from which AE title or folder, how many, from when to when. */
export class StudySources {
  readonly #deltas = new Map<string, Delta>();
  /** Keys that have a row. */
  readonly #known = new Set<string>();
  readonly #find: StatementSync;
  readonly #rows: StatementSync;
  readonly #add: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync) {
    const key = 'study_id = ? AND origin = ? AND source_ae = ? AND path = ?';
    this.#find = database.prepare(`SELECT 1 FROM study_sources WHERE ${key}`);
    this.#rows = database.prepare('SELECT count(*) AS n FROM study_sources WHERE study_id = ?');
    this.#add = database.prepare(
      `INSERT INTO study_sources (study_id, origin, source_ae, path, instance_count, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET instance_count = instance_count + excluded.instance_count, first_at = min(first_at, excluded.first_at),
         last_at = max(last_at, excluded.last_at)`,
    );
    this.#drop = database.prepare('DELETE FROM study_sources WHERE study_id = ?');
  }

  count(studyId: number, { origin, sourceAETitle, sourcePath = '', arrivedAt }: IndexEntry): void {
    const sourceAE = sourceAETitle.slice(0, 16);
    const path = sourcePath.slice(0, MAX_PATH);
    const key = `${studyId}\0${origin}\0${sourceAE}\0${path}`;
    const delta = this.#deltas.get(key);
    if (delta === undefined) {
      this.#deltas.set(key, { studyId, origin, sourceAE, path, instances: 1, firstAt: arrivedAt, lastAt: arrivedAt });
      return;
    }
    delta.instances += 1;
    delta.firstAt = Math.min(delta.firstAt, arrivedAt);
    delta.lastAt = Math.max(delta.lastAt, arrivedAt);
  }

  flush(): void {
    for (const [key, { studyId, origin, sourceAE, path, instances, firstAt, lastAt }] of this.#deltas) {
      const where = path === '' || this.#hasRoom(key, studyId, origin, sourceAE, path) ? path : '';
      this.#add.run(studyId, origin, sourceAE, where, instances, firstAt, lastAt);
    }
    this.#deltas.clear();
  }

  forget(): void {
    this.#deltas.clear();
  }

  /** The study goes: nothing that came for it is told any more. */
  drop(studyId: number): void {
    for (const [key, delta] of this.#deltas) if (delta.studyId === studyId) this.#deltas.delete(key);
    this.#known.clear();
    this.#drop.run(studyId);
  }

  #hasRoom(key: string, studyId: number, origin: string, sourceAE: string, path: string): boolean {
    if (this.#known.has(key)) return true;
    if (this.#find.get(studyId, origin, sourceAE, path) === undefined && Number(this.#rows.get(studyId)?.n) >= MAX_SOURCES) return false;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.add(key);
    return true;
  }
}
