import { once } from 'node:events';
import { createServer } from 'node:net';
import { acceptedSocket, connectSocket } from '../../electron/associations/socket-transport.ts';
import { systemTime, tickerOf } from '../../electron/dicom/network/clock.ts';
import type { AssociationClocks } from '../../electron/dicom/network/index.ts';
import type { AssociateAC, AssociateRQ } from '../../electron/dicom/network/pdu.ts';
import { UpperLayer } from '../../electron/dicom/network/upper-layer.ts';
import type { UpperLayerUser } from '../../electron/dicom/network/upper-layer-actions.ts';
import type { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { ScriptedConnection, scriptedCaller, UIDs } from './scripted-peer.ts';

const CLOCKS: AssociationClocks = {
  association: 30,
  release: 30,
  dimseResponse: 60,
  pduReceive: 60,
  writeProgress: 60,
  idle: 60,
  cancelGrace: 5,
};

const RQ: AssociateRQ = {
  protocolVersion: 1,
  calledAETitle: 'RAW',
  callingAETitle: 'OURS',
  applicationContext: '1.2.840.10008.3.1.1.1',
  contexts: [{ id: 1, abstractSyntax: UIDs.verification, transferSyntaxes: [UIDs.implicitVRLittleEndian] }],
  userInformation: {
    maxPDULength: 16_384,
    implementationClassUID: '1.2.3',
    implementationVersionName: 'OURS',
    roles: [],
    extendedNegotiation: [],
    commonExtendedNegotiation: [],
  },
};

const AC: AssociateAC = { ...RQ, contexts: [{ id: 1, result: 0, transferSyntax: UIDs.implicitVRLittleEndian }] };

/** Our upper layer on a real socket, under a service user that answers only when a test says so. */
export class OurUpperLayer {
  readonly layer: UpperLayer;
  readonly peer: ScriptedConnection;
  /** Indications and confirmations, in order. */
  readonly told: string[] = [];
  failure: PhosphorError | undefined;
  #changed: (() => void) | undefined;
  #read = 0;

  private constructor(peer: ScriptedConnection, make: (user: UpperLayerUser) => UpperLayer) {
    this.peer = peer;
    this.layer = make({
      onAssociateIndication: () => this.#tell('associate indication'),
      onAssociateConfirm: () => this.#tell('associate confirmation'),
      onFragment: () => {
        this.#tell('fragment');
        return undefined;
      },
      insideMessage: () => false,
      onReceived: () => {
        this.#read += 1;
        this.#changed?.();
      },
      onReleaseIndication: () => this.#tell('release indication'),
      onReleaseConfirm: () => this.#tell('release confirmation'),
      onDrain: () => {},
      onFailure: (error) => {
        this.failure = error;
        this.#tell('failure');
      },
      onClosed: () => this.#tell('closed'),
      onTick: () => this.#changed?.(),
    });
  }

  /** Connected by a peer; in state 2. */
  static async acceptor(clocks: Partial<AssociationClocks> = {}): Promise<OurUpperLayer> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const connected = once(server, 'connection');
    const peer = await scriptedCaller(address.port);
    const [socket] = await connected;
    server.close();
    const ours = new OurUpperLayer(peer, (user) => new UpperLayer(acceptedSocket(socket), user, options('acceptor', clocks)));
    ours.layer.awaitAssociation();
    return ours;
  }

  /** Connected to a peer and its A-ASSOCIATE-RQ sent; in state 5. */
  static async requestor(clocks: Partial<AssociationClocks> = {}): Promise<OurUpperLayer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const connected = once(server, 'connection');
    const transport = await connectSocket('127.0.0.1', address.port, 10);
    const [socket] = await connected;
    server.close();
    const ours = new OurUpperLayer(new ScriptedConnection(socket), (user) => new UpperLayer(transport, user, options('requestor', clocks)));
    ours.layer.requestAssociation(RQ);
    await ours.peer.readAssociateRQ();
    return ours;
  }

  accept(): void {
    this.layer.accept(AC);
  }

  /** Sends bytes as the peer, and waits until our side has taken them in or has ended. */
  async hear(bytes: Uint8Array): Promise<void> {
    const before = this.#read;
    const { length } = this.told;
    this.peer.sendRaw(bytes);
    await this.until(() => this.#read > before || this.told.length > length);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** What else the peer gets until the connection's end. */
  async rest(): Promise<string[]> {
    const all: string[] = [];
    for (;;) {
      const next = await this.peer.readShort();
      if (next === 'closed') return all;
      all.push(next);
    }
  }

  [Symbol.dispose](): void {
    this.peer.socket.destroy();
    this.layer.transport.destroy();
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#changed?.();
  }
}

function options(role: 'requestor' | 'acceptor', clocks: Partial<AssociationClocks>) {
  return { role, clocks: { ...CLOCKS, ...clocks }, maxPDULength: 16_384, ticker: tickerOf(systemTime) };
}
