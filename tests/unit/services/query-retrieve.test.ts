import { describe, expect, test } from 'vitest';
import { Dataset, encodeDataset, Tag } from '../../../electron/dicom/dataset/index.ts';
import { type Association, acceptAssociation, requestAssociation } from '../../../electron/dicom/network/index.ts';
import {
  type FindProviderOptions,
  find,
  findContexts,
  findProvider,
  type MoveInstance,
  type MoveProviderOptions,
  move,
  moveContexts,
  moveProvider,
  type QueryRequest,
  type StoreRequest,
  storageProvider,
} from '../../../electron/dicom/services/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { associate, CLOCKS } from '../network/associations.ts';
import { settled } from '../network/fake-time.ts';
import { memoryTransportPair } from '../network/memory-transport.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';

function study(index: number): Dataset {
  return Dataset.of({
    SpecificCharacterSet: 'ISO_IR 192',
    StudyDescription: 'Thorax with contrast medium',
    QueryRetrieveLevel: 'STUDY',
    StudyInstanceUID: `1.2.${index}`,
    PatientName: 'Müller^Jörg',
    PatientID: `P${index}`,
    StudyDate: '20260101',
    ModalitiesInStudy: ['CT', 'SR'],
    NumberOfStudyRelatedInstances: 7,
  });
}

function finding(find_: FindProviderOptions['find'], transport: { chunk?: number; highWater?: number } = {}) {
  return associate({ contexts: findContexts(), services: [findProvider({ find: find_ })], transport });
}

