import { DatabaseSync } from 'node:sqlite';
import type { ImageModule } from '../../shared/contract/index.ts';
import { type Annotation, readMark } from '../../shared/marks/index.ts';
import type { PictureMarks } from '../transcoding/index.ts';
import type { ChosenInstance } from './export-selection.ts';
import { archiveIdOf } from './layout.ts';
import type { ArchiveLocation } from './types.ts';
import { userDataFile } from './user-database.ts';

/** More than the viewer keeps. */
const MAX_MARKS = 20_000;
/** Studies whose marks are held: instances come study by study, several at a time. */
const HELD_STUDIES = 4;

/** The marks that readers set in the viewer, out of user.db. */
export class ExportedMarks {
  readonly #database: DatabaseSync | undefined;
  readonly #archiveId: string;
  readonly #studies = new Map<string, ReadonlyMap<string, readonly Annotation[]>>();

  /** Without user.db, or with one that cannot be read, there are no marks. */
  constructor(location: ArchiveLocation) {
    this.#archiveId = archiveIdOf(location);
    try {
      this.#database = new DatabaseSync(userDataFile(location), { readOnly: true });
      this.#database.exec('PRAGMA busy_timeout = 5000');
    } catch {
      this.#database = undefined;
    }
  }

  /** Those of a frame, or undefined where there are none. `isNameless`: without the words that a reader wrote, which may name a person. */
  of(instance: ChosenInstance, image: ImageModule, frame: number, isNameless: boolean): PictureMarks | undefined {
    const all = this.#ofStudy(instance.owner.study).get(instance.sopInstanceUID) ?? [];
    const shown = all.filter((mark) => mark.frame === frame && mark.kind !== 'key-image');
    const marks = isNameless ? shown.filter(({ kind }) => kind !== 'text').map((mark) => ({ ...mark, name: '' })) : shown;
    if (marks.length === 0) return undefined;
    const { pixelSpacing, pixelAspectRatio, reading, suv, rescaleType, pixelPaddingValue, pixelPaddingRangeLimit } = image;
    return {
      marks,
      byHand: all.findLast(({ kind }) => kind === 'calibration'),
      image: { pixelSpacing, pixelAspectRatio, reading, suv, rescaleType, pixelPaddingValue, pixelPaddingRangeLimit },
      modality: instance.values.Modality,
    };
  }

  close(): void {
    this.#database?.close();
  }

  #ofStudy(studyInstanceUID: string): ReadonlyMap<string, readonly Annotation[]> {
    const held = this.#studies.get(studyInstanceUID);
    if (held !== undefined) return held;
    const byInstance = new Map<string, Annotation[]>();
    for (const entry of entriesOf(this.#document(studyInstanceUID))) {
      const mark = readMark(entry, studyInstanceUID)?.annotation;
      if (mark === undefined) continue;
      const others = byInstance.get(mark.sopInstanceUID);
      if (others === undefined) byInstance.set(mark.sopInstanceUID, [mark]);
      else others.push(mark);
    }
    for (const oldest of [...this.#studies.keys()].slice(0, Math.max(0, this.#studies.size + 1 - HELD_STUDIES)))
      this.#studies.delete(oldest);
    this.#studies.set(studyInstanceUID, byInstance);
    return byInstance;
  }

  #document(studyInstanceUID: string): unknown {
    const sql = 'SELECT document FROM annotations WHERE archive_id = ? AND study_uid = ?';
    try {
      const row = this.#database?.prepare(sql).get(this.#archiveId, studyInstanceUID);
      return typeof row?.document === 'string' ? JSON.parse(row.document) : undefined;
    } catch {
      return undefined;
    }
  }
}

function entriesOf(document: unknown): readonly unknown[] {
  if (typeof document !== 'object' || document === null || !('annotations' in document)) return [];
  return Array.isArray(document.annotations) ? document.annotations.slice(0, MAX_MARKS) : [];
}
