import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

// A peer that does exactly what a test's script says, byte by byte where it must be wrong. It has its own few lines of PS3.8 and PS3.7, so
// that a mistake in the product's encoder is not answered by the same mistake here.

export const PDU = { associateRQ: 1, associateAC: 2, associateRJ: 3, data: 4, releaseRQ: 5, releaseRP: 6, abort: 7 } as const;

const NAMES: Readonly<Record<number, string>> = {
  1: 'A-ASSOCIATE-RQ',
  2: 'A-ASSOCIATE-AC',
  4: 'P-DATA-TF',
  5: 'A-RELEASE-RQ',
  6: 'A-RELEASE-RP',
};

export const Command = {
  storeRQ: 0x0001,
  storeRSP: 0x8001,
  findRQ: 0x0020,
  findRSP: 0x8020,
  moveRQ: 0x0021,
  moveRSP: 0x8021,
  echoRQ: 0x0030,
  echoRSP: 0x8030,
  cancelRQ: 0x0fff,
} as const;

export const UIDs = {
  verification: '1.2.840.10008.1.1',
  studyRootFind: '1.2.840.10008.5.1.4.1.2.2.1',
  studyRootMove: '1.2.840.10008.5.1.4.1.2.2.2',
  ctImageStorage: '1.2.840.10008.5.1.4.1.1.2',
  secondaryCaptureStorage: '1.2.840.10008.5.1.4.1.1.7',
  implicitVRLittleEndian: '1.2.840.10008.1.2',
  explicitVRLittleEndian: '1.2.840.10008.1.2.1',
} as const;

/** A command set by the keywords that scripts need. */
export interface ScriptedCommand {
  commandField: number;
  affectedSOPClassUID?: string;
  messageID?: number;
  messageIDBeingRespondedTo?: number;
  moveDestination?: string;
  priority?: number;
  dataSetType?: number;
  status?: number;
  errorComment?: string;
  affectedSOPInstanceUID?: string;
  remaining?: number;
  completed?: number;
  failed?: number;
  warning?: number;
  moveOriginatorAETitle?: string;
  moveOriginatorMessageID?: number;
}

const ELEMENTS: readonly (readonly [keyof ScriptedCommand, number, 'US' | 'UI' | 'AE' | 'LO'])[] = [
  ['affectedSOPClassUID', 0x0002, 'UI'],
  ['commandField', 0x0100, 'US'],
  ['messageID', 0x0110, 'US'],
  ['messageIDBeingRespondedTo', 0x0120, 'US'],
  ['moveDestination', 0x0600, 'AE'],
  ['priority', 0x0700, 'US'],
  ['dataSetType', 0x0800, 'US'],
  ['status', 0x0900, 'US'],
  ['errorComment', 0x0902, 'LO'],
  ['affectedSOPInstanceUID', 0x1000, 'UI'],
  ['remaining', 0x1020, 'US'],
  ['completed', 0x1021, 'US'],
  ['failed', 0x1022, 'US'],
  ['warning', 0x1023, 'US'],
  ['moveOriginatorAETitle', 0x1030, 'AE'],
  ['moveOriginatorMessageID', 0x1031, 'US'],
];

export interface ScriptedMessage {
  readonly contextId: number;
  readonly command: ScriptedCommand;
  readonly dataSet: Buffer | undefined;
}

export interface ScriptedRequest {
  readonly calledAETitle: string;
  readonly callingAETitle: string;
  readonly contexts: readonly { id: number; abstractSyntax: string; transferSyntaxes: readonly string[] }[];
}

