import {
  type AcceptorOptions,
  type Association,
  type AssociationClocks,
  acceptAssociation,
  type ProposedContext,
  type RequestorOptions,
  requestAssociation,
  type ServiceProvider,
} from '../../../electron/dicom/network/index.ts';
import { FakeTime } from './fake-time.ts';
import { type MemoryTransport, type MemoryTransportOptions, memoryTransportPair } from './memory-transport.ts';

export const CLOCKS: AssociationClocks = {
  association: 30,
  release: 5,
  dimseResponse: 60,
  pduReceive: 60,
  writeProgress: 30,
  idle: 60,
  cancelGrace: 5,
};

export interface Pair {
  readonly requestor: Association;
  readonly acceptor: Association;
  readonly near: MemoryTransport;
  readonly far: MemoryTransport;
  readonly time: FakeTime;
  readonly log: string[];
}

export interface PairOptions {
  readonly contexts: readonly ProposedContext[];
  readonly services: readonly ServiceProvider[];
  readonly transport?: MemoryTransportOptions;
  readonly requestor?: Partial<RequestorOptions>;
  readonly acceptor?: Partial<AcceptorOptions>;
}

/** Two of us, connected in memory. */
export async function associate(options: PairOptions): Promise<Pair> {
  const [near, far] = memoryTransportPair(options.transport);
  const time = new FakeTime();
  const log: string[] = [];
  const common = { clocks: CLOCKS, time, log: (line: string) => log.push(line) };
  const accepting = acceptAssociation(far, { ...common, services: options.services, authorize: () => ({}), ...options.acceptor });
  accepting.catch(() => {});
  const requestor = await requestAssociation(near, {
    ...common,
    callingAETitle: 'NEAR',
    calledAETitle: 'FAR',
    contexts: options.contexts,
    ...options.requestor,
  });
  return { requestor, acceptor: await accepting, near, far, time, log };
}
