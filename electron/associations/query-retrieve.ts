import type { MatchRow } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { openIndexReader } from '../archive/index-reader.ts';
import { type Dataset, Tag } from '../dicom/dataset/index.ts';
import type { Association, ProposedContext, ServiceProvider } from '../dicom/network/index.ts';
import {
  checkIdentifier,
  findProvider,
  getProvider,
  isPatientRoot,
  type MoveInstance,
  moveProvider,
  type QueryRequest,
} from '../dicom/services/index.ts';
import { openDataSet } from './file-source.ts';
import { openAssociation } from './open-association.ts';
import { identifierOf, queryOf } from './query-identifiers.ts';
import { sendable } from './send-item.ts';
import type { ListenerOptions } from './types.ts';

type IndexReader = ReturnType<typeof openIndexReader>;
type StoredFile = ReturnType<IndexReader['instancesOf']>[number];

/** PS3.4 C.4.2.1.5: Refused, Move Destination unknown. */
const STATUS_MOVE_DESTINATION_UNKNOWN = 0xa801;
/** Pending responses of a retrieve are at least this far apart, seconds. */
const PENDING_INTERVAL = 0.1;

/** Rows are made for this long, then sockets and timers get their turn. */
const TURN_MS = 8;

export interface QueryRetrieveOptions extends NonNullable<ListenerOptions['queryRetrieve']> {
  readonly clocks: ListenerOptions['clocks'];
  /** Ours: Retrieve AE Title of the answers, calling title of the sub-associations. */
  readonly aeTitle: string;
}

/** C-FIND, C-MOVE and C-GET as SCP over an archive's index and files (PS3.4 annex C), Patient Root and Study Root. */
export class QueryRetrieveArchive {
  readonly #options: QueryRetrieveOptions;
  #reader: IndexReader | undefined;

  constructor(options: QueryRetrieveOptions) {
    this.#options = options;
  }

  services(): ServiceProvider[] {
    const instances = async (request: QueryRequest) => this.#instances(request).map(moveInstance);
    return [
      findProvider({ find: (request) => this.#find(request) }),
      moveProvider({
        instances,
        connect: (destinationAETitle, contexts, { signal }) => this.#connect(destinationAETitle, contexts, signal),
        pendingInterval: PENDING_INTERVAL,
      }),
      getProvider({ instances, pendingInterval: PENDING_INTERVAL }),
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

  async *#find({ identifier, sopClassUID, flags, signal }: QueryRequest): AsyncGenerator<Dataset> {
    checkIdentifier(identifier, sopClassUID, flags);
    const query = queryOf(identifier);
    if (!query) return;
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

  #instances({ identifier, sopClassUID, flags }: QueryRequest): StoredFile[] {
    checkIdentifier(identifier, sopClassUID, flags);
    const used = KEYS_AT[identifier.string(Tag.QueryRetrieveLevel)] ?? [];
    // An empty key matches everything, and one below the level asked for has nothing to say.
    const at = (tag: number) => (used.includes(tag) ? list(identifier, tag) : '');
    const keys = {
      studyInstanceUID: at(Tag.StudyInstanceUID),
      seriesInstanceUID: at(Tag.SeriesInstanceUID),
      sopInstanceUID: at(Tag.SOPInstanceUID),
    };
    const patientID = isPatientRoot(sopClassUID) ? identifier.string(Tag.PatientID) : '';
    if (patientID === '') return this.#index.instancesOf(keys);
    const studies = this.#studiesOf(patientID, keys.studyInstanceUID);
    return studies.flatMap((studyInstanceUID) => this.#index.instancesOf({ ...keys, studyInstanceUID }));
  }

  /** Studies of a patient; of a list of UIDs where there is one. */
  #studiesOf(patientID: string, studyInstanceUID: string): string[] {
    const studies = studyInstanceUID === '' ? {} : { studyInstanceUID };
    const rows: Iterable<MatchRow> = this.#index.findRows({ level: 'study', patientID, ...studies });
    return [...rows].flatMap((row) => (row.level === 'study' && row.patientID === patientID ? [row.studyInstanceUID] : []));
  }

  async #connect(destinationAETitle: string, contexts: readonly ProposedContext[], signal: AbortSignal): Promise<Association> {
    const { destinations, clocks, aeTitle } = this.#options;
    const title = destinationAETitle.trim();
    const destination = Object.hasOwn(destinations, title) ? destinations[title] : undefined;
    if (!destination) {
      throw new PhosphorError('rejected', 'the move destination is unknown', { status: STATUS_MOVE_DESTINATION_UNKNOWN });
    }
    return await openAssociation({
      peer: { ...destination, calledAETitle: title, callingAETitle: aeTitle },
      clocks,
      contexts,
      signal,
    });
  }
}

/** Keys that say which instances are meant, by the level of a retrieve (PS3.4 C.4.2.1.4.1); beside them the Patient ID where the model has patients. */
const KEYS_AT: Readonly<Record<string, readonly number[]>> = {
  PATIENT: [],
  STUDY: [Tag.StudyInstanceUID],
  SERIES: [Tag.StudyInstanceUID, Tag.SeriesInstanceUID],
  IMAGE: [Tag.StudyInstanceUID, Tag.SeriesInstanceUID, Tag.SOPInstanceUID],
};

function list(identifier: Dataset, tag: number): string {
  return identifier.strings(tag).join('\\');
}

function moveInstance({ sopClassUID, sopInstanceUID, transferSyntaxUID, path }: StoredFile): MoveInstance {
  const item = { path, sopClassUID, sopInstanceUID, transferSyntaxUID };
  return {
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID,
    open: () => openDataSet(path),
    convert: async (destination, signal) => {
      const { dataSet, transferSyntaxUID: as } = await sendable(destination, item, { allowLossyConversion: false, signal });
      return { dataSet, transferSyntaxUID: as };
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