/** One connection under a script's control. Reading past the end of the connection throws `ended`. */
export class ScriptedConnection {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  #held = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  /** Context ID by abstract syntax, once associated. */
  readonly contextIds = new Map<string, number>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#held += chunk.length;
      this.#wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async read(length: number): Promise<Buffer> {
    while (this.#held < length) {
      if (this.#ended) throw new Error('ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    this.#chunks.push(all.subarray(length));
    this.#held = all.length - length;
    return all.subarray(0, length);
  }

  async readPDU(): Promise<{ type: number; body: Buffer }> {
    const head = await this.read(6);
    return { type: head.readUInt8(0), body: await this.read(head.readUInt32BE(2)) };
  }

  /** Reads until a PDU of this type comes; undefined when the connection ends first. */
  async expectPDU(type: number): Promise<Buffer | undefined> {
    try {
      for (;;) {
        const pdu = await this.readPDU();
        if (pdu.type === type) return pdu.body;
      }
    } catch {
      return undefined;
    }
  }

  /** The next PDU in short: `A-ABORT 2/6`, `A-ASSOCIATE-RJ 1/1/3`, `P-DATA-TF` …, or `closed`. */
  async readShort(): Promise<string> {
    try {
      const { type, body } = await this.readPDU();
      if (type === PDU.associateRJ) return `A-ASSOCIATE-RJ ${body[1]}/${body[2]}/${body[3]}`;
      if (type === PDU.abort) return `A-ABORT ${body[2]}/${body[3]}`;
      return NAMES[type] ?? `PDU ${type}`;
    } catch {
      return 'closed';
    }
  }

  sendPDU(type: number, body: Uint8Array): void {
    const head = Buffer.alloc(6);
    head.writeUInt8(type, 0);
    head.writeUInt32BE(body.length, 2);
    this.socket.write(Buffer.concat([head, body]));
  }

  sendRaw(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  async readAssociateRQ(): Promise<ScriptedRequest> {
    const { type, body } = await this.readPDU();
    if (type !== PDU.associateRQ) throw new Error(`expected A-ASSOCIATE-RQ, got PDU ${type}`);
    const contexts = [...items(body.subarray(68))]
      .filter((item) => item.type === 0x20)
      .map(({ value }) => {
        const inner = [...items(value.subarray(4))];
        return {
          id: value.readUInt8(0),
          abstractSyntax: inner.find((item) => item.type === 0x30)?.value.toString('latin1') ?? '',
          transferSyntaxes: inner.filter((item) => item.type === 0x40).map((item) => item.value.toString('latin1')),
        };
      });
    return { calledAETitle: title(body, 4), callingAETitle: title(body, 20), contexts };
  }

  /** Accepts every context with its first transfer syntax, or with `prefer` where it was proposed. */
  acceptAssociate(request: ScriptedRequest, options: { maxPDULength?: number; prefer?: string } = {}): void {
    const accepted = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }) => {
      if (!this.contextIds.has(abstractSyntax)) this.contextIds.set(abstractSyntax, id);
      const preferred = transferSyntaxes.find((syntax) => syntax === options.prefer) ?? transferSyntaxes[0] ?? '';
      return item(0x21, Buffer.concat([Buffer.from([id, 0, 0, 0]), item(0x40, Buffer.from(preferred, 'latin1'))]));
    });
    const body = [Buffer.from([0, 1, 0, 0]), titleField(request.calledAETitle), titleField(request.callingAETitle), Buffer.alloc(32)];
    const user = userInformation(options.maxPDULength ?? 16_384);
    this.sendPDU(PDU.associateAC, Buffer.concat([...body, applicationContext(), ...accepted, user]));
  }

  /** Asks for an association; the answer's PDU type and body. */
  async associate(options: {
    calledAETitle: string;
    callingAETitle: string;
    abstractSyntaxes: readonly string[];
    transferSyntax?: string;
  }): Promise<{ type: number; body: Buffer }> {
    const contexts = options.abstractSyntaxes.map((abstractSyntax, index) => {
      const id = 2 * index + 1;
      this.contextIds.set(abstractSyntax, id);
      const transfer = item(0x40, Buffer.from(options.transferSyntax ?? UIDs.implicitVRLittleEndian, 'latin1'));
      return item(0x20, Buffer.concat([Buffer.from([id, 0, 0, 0]), item(0x30, Buffer.from(abstractSyntax, 'latin1')), transfer]));
    });
    const body = [Buffer.from([0, 1, 0, 0]), titleField(options.calledAETitle), titleField(options.callingAETitle), Buffer.alloc(32)];
    this.sendPDU(PDU.associateRQ, Buffer.concat([...body, applicationContext(), ...contexts, userInformation(16_384)]));
    return await this.readPDU();
  }

  /** The next DIMSE message, both parts put together. */
  async readMessage(): Promise<ScriptedMessage> {
    const command = await this.#readPart(true);
    const parsed = parseCommand(command.bytes);
    const dataSet = parsed.dataSetType === 0x0101 ? undefined : (await this.#readPart(false)).bytes;
    return { contextId: command.contextId, command: parsed, dataSet };
  }

  sendMessage(contextId: number, command: ScriptedCommand, dataSet?: Uint8Array, pduLength = 16_000): void {
    const bytes = encodeCommand({ ...command, dataSetType: dataSet ? 0x0001 : 0x0101 });
    this.sendPDU(PDU.data, pdv(contextId, 0x03, bytes));
    if (!dataSet) return;
    for (let at = 0; at === 0 || at < dataSet.length; at += pduLength) {
      const last = at + pduLength >= dataSet.length;
      this.sendPDU(PDU.data, pdv(contextId, last ? 0x02 : 0x00, dataSet.subarray(at, at + pduLength)));
    }
  }

  /** A response to `request` on its context. */
  respond(request: ScriptedMessage, response: Omit<ScriptedCommand, 'commandField'>, dataSet?: Uint8Array): void {
    const { affectedSOPClassUID, commandField, messageID } = request.command;
    this.sendMessage(
      request.contextId,
      {
        commandField: commandField | 0x8000,
        ...(affectedSOPClassUID === undefined ? {} : { affectedSOPClassUID }),
        ...(messageID === undefined ? {} : { messageIDBeingRespondedTo: messageID }),
        ...response,
      },
      dataSet,
    );
  }

  /** C-STORE-RQ and its response's status; undefined when the association ended instead. */
  async store(
    instance: { sopClassUID: string; sopInstanceUID: string; dataSet: Uint8Array },
    extra: { messageID?: number; moveOriginatorAETitle?: string; moveOriginatorMessageID?: number } = {},
  ): Promise<number | undefined> {
    const contextId = this.contextIds.get(instance.sopClassUID);
    if (contextId === undefined) throw new Error('no context for the SOP class');
    const { messageID = 1, ...originator } = extra;
    const command = { commandField: Command.storeRQ, affectedSOPClassUID: instance.sopClassUID, messageID, priority: 0 };
    this.sendMessage(contextId, { ...command, affectedSOPInstanceUID: instance.sopInstanceUID, ...originator }, instance.dataSet);
    try {
      return (await this.readMessage()).command.status;
    } catch {
      return undefined;
    }
  }

  /** Answers A-RELEASE-RQ when it comes (or ends with the connection). */
  async finish(): Promise<void> {
    if ((await this.expectPDU(PDU.releaseRQ)) !== undefined) this.sendPDU(PDU.releaseRP, Buffer.alloc(4));
    this.socket.end();
  }

  /** Releases from this side. */
  async release(): Promise<void> {
    this.sendPDU(PDU.releaseRQ, Buffer.alloc(4));
    await this.expectPDU(PDU.releaseRP);
    this.socket.end();
  }

  async #readPart(command: boolean): Promise<{ contextId: number; bytes: Buffer }> {
    const parts: Buffer[] = [];
    for (;;) {
      const { type, body } = await this.readPDU();
      if (type !== PDU.data) throw new Error(`expected P-DATA-TF, got PDU ${type}`);
      for (let at = 0; at < body.length; ) {
        const length = body.readUInt32BE(at);
        const contextId = body.readUInt8(at + 4);
        const control = body.readUInt8(at + 5);
        if (((control & 1) === 1) !== command) throw new Error('a command where a data set was due, or the reverse');
        parts.push(body.subarray(at + 6, at + 4 + length));
        at += 4 + length;
        if ((control & 2) !== 0) return { contextId, bytes: Buffer.concat(parts) };
      }
    }
  }
}

