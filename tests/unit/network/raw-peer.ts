import { encodeCommandSet } from '../../../electron/dicom/network/command-set.ts';
import type { CommandSet } from '../../../electron/dicom/network/index.ts';
import type { AssociateAC, AssociateRQ } from '../../../electron/dicom/network/pdu.ts';
import { encodeAssociateAC, encodeAssociateRQ, writePDataHeader } from '../../../electron/dicom/network/pdu-encode.ts';
import type { MemoryTransport } from './memory-transport.ts';

export const VERIFICATION = '1.2.840.10008.1.1';
export const IMPLICIT = '1.2.840.10008.1.2';

export const RQ: AssociateRQ = {
  protocolVersion: 1,
  calledAETitle: 'FAR',
  callingAETitle: 'RAW',
  applicationContext: '1.2.840.10008.3.1.1.1',
  contexts: [{ id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }],
  userInformation: {
    maxPDULength: 16_384,
    implementationClassUID: '1.2.3',
    implementationVersionName: 'RAW',
    roles: [],
    extendedNegotiation: [],
    commonExtendedNegotiation: [],
  },
};

export const AC: AssociateAC = { ...RQ, contexts: [{ id: 1, result: 0, transferSyntax: IMPLICIT }] };

/** A peer that sends exactly the bytes it is told to, and notes the PDUs that come back. */
export class RawPeer {
  readonly #transport: MemoryTransport;
  #received = Buffer.alloc(0);
  closed = false;

  constructor(transport: MemoryTransport) {
    this.#transport = transport;
    transport.start({
      onData: (chunk) => {
        this.#received = Buffer.concat([this.#received, chunk]);
        return true;
      },
      onDrain: () => {},
      onClose: () => {
        this.closed = true;
      },
    });
  }

  send(...pdus: Uint8Array[]): void {
    this.#transport.write(pdus);
  }

  close(): void {
    this.#transport.end();
  }

  /** Received PDUs in short: `A-ABORT 2/6`, `P-DATA-TF` … */
  get pdus(): string[] {
    const names: string[] = [];
    for (let at = 0; at + 6 <= this.#received.length; at += 6 + this.#received.readUInt32BE(at + 2)) {
      const type = this.#received[at] ?? 0;
      const [source, reason] = [this.#received[at + 8], this.#received[at + 9]];
      if (type === 3) names.push(`A-ASSOCIATE-RJ ${this.#received[at + 7]}/${source}/${reason}`);
      else if (type === 7) names.push(`A-ABORT ${source}/${reason}`);
      else names.push(NAMES[type] ?? `type ${type}`);
    }
    return names;
  }

  get last(): string | undefined {
    return this.pdus.at(-1);
  }
}

const NAMES: Record<number, string> = {
  1: 'A-ASSOCIATE-RQ',
  2: 'A-ASSOCIATE-AC',
  4: 'P-DATA-TF',
  5: 'A-RELEASE-RQ',
  6: 'A-RELEASE-RP',
};

export const pdus = {
  associateRQ: (changes: Partial<AssociateRQ> = {}) => encodeAssociateRQ({ ...RQ, ...changes }),
  associateAC: (changes: Partial<AssociateAC> = {}) => encodeAssociateAC({ ...AC, ...changes }),
  associateRJ: () => Uint8Array.of(3, 0, 0, 0, 0, 4, 0, 2, 3, 2),
  releaseRQ: () => Uint8Array.of(5, 0, 0, 0, 0, 4, 0, 0, 0, 0),
  releaseRP: () => Uint8Array.of(6, 0, 0, 0, 0, 4, 0, 0, 0, 0),
  abort: () => Uint8Array.of(7, 0, 0, 0, 0, 4, 0, 0, 2, 1),
  invalid: () => Uint8Array.of(99, 0, 0, 0, 0, 4, 0, 0, 0, 0),
};

/** A P-DATA-TF PDU with one command. */
export function command(set: CommandSet, contextId = 1): Uint8Array {
  const bytes = encodeCommandSet(set);
  const pdu = new Uint8Array(12 + bytes.length);
  writePDataHeader(pdu, 0, contextId, 3, bytes.length);
  pdu.set(bytes, 12);
  return pdu;
}

export const echoRQ = (messageID = 1) => command({ commandField: 0x30, hasDataSet: false, affectedSOPClassUID: VERIFICATION, messageID });
export const echoRSP = (messageIDBeingRespondedTo = 1, status = 0) =>
  command({ commandField: 0x8030, hasDataSet: false, affectedSOPClassUID: VERIFICATION, messageIDBeingRespondedTo, status });
