import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { decodeCommandSet } from './command-set.ts';
import { AbortSource, dimseError, pduError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { PdvControl } from './pdu-encode.ts';
import type { CommandSet, DataSetSink } from './types.ts';

export interface MessageReaderHandler {
  /** Whether a context was accepted. */
  hasContext(contextId: number): boolean;
  /**
   * A command set is complete. The sink takes the data set that follows, if one does; without one it is dropped. A promise of it stops the reading.
   */
  onCommand(contextId: number, command: CommandSet): DataSetSink | undefined | Promise<DataSetSink | undefined>;
}

const EMPTY = new Uint8Array(0);

/** Puts DIMSE messages together out of fragments (PS3.7 §6.3, PS3.8 annex E): command sets are gathered, data sets flow to their sink. */
export class MessageReader {
  readonly #handler: MessageReaderHandler;
  #gathered: Uint8Array = EMPTY;
  #gatheredLength = 0;
  #contextId = 0;
  #expects: 'command' | 'data-set' = 'command';
  #sink: DataSetSink | undefined;

  constructor(handler: MessageReaderHandler) {
    this.#handler = handler;
  }

  /** The sink of a data set that is not complete. */
  get openSink(): DataSetSink | undefined {
    return this.#expects === 'data-set' ? this.#sink : undefined;
  }

  /** A command set or its data set is not complete. */
  get insideMessage(): boolean {
    return this.#expects === 'data-set' || this.#gatheredLength > 0;
  }

  /** See PduReaderHandler.onFragment. Throws PhosphorError `protocol`. */
  fragment(contextId: number, control: number, bytes: Uint8Array, ends: boolean): Promise<void> | undefined {
    const isCommand = (control & PdvControl.command) !== 0;
    const last = ends && (control & PdvControl.last) !== 0;
    if (isCommand !== (this.#expects === 'command')) {
      throw dimseError(isCommand ? 'a command came in the middle of a data set' : 'a data set came without its command');
    }
    if (isCommand) return this.#command(contextId, bytes, last);
    if (contextId !== this.#contextId) throw dimseError('a data set came in another presentation context than its command');
    return this.#dataSet(bytes, last);
  }

  #dataSet(bytes: Uint8Array, last: boolean): Promise<void> | undefined {
    const sink = this.#sink;
    if (last) {
      this.#expects = 'command';
      this.#sink = undefined;
    }
    if (sink === undefined) return undefined;
    const wait = bytes.length > 0 ? sink.write(bytes) : undefined;
    if (!last) return wait;
    return wait === undefined ? sink.end() : wait.then(() => sink.end());
  }

  #command(contextId: number, bytes: Uint8Array, last: boolean): Promise<void> | undefined {
    if (this.#gatheredLength === 0) {
      if (!this.#handler.hasContext(contextId)) throw pduError('a presentation context that was not accepted');
      this.#contextId = contextId;
      if (last) return this.#commandComplete(bytes);
    } else if (contextId !== this.#contextId) {
      throw dimseError('fragments of one command came in two presentation contexts');
    }
    const length = this.#gatheredLength + bytes.length;
    if (length > LIMITS.commandSet) throw dimseError('a command set is longer than 64 KiB');
    if (length > this.#gathered.length) {
      const grown = new Uint8Array(Math.min(LIMITS.commandSet, Math.max(length, 2 * this.#gathered.length, 512)));
      grown.set(this.#gathered.subarray(0, this.#gatheredLength));
      this.#gathered = grown;
    }
    this.#gathered.set(bytes, this.#gatheredLength);
    this.#gatheredLength = length;
    if (!last) return undefined;
    const whole = this.#gathered.subarray(0, length);
    this.#gathered = EMPTY;
    this.#gatheredLength = 0;
    return this.#commandComplete(whole);
  }

  #commandComplete(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length > LIMITS.commandSet) throw dimseError('a command set is longer than 64 KiB');
    const command = decodeCommandSet(bytes);
    if (command.hasDataSet) this.#expects = 'data-set';
    const sink = this.#handler.onCommand(this.#contextId, command);
    if (!(sink instanceof Promise)) {
      this.#sink = sink;
      return undefined;
    }
    return sink.then((resolved) => {
      this.#sink = resolved;
    });
  }
}

/** A sink that gathers a whole data set of at most `limit` bytes: identifiers, event and action information. */
export class CollectingSink implements DataSetSink {
  readonly #limit: number;
  readonly #complete: (bytes: Uint8Array) => Promise<void> | undefined;
  readonly #aborted: (() => void) | undefined;
  #buffer: Uint8Array = EMPTY;
  #length = 0;

  constructor(complete: (bytes: Uint8Array) => Promise<void> | undefined, aborted?: () => void, limit: number = LIMITS.identifier) {
    this.#complete = complete;
    this.#aborted = aborted;
    this.#limit = limit;
  }

  write(chunk: Uint8Array): undefined {
    const length = this.#length + chunk.length;
    if (length > this.#limit) throw tooLong();
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(length, this.#length === 0 ? 0 : 2 * this.#buffer.length)));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  end(): Promise<void> | undefined {
    return this.#complete(this.#buffer.subarray(0, this.#length));
  }

  abort(): void {
    this.#aborted?.();
  }
}

/** No rule of DICOM is broken, only our bound: told apart, because what helps is another question, not another port. */
function tooLong(): PhosphorError {
  return new PhosphorError('limit-exceeded', 'an identifier is longer than 16 MiB', {
    upperLayer: { source: AbortSource.serviceUser, reason: 0 },
  });
}