describe('C-FIND', () => {
  test('matches come in order, decoded, byte by byte as well', async () => {
    for (const chunk of [0, 1]) {
      let asked: Dataset | undefined;
      const { requestor } = await finding(
        async function* ({ identifier }: QueryRequest) {
          asked = identifier;
          for (let index = 0; index < 5; index++) yield study(index);
        },
        { chunk },
      );
      const rows: unknown[] = [];
      const outcome = await find(requestor, { query: { level: 'study', patientName: 'MÜ*' }, onMatch: (row) => void rows.push(row) }).done;
      expect(outcome).toMatchObject({ status: 0, matches: 5, unusable: 0 });
      expect(rows).toHaveLength(5);
      expect(rows[3]).toMatchObject({
        level: 'study',
        studyInstanceUID: '1.2.3',
        patientName: { alphabetic: 'Müller^Jörg' },
        modalities: ['CT', 'SR'],
        numberOfInstances: 7,
      });
      expect(asked?.string(Tag.PatientName)).toBe('MÜ*');
      expect(asked?.string(Tag.QueryRetrieveLevel)).toBe('STUDY');
      await requestor.release();
    }
  });

  test('a query of more elements than any query has is refused before it is understood, and the next one is answered', async () => {
    const { requestor } = await finding(async function* () {
      yield study(1);
    });
    const context = requestor.contextFor(findContexts()[0]?.abstractSyntax ?? '');
    if (context === undefined) throw new Error('not accepted');
    const identifier = new Dataset();
    for (let element = 0; element <= 10_000; element += 1) identifier.set(0x00111000 + element, [], 'LO');
    const command = { commandField: 0x20, affectedSOPClassUID: context.abstractSyntax, priority: 0 };
    const { done } = requestor.send({ context, command, dataSet: encodeDataset(identifier, context.transferSyntax) });
    expect((await done).command).toMatchObject({ status: 0xa700 });
    expect(await find(requestor, { query: { level: 'study' }, onMatch: () => undefined }).done).toMatchObject({ status: 0, matches: 1 });
    await requestor.release();
  });

  test('a match of more elements than any match has is left out, the others come', async () => {
    const { requestor } = await finding(async function* () {
      const crowded = study(1);
      for (let element = 0; element <= 10_000; element += 1) crowded.set(0x00111000 + element, [], 'LO');
      yield crowded;
      yield study(2);
    });
    const found: unknown[] = [];
    const { done } = find(requestor, { query: { level: 'study' }, onMatch: (row) => void found.push(row) });
    expect(await done).toMatchObject({ status: 0, matches: 1, unusable: 1 });
    expect(found).toMatchObject([{ studyInstanceUID: '1.2.2' }]);
    await requestor.release();
  });

  test('a match without its UID is counted and left out', async () => {
    const { requestor } = await finding(async function* () {
      yield Dataset.of({ PatientID: 'X' });
      yield study(1);
    });
    const rows: unknown[] = [];
    const outcome = await find(requestor, { query: { level: 'study' }, onMatch: (row) => void rows.push(row) }).done;
    expect(outcome).toMatchObject({ matches: 1, unusable: 1 });
    requestor.abort();
  });

  test('a slow consumer slows the archive', async () => {
    let produced = 0;
    const { requestor, far } = await finding(
      async function* ({ signal }: QueryRequest) {
        for (let index = 0; index < 8000 && !signal.aborted; index++) {
          produced += 1;
          yield study(index);
        }
      },
      { chunk: 16_384, highWater: 16_384 },
    );
    const gate = Promise.withResolvers<void>();
    let matches = 0;
    const operation = find(requestor, {
      query: { level: 'study' },
      onMatch: () => {
        matches += 1;
        return matches === 10 ? gate.promise : undefined;
      },
    });
    await settled();
    await settled();
    expect(matches).toBe(10);
    expect(produced).toBeLessThan(8000);
    expect(far.maxBuffered).toBeLessThan(4 << 20);
    gate.resolve();
    expect((await operation.done).matches).toBe(8000);
    requestor.abort();
  });

  test('cancelled, it ends with the status Cancel and the archive stops', async () => {
    let produced = 0;
    let stopped = false;
    const { requestor } = await finding(async function* ({ signal }: QueryRequest) {
      try {
        while (!signal.aborted) {
          produced += 1;
          yield study(produced);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        stopped = true;
      }
    });
    const operation = find(requestor, {
      query: { level: 'study' },
      onMatch: (row) => {
        if (row.level === 'study' && row.studyInstanceUID === '1.2.20') operation.cancel();
      },
    });
    expect(await operation.done).toMatchObject({ status: 0xfe00 });
    expect(stopped).toBe(true);
    await requestor.release();
    expect(await requestor.closed).toBeUndefined();
  });

  test('an archive that fails says why by its status', async () => {
    // biome-ignore lint/correctness/useYield: it fails before the first match
    const { requestor } = await finding(async function* () {
      throw new PhosphorError('busy', 'too many queries');
    });
    const outcome = await find(requestor, { query: { level: 'study' }, onMatch: () => {} }).done;
    expect(outcome).toMatchObject({ status: 0xa700, errorComment: 'too many queries' });
    requestor.abort();
  });

  test('only Patient Root where the archive knows only that', async () => {
    const { requestor } = await associate({
      contexts: findContexts('study'),
      services: [findProvider({ sopClassUIDs: ['1.2.840.10008.5.1.4.1.2.1.1'], find: async function* () {} })],
    });
    expect((await find(requestor, { query: { level: 'study' }, onMatch: () => {} }).done).status).toBe(0);
    requestor.abort();
  });
});

interface Destination {
  readonly stored: StoreRequest[];
  readonly connect: MoveProviderOptions['connect'];
  associations: Association[];
}

/** A storage SCP that the move goes to; `refuse` decides which instances fail. */
function destination(refuse: (uid: string) => PhosphorError | undefined = () => undefined): Destination {
  const stored: StoreRequest[] = [];
  const associations: Association[] = [];
  const provider = storageProvider({
    begin: (request) => {
      const error = refuse(request.sopInstanceUID);
      if (error) throw error;
      stored.push(request);
      return { write: () => undefined, finish: async () => {}, abort: () => {} };
    },
  });
  const connect: MoveProviderOptions['connect'] = async (title, contexts) => {
    if (title !== 'HERE') throw new PhosphorError('not-found', 'unknown destination', { status: 0xa801 });
    const [near, far] = memoryTransportPair();
    void acceptAssociation(far, { clocks: CLOCKS, services: [provider], authorize: () => ({}) }).then((one) => associations.push(one));
    return requestAssociation(near, { clocks: CLOCKS, callingAETitle: 'FAR', calledAETitle: title, contexts });
  };
  return { stored, connect, associations };
}

function instances(count: number): MoveInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    sopClassUID: CT,
    sopInstanceUID: `1.9.${index}`,
    transferSyntaxUID: EXPLICIT,
    open: () => new Uint8Array(1000),
  }));
}