/** A listening peer; every connection runs the script. `failures` holds what scripts threw, for the test to look at. */
export class ScriptedPeer {
  readonly port: number;
  readonly failures: unknown[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async listen(script: (connection: ScriptedConnection) => Promise<void>): Promise<ScriptedPeer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const peer = new ScriptedPeer(server, address.port);
    server.on('connection', (socket) => {
      peer.#sockets.add(socket);
      script(new ScriptedConnection(socket)).catch((thrown) => peer.failures.push(thrown));
    });
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Connects to a listener, to be driven by a test. */
export async function scriptedCaller(port: number): Promise<ScriptedConnection> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return new ScriptedConnection(socket);
}

/** An Implicit VR Little Endian data set of text elements: tag → value. */
export function implicitDataSet(elements: Readonly<Record<number, string | Uint8Array>>): Buffer {
  const tags = Object.keys(elements)
    .map(Number)
    .sort((a, b) => a - b);
  return Buffer.concat(
    tags.map((tag) => {
      const value = elements[tag] ?? '';
      const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.from(value);
      const padded =
        bytes.length % 2 === 0
          ? bytes
          : Buffer.concat([bytes, Buffer.from([typeof value === 'string' && /^[\d.]*$/.test(value) ? 0 : 0x20])]);
      const head = Buffer.alloc(8);
      head.writeUInt16LE(tag >>> 16, 0);
      head.writeUInt16LE(tag & 0xffff, 2);
      head.writeUInt32LE(padded.length, 4);
      return Buffer.concat([head, padded]);
    }),
  );
}

/** A small Secondary Capture of one 8×8 image, Implicit VR Little Endian. */
export function smallInstance(studyInstanceUID: string, seriesInstanceUID: string, sopInstanceUID: string, pixels = 64) {
  const us = (value: number) => {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
    return bytes;
  };
  const dataSet = implicitDataSet({
    524310: UIDs.secondaryCaptureStorage,
    524312: sopInstanceUID,
    524320: '20261118',
    524384: 'OT',
    1048592: 'Doe^Jane',
    1048608: 'P1',
    2097165: studyInstanceUID,
    2097166: seriesInstanceUID,
    2097171: '1',
    2621442: us(1),
    2621444: 'MONOCHROME2',
    2621456: us(8),
    2621457: us(pixels / 8),
    2621696: us(8),
    2621697: us(8),
    2621698: us(7),
    2621699: us(0),
    2145386512: Buffer.alloc(pixels, 7),
  });
  return { sopClassUID: UIDs.secondaryCaptureStorage, sopInstanceUID, dataSet };
}

/** Items and sub-items of PS3.8 §9.3. */
export function* items(bytes: Buffer): Generator<{ type: number; value: Buffer }> {
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    yield { type: bytes.readUInt8(at), value: bytes.subarray(at + 4, at + 4 + length) };
    at += 4 + length;
  }
}

