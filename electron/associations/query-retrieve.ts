import type { MatchRow } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { openIndexReader } from '../archive/index-reader.ts';
import { type Dataset, Tag } from '../dicom/dataset/index.ts';
import type { Association, ServiceProvider } from '../dicom/network/index.ts';
import { findProvider, type MoveInstance, moveProvider, type QueryRequest, storageContexts } from '../dicom/services/index.ts';
import { openDataSet } from './file-source.ts';
import { openAssociation } from './open-association.ts';
import { identifierOf, queryOf } from './query-identifiers.ts';
import type { ListenerOptions } from './types.ts';

type IndexReader = ReturnType<typeof openIndexReader>;
type StoredFile = ReturnType<IndexReader['instancesOf']>[number];

/** PS3.4 C.4.2.1.5: Refused, Move Destination unknown. */
const STATUS_MOVE_DESTINATION_UNKNOWN = 0xa801;
/** PS3.4 C.4.2.1.5: Identifier does not match SOP Class. */
const STATUS_IDENTIFIER_MISMATCH = 0xa900;

/** Rows are made for this long, then sockets and timers get their turn. */
const TURN_MS = 8;

export interface QueryRetrieveOptions extends NonNullable<ListenerOptions['queryRetrieve']> {
  readonly clocks: ListenerOptions['clocks'];
  /** Ours: Retrieve AE Title of the answers, calling title of the sub-associations. */
  readonly aeTitle: string;
}

/** C-FIND and C-MOVE as SCP over an archive's index and files (PS3.4 annex C), Patient Root and Study Root. */
export class QueryRetrieveArchive {
  readonly #options: QueryRetrieveOptions;
  #reader: IndexReader | undefined;

  constructor(options: QueryRetrieveOptions) {
    this.#options = options;
  }

  services(): ServiceProvider[] {
    return [
      findProvider({ find: (request) => this.#find(request) }),
      moveProvider({
        instances: async (request) => this.#instances(request).map(moveInstance),
        connect: (destinationAETitle, instances, { signal }) => this.#connect(destinationAETitle, instances, signal),
      }),
    ];
  }

  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  get #index(): IndexReader {
    this.#reader ??= openIndexReader(this.#options.location);
    return this.#reader;
  }

  async *#find({ identifier, signal }: QueryRequest): AsyncGenerator<Dataset> {
    const query = queryOf(identifier);
    if (!query) throw mismatch();
    const wanted = new Set(identifier.strings(Tag.SOPInstanceUID));
    let turn = performance.now();
    for (const row of this.#index.findRows(query)) {
      if (signal.aborted) return;
      if (wanted.size > 0 && !(row.level === 'image' && wanted.has(row.sopInstanceUID))) continue;
      yield identifierOf(row, identifier, this.#options.aeTitle);
      if (performance.now() - turn > TURN_MS) {
        await nextTurn();
        turn = performance.now();
      }
    }
  }

  #instances({ identifier }: QueryRequest): StoredFile[] {
    const needed = UNIQUE_KEYS[identifier.string(Tag.QueryRetrieveLevel)];
    if (!needed || needed.some((tag) => list(identifier, tag) === '')) throw mismatch();
    if (needed.includes(Tag.PatientID)) {
      const studies = this.#studiesOf(identifier.string(Tag.PatientID));
      return studies.flatMap((studyInstanceUID) => this.#index.instancesOf({ studyInstanceUID }));
    }
    // An empty key matches everything, and one below the level asked for has nothing to say.
    const at = (tag: number) => (needed.includes(tag) ? list(identifier, tag) : '');
    return this.#index.instancesOf({
      studyInstanceUID: at(Tag.StudyInstanceUID),
      seriesInstanceUID: at(Tag.SeriesInstanceUID),
      sopInstanceUID: at(Tag.SOPInstanceUID),
    });
  }

  #studiesOf(patientID: string): string[] {
    const rows: Iterable<MatchRow> = this.#index.findRows({ level: 'study', patientID });
    return [...rows].flatMap((row) => (row.level === 'study' && row.patientID === patientID ? [row.studyInstanceUID] : []));
  }

  async #connect(destinationAETitle: string, instances: readonly MoveInstance[], signal: AbortSignal): Promise<Association> {
    const { destinations, clocks, aeTitle } = this.#options;
    const title = destinationAETitle.trim();
    const destination = Object.hasOwn(destinations, title) ? destinations[title] : undefined;
    if (!destination) {
      throw new PhosphorError('rejected', 'the move destination is unknown', { status: STATUS_MOVE_DESTINATION_UNKNOWN });
    }
    return await openAssociation({
      peer: { ...destination, calledAETitle: title, callingAETitle: aeTitle },
      clocks,
      contexts: storageContexts(instances),
      signal,
    });
  }
}

/** Unique keys that a C-MOVE identifier must have, by its level (PS3.4 C.4.2.1.4.2); lists of UIDs are allowed at the last. */
const UNIQUE_KEYS: Readonly<Record<string, readonly number[]>> = {
  PATIENT: [Tag.PatientID],
  STUDY: [Tag.StudyInstanceUID],
  SERIES: [Tag.StudyInstanceUID, Tag.SeriesInstanceUID],
  IMAGE: [Tag.StudyInstanceUID, Tag.SOPInstanceUID],
};

function list(identifier: Dataset, tag: number): string {
  return identifier.strings(tag).join('\\');
}

function moveInstance({ sopClassUID, sopInstanceUID, transferSyntaxUID, path }: StoredFile): MoveInstance {
  return { sopClassUID, sopInstanceUID, transferSyntaxUID, open: () => openDataSet(path) };
}

function mismatch(): PhosphorError {
  return new PhosphorError('invalid-arguments', 'the identifier does not fit its level', { status: STATUS_IDENTIFIER_MISMATCH });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