async function moving(to: Destination, count: number, options: Partial<MoveProviderOptions> = {}) {
  let asked: Dataset | undefined;
  const pair = await associate({
    contexts: moveContexts(),
    services: [
      moveProvider({
        instances: async ({ identifier }) => {
          asked = identifier;
          return instances(count);
        },
        connect: to.connect,
        ...options,
      }),
    ],
  });
  return { ...pair, asked: () => asked };
}

describe('C-MOVE', () => {
  const request = { studyInstanceUID: '1.2', seriesInstanceUID: '1.2.3', destinationAETitle: 'HERE', messageID: 321 };

  test('stores every instance at the destination, names its origin, and counts as it goes', async () => {
    const to = destination();
    const { requestor, asked } = await moving(to, 4);
    const pending: unknown[] = [];
    const outcome = await move(requestor, { ...request, onPending: (counts) => void pending.push(counts) }).done;
    expect(outcome).toEqual({
      status: 0,
      offendingElements: [],
      subOperations: { completed: 4, failed: 0, warning: 0 },
      failedSOPInstanceUIDs: [],
      sawPending: true,
    });
    expect(pending).toContainEqual({ remaining: 2, completed: 2, failed: 0, warning: 0 });
    expect(to.stored.map(({ sopInstanceUID }) => sopInstanceUID)).toEqual(['1.9.0', '1.9.1', '1.9.2', '1.9.3']);
    expect(to.stored[0]).toMatchObject({ moveOriginatorAETitle: 'NEAR', moveOriginatorMessageID: 321 });
    expect(asked()?.string(Tag.QueryRetrieveLevel)).toBe('SERIES');
    await requestor.release();
    await settled();
    expect(await to.associations[0]?.closed).toBeUndefined();
  });

  test('sub-operations have the priority of their move', async () => {
    const priorities: (number | undefined)[] = [];
    const to = destination();
    const connect: MoveProviderOptions['connect'] = async (...args) => {
      const association = await to.connect(...args);
      const { send } = association;
      association.send = (one) => {
        priorities.push(one.command.priority);
        return send.call(association, one);
      };
      return association;
    };
    const { requestor } = await moving(to, 2, { connect });
    expect((await move(requestor, { ...request, priority: 1, onPending: () => {} }).done).status).toBe(0);
    expect(priorities).toEqual([1, 1]);
    requestor.abort();
  });

  test('pending responses keep their distance, the final one has all counts', async () => {
    const to = destination();
    const { requestor } = await moving(to, 50, { pendingInterval: 0.1 });
    const pending: unknown[] = [];
    const outcome = await move(requestor, { ...request, onPending: (counts) => void pending.push(counts) }).done;
    expect([pending.length, outcome.subOperations]).toEqual([1, { completed: 50, failed: 0, warning: 0 }]);
    requestor.abort();
  });

  test('what the destination takes in another syntax only is converted; what cannot be fails alone, and the response says why', async () => {
    const stored: StoreRequest[] = [];
    const provider = storageProvider({
      begin: (one) => {
        stored.push(one);
        return { write: () => undefined, finish: async () => {}, abort: () => {} };
      },
    });
    const only = { ...provider, transferSyntaxes: [EXPLICIT] };
    const connect: MoveProviderOptions['connect'] = async (title, contexts) => {
      const [near, far] = memoryTransportPair();
      void acceptAssociation(far, { clocks: CLOCKS, services: [only], authorize: () => ({}) });
      return await requestAssociation(near, { clocks: CLOCKS, callingAETitle: 'FAR', calledAETitle: title, contexts });
    };
    const compressed = instances(3).map((one) => ({ ...one, transferSyntaxUID: '1.2.840.10008.1.2.4.70' }));
    const { requestor } = await moving(destination(), 0, {
      connect,
      instances: async () =>
        compressed.map((one, index) => ({
          ...one,
          convert: async () => {
            if (index === 1) throw new PhosphorError('damaged', 'the image cannot be decoded');
            return { transferSyntaxUID: EXPLICIT, dataSet: new Uint8Array(10) };
          },
        })),
    });
    const outcome = await move(requestor, { ...request, onPending: () => {} }).done;
    expect(outcome).toMatchObject({ status: 0xb000, failedSOPInstanceUIDs: ['1.9.1'], errorComment: 'the image cannot be decoded' });
    expect(stored.map(({ transferSyntaxUID }) => transferSyntaxUID)).toEqual([EXPLICIT, EXPLICIT]);
    requestor.abort();
  });

  test('what the destination refused is listed', async () => {
    const to = destination((uid) => (uid === '1.9.1' ? new PhosphorError('storage-full', 'full') : undefined));
    const { requestor } = await moving(to, 3);
    const outcome = await move(requestor, { ...request, onPending: () => {} }).done;
    expect(outcome).toMatchObject({
      status: 0xb000,
      subOperations: { completed: 2, failed: 1, warning: 0 },
      failedSOPInstanceUIDs: ['1.9.1'],
    });
    requestor.abort();
  });

  test('an unknown destination is 0xA801', async () => {
    const { requestor } = await moving(destination(), 3);
    const outcome = await move(requestor, { ...request, destinationAETitle: 'NOWHERE', onPending: () => {} }).done;
    expect(outcome).toMatchObject({ status: 0xa801, errorComment: 'unknown destination', sawPending: false });
    requestor.abort();
  });

  test('a destination that cannot be reached fails every instance', async () => {
    const { requestor } = await moving(destination(), 3, {
      connect: () => Promise.reject(new PhosphorError('unreachable', 'refused', { code: 'ECONNREFUSED' })),
    });
    const outcome = await move(requestor, { ...request, onPending: () => {} }).done;
    expect(outcome).toMatchObject({ status: 0xa702, subOperations: { failed: 3 } });
    expect(outcome.failedSOPInstanceUIDs).toHaveLength(3);
    requestor.abort();
  });

  test('a destination that goes away in between fails the rest', async () => {
    let broken = false;
    const to = destination(() => {
      broken = to.stored.length === 2;
      if (broken) to.associations[0]?.abort();
      return undefined;
    });
    const { requestor } = await moving(to, 5);
    const outcome = await move(requestor, { ...request, onPending: () => {} }).done;
    expect(outcome).toMatchObject({ status: 0xb000, subOperations: { completed: 2, failed: 3 } });
    expect(outcome.failedSOPInstanceUIDs).toEqual(['1.9.2', '1.9.3', '1.9.4']);
    requestor.abort();
  });

  test('an empty match is success without an association to anybody', async () => {
    const { requestor } = await moving(destination(), 0, { connect: () => Promise.reject(new Error('not to be called')) });
    expect(await move(requestor, { ...request, onPending: () => {} }).done).toMatchObject({ status: 0, subOperations: { completed: 0 } });
    requestor.abort();
  });

  test('cancelled, it ends with the status Cancel, the counts and what remained', async () => {
    const to = destination();
    const { requestor } = await moving(to, 1000);
    const operation = move(requestor, {
      ...request,
      onPending: ({ completed }) => {
        if (completed === 10) operation.cancel();
      },
    });
    const outcome = await operation.done;
    expect(outcome.status).toBe(0xfe00);
    const { completed = 0, remaining = 0 } = outcome.subOperations;
    expect(completed + remaining).toBe(1000);
    expect(completed).toBeLessThan(1000);
    requestor.abort();
  });

  test('given up with a reason, it ends with that reason', async () => {
    const { requestor } = await moving(destination(), 1000);
    const stalled = new PhosphorError('timed-out', 'the retrieve made no progress', { clock: 'retrieve-stall' });
    const operation = move(requestor, { ...request, onPending: () => operation.cancel(stalled) });
    await expect(operation.done).rejects.toBe(stalled);
    requestor.abort();
  });

  test('when the mover goes away the sub-operations stop', async () => {
    const to = destination();
    const { requestor } = await moving(to, 100_000);
    const operation = move(requestor, {
      ...request,
      onPending: ({ completed }) => {
        if (completed === 5) requestor.abort();
      },
    });
    await expect(operation.done).rejects.toMatchObject({ data: { kind: 'cancelled' } });
    await to.associations[0]?.closed;
    expect(to.stored.length).toBeLessThan(1000);
  });
});
