import type { MessagePort } from 'node:worker_threads';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { createArrivalWriter } from '../archive/arrival.ts';
import type { ArchiveLocation, Arrival, ArrivalReceipt, ArrivalWriter } from '../archive/types.ts';
import type { ServiceProvider } from '../dicom/network/index.ts';
import { type StoreRequest, type StoreSink, storageProvider } from '../dicom/services/index.ts';
import { Batcher } from './batcher.ts';
import { STATUS_NOT_AUTHORIZED } from './store-scp.ts';
import type { RefusedInstance, StoredInstance } from './types.ts';
import { type SniffedUIDs, UIDSniffer } from './uid-sniffer.ts';

export interface GetReceptionOptions {
  readonly actionId: string;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID?: string;
  /** Title of the archive that was asked. */
  readonly calledAETitle: string;
  readonly storage: { readonly location: ArchiveLocation; readonly arrivals: MessagePort };
  readonly onStored: (instances: StoredInstance[]) => void;
  readonly onRefused: (instances: RefusedInstance[]) => void;
  /** An instance stands, or much of one has come. */
  readonly onProgress: () => void;
}

/** So much of an instance is progress; a peer that trickles must not look like one that sends. */
const PROGRESS_BYTES = 1_048_576;

/** Where the C-STORE sub-operations of one C-GET go: into the archive, as far as they belong to what was asked for (PS3.4 C.4.3). */
export class GetReception {
  readonly service: ServiceProvider;
  readonly #options: GetReceptionOptions;
  readonly #stored: Batcher<StoredInstance>;
  readonly #refused: Batcher<RefusedInstance>;
  readonly #finishing = new Set<Promise<unknown>>();
  /** What came, by UID. */
  readonly #held = new Set<string>();
  #writer: ArrivalWriter | undefined;
  /** Bytes since there was progress. */
  #trickled = 0;

  constructor(options: GetReceptionOptions) {
    this.#options = options;
    this.#stored = new Batcher(options.onStored);
    this.#refused = new Batcher(options.onRefused);
    this.service = storageProvider({
      begin: (request) => this.#begin(request),
      onAnswered: ({ sopInstanceUID }, status, error) => {
        if (!error) return;
        const { actionId, calledAETitle } = options;
        this.#refused.add({ actionId, callingAETitle: calledAETitle, sopInstanceUID, status, error: toErrorData(error) });
      },
    });
  }

  /** What came has been told; nothing is told any more. Call it when the association sends nothing more. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#finishing);
    // The answers that follow the last of them.
    await new Promise((resolve) => setImmediate(resolve));
    this.#stored.flush();
    this.#refused.flush();
  }

  /** True once the instance stands in the archive. */
  holds(sopInstanceUID: string): boolean {
    return this.#held.has(sopInstanceUID);
  }

  /** The index was told of all that came; the port is closed. */
  async close(): Promise<void> {
    if (this.#writer) await this.#writer.close();
    else this.#options.storage.arrivals.close();
  }

  #begin(request: StoreRequest): StoreSink {
    const { location, arrivals } = this.#options.storage;
    this.#writer ??= createArrivalWriter(location, arrivals);
    const { actionId, calledAETitle } = this.#options;
    const { sopClassUID, sopInstanceUID, transferSyntaxUID } = request;
    const origin = { kind: 'retrieve', actionId, sourceAETitle: calledAETitle } as const;
    const writer = this.#writer;
    const begin = () => writer.begin({ sopClassUID, sopInstanceUID, transferSyntaxUID }, origin);
    return new SubOperation(transferSyntaxUID, {
      begin: (uids) => {
        if (!this.#asked(uids)) {
          throw new PhosphorError('rejected', 'the instance belongs to no retrieve', { status: STATUS_NOT_AUTHORIZED });
        }
        return begin();
      },
      onBytes: (bytes) => this.#came(bytes),
      onFinish: (finished) => {
        const told = finished.then((receipt) => {
          this.#came(PROGRESS_BYTES);
          this.#held.add(receipt.header.sopInstanceUID);
          this.#stored.add(this.#storedInstance(receipt));
        });
        const settled = told.catch(() => {}).finally(() => this.#finishing.delete(settled));
        this.#finishing.add(settled);
      },
    });
  }

  #came(bytes: number): void {
    this.#trickled += bytes;
    if (this.#trickled < PROGRESS_BYTES) return;
    this.#trickled = 0;
    this.#options.onProgress();
  }

  #asked(uids: SniffedUIDs): boolean {
    const { studyInstanceUID, seriesInstanceUID } = this.#options;
    // What cannot be read is left to the archive's own reader, which says why.
    if (uids.studyInstanceUID === undefined) return true;
    return uids.studyInstanceUID === studyInstanceUID && (seriesInstanceUID === undefined || uids.seriesInstanceUID === seriesInstanceUID);
  }

  #storedInstance({ header, dataSetBytes, result }: ArrivalReceipt): StoredInstance {
    const { actionId, calledAETitle } = this.#options;
    const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = header;
    return { actionId, callingAETitle: calledAETitle, studyInstanceUID, seriesInstanceUID, sopInstanceUID, dataSetBytes, result };
  }
}

interface SubOperationOptions {
  /** Throws for an instance that nobody asked for. */
  readonly begin: (uids: SniffedUIDs) => Arrival;
  readonly onBytes: (bytes: number) => void;
  readonly onFinish: (finished: Promise<ArrivalReceipt>) => void;
}

/** One instance on its way in; nothing of it is written before its UIDs are known. */
class SubOperation implements StoreSink {
  readonly #options: SubOperationOptions;
  #sniffer: UIDSniffer | undefined;
  #arrival: Arrival | undefined;

  constructor(transferSyntaxUID: string, options: SubOperationOptions) {
    this.#options = options;
    this.#sniffer = new UIDSniffer(transferSyntaxUID);
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#options.onBytes(chunk.length);
    if (this.#arrival) return this.#arrival.write(chunk);
    const uids = this.#sniffer?.take(chunk);
    return uids ? this.#open(uids).then(() => {}) : undefined;
  }

  finish(): Promise<ArrivalReceipt> {
    const finished = this.#finish();
    this.#options.onFinish(finished);
    return finished;
  }

  async abort(): Promise<void> {
    this.#sniffer = undefined;
    await this.#arrival?.abort();
  }

  async #finish(): Promise<ArrivalReceipt> {
    const arrival = this.#arrival ?? (this.#sniffer && (await this.#open(this.#sniffer.end())));
    if (!arrival) throw new PhosphorError('internal', 'an instance was finished before it began');
    return await arrival.finish();
  }

  async #open(uids: SniffedUIDs): Promise<Arrival> {
    const held = this.#sniffer?.held ?? [];
    this.#sniffer = undefined;
    const arrival = this.#options.begin(uids);
    this.#arrival = arrival;
    for (const chunk of held) await arrival.write(chunk);
    return arrival;
  }
}