export function item(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

function applicationContext(): Buffer {
  return item(0x10, Buffer.from('1.2.840.10008.3.1.1.1', 'latin1'));
}

function userInformation(maxPDULength: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(maxPDULength);
  return item(0x50, Buffer.concat([item(0x51, length), item(0x52, Buffer.from('1.2.3.4', 'latin1'))]));
}

/** A presentation data value with its message control header (PS3.8 annex E.2). */
export function pdv(contextId: number, control: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(bytes.length + 2, 0);
  head.writeUInt8(contextId, 4);
  head.writeUInt8(control, 5);
  return Buffer.concat([head, bytes]);
}

function title(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 16).trim();
}

function titleField(text: string): Buffer {
  return Buffer.from(text.padEnd(16).slice(0, 16), 'latin1');
}

export function encodeCommand(command: ScriptedCommand): Buffer {
  const elements = ELEMENTS.flatMap(([key, element, vr]) => {
    const value = command[key];
    if (value === undefined) return [];
    const bytes = vr === 'US' ? Buffer.from([Number(value) & 0xff, Number(value) >> 8]) : textBytes(String(value), vr === 'UI' ? 0 : 0x20);
    return [commandElement(element, bytes)];
  });
  const body = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([commandElement(0x0000, length), body]);
}

function commandElement(element: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

function textBytes(text: string, padding: number): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([padding])]);
}

function parseCommand(bytes: Buffer): ScriptedCommand {
  const command: Record<string, number | string> = { commandField: 0 };
  for (let at = 0; at + 8 <= bytes.length; ) {
    const element = bytes.readUInt16LE(at + 2);
    const length = bytes.readUInt32LE(at + 4);
    const known = ELEMENTS.find(([, number]) => number === element);
    const value = bytes.subarray(at + 8, at + 8 + length);
    if (known) command[known[0]] = known[2] === 'US' ? value.readUInt16LE(0) : value.toString('latin1').replace(/[\0 ]+$/, '');
    at += 8 + length;
  }
  return command as unknown as ScriptedCommand;
}
