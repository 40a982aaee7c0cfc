import { once } from 'node:events';
import { createServer } from 'node:net';
import { acceptedSocket, connectSocket } from '../../electron/associations/socket-transport.ts';
import {
  type AcceptorOptions,
  type Association,
  type AssociationClocks,
  acceptAssociation,
  type ProposedContext,
  type RequestorOptions,
  requestAssociation,
  type Transport,
} from '../../electron/dicom/network/index.ts';
import { clocks } from './clocks.ts';
import { item, PDU, ScriptedConnection, scriptedCaller, UIDs } from './scripted-peer.ts';

const CLOCKS: AssociationClocks = clocks({ writeProgress: 60 });

/** Our side of one association on a real socket, and the peer's end of it in the test's hands. */
export interface OurAssociation {
  readonly peer: ScriptedConnection;
  readonly association: Promise<Association>;
  readonly transport: Transport;
  readonly log: string[];
  [Symbol.dispose](): void;
}

export async function ourAcceptor(options: Partial<AcceptorOptions> = {}): Promise<OurAssociation> {
  const { connected, port } = await listening(true);
  const peer = await scriptedCaller(port);
  const transport = acceptedSocket(await connected);
  const log: string[] = [];
  const defaults = { clocks: CLOCKS, services: [], authorize: () => ({}), log: (line: string) => log.push(line) };
  const association = acceptAssociation(transport, { ...defaults, ...options });
  return made(peer, transport, association, log);
}

export async function ourRequestor(options: Partial<RequestorOptions> = {}): Promise<OurAssociation> {
  const { connected, port } = await listening(false);
  const transport = await connectSocket('127.0.0.1', port, 10);
  const peer = new ScriptedConnection(await connected);
  const log: string[] = [];
  const contexts: ProposedContext[] = [{ abstractSyntax: UIDs.verification, transferSyntaxes: [UIDs.implicitVRLittleEndian] }];
  const defaults = { clocks: CLOCKS, callingAETitle: 'OURS', calledAETitle: 'RAW', contexts, log: (line: string) => log.push(line) };
  const association = requestAssociation(transport, { ...defaults, ...options });
  return made(peer, transport, association, log);
}

/** An A-ASSOCIATE-RQ or -AC with exactly these items behind its application context; `user` are sub-items, absent = no user information. */
export function rawAssociate(
  type: 1 | 2,
  parts: { contexts?: readonly Buffer[]; user?: readonly Buffer[] | undefined; protocolVersion?: number; reserved?: number },
): Buffer {
  const { contexts = [rawContext(1)], user = [rawMaximumLength(16_384)], protocolVersion = 1, reserved = 0 } = parts;
  const body = Buffer.concat([
    Buffer.from([protocolVersion >> 8, protocolVersion & 0xff, reserved, reserved]),
    Buffer.from('OURS'.padEnd(16) + 'RAW'.padEnd(16), 'latin1'),
    Buffer.alloc(32, reserved),
    item(0x10, Buffer.from('1.2.840.10008.3.1.1.1', 'latin1')),
    ...contexts,
    ...(user.length === 0 ? [] : [item(0x50, Buffer.concat(user))]),
  ]);
  const head = Buffer.from([type === 1 ? PDU.associateRQ : PDU.associateAC, reserved, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** A presentation context as proposed; UIDs are written as they are given, padding included. */
export function rawContext(
  id: number,
  abstractSyntax: string | undefined = UIDs.verification,
  transferSyntaxes: readonly string[] = [UIDs.implicitVRLittleEndian],
): Buffer {
  const inner = [
    Buffer.from([id, 0, 0, 0]),
    ...(abstractSyntax === '' ? [] : [item(0x30, Buffer.from(abstractSyntax, 'latin1'))]),
    ...transferSyntaxes.map((uid) => item(0x40, Buffer.from(uid, 'latin1'))),
  ];
  return item(0x20, Buffer.concat(inner));
}

/** A presentation context as answered. */
export function rawAnswer(id: number, result: number, transferSyntax: string = UIDs.implicitVRLittleEndian): Buffer {
  return item(0x21, Buffer.concat([Buffer.from([id, 0, result, 0]), item(0x40, Buffer.from(transferSyntax, 'latin1'))]));
}

export function rawMaximumLength(length: number): Buffer {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(length);
  return item(0x51, value);
}

/** A P-DATA-TF PDU of these presentation data values. */
export function rawPDU(...values: readonly Buffer[]): Buffer {
  const head = Buffer.from([PDU.data, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(
    values.reduce((length, value) => length + value.length, 0),
    2,
  );
  return Buffer.concat([head, ...values]);
}

async function listening(pauseOnConnect: boolean) {
  const server = createServer({ pauseOnConnect, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const connected = once(server, 'connection').then(([socket]) => {
    server.close();
    return socket;
  });
  return { connected, port: address.port };
}

function made(peer: ScriptedConnection, transport: Transport, association: Promise<Association>, log: string[]): OurAssociation {
  association.catch(() => {});
  const dispose = () => {
    peer.socket.destroy();
    transport.destroy();
  };
  return { peer, transport, association, log, [Symbol.dispose]: dispose };
}
