import { describe, expect, test } from 'vitest';
import { type Dataset, Tag } from '../../../electron/dicom/dataset/index.ts';
import { decodeCommandSet } from '../../../electron/dicom/network/command-set.ts';
import { CommandField, type ServiceProvider } from '../../../electron/dicom/network/index.ts';
import {
  type GetProviderOptions,
  get,
  getContexts,
  getProvider,
  type MoveInstance,
  type QueryRequest,
  type StoreRequest,
  type SubOperationCounts,
  storageProvider,
} from '../../../electron/dicom/services/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { associate, CLOCKS } from '../network/associations.ts';
import { settled } from '../network/fake-time.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const MR = '1.2.840.10008.5.1.4.1.1.4';
const PRIVATE = '1.2.3.4.5.6';
const STUDY_ROOT_GET = '1.2.840.10008.5.1.4.1.2.2.3';
const EXPLICIT = '1.2.840.10008.1.2.1';
const JPEG = '1.2.840.10008.1.2.4.70';

function instances(count: number, changes: Partial<MoveInstance> = {}): MoveInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    sopClassUID: CT,
    sopInstanceUID: `1.2.3.${index}`,
    transferSyntaxUID: EXPLICIT,
    open: () => Buffer.alloc(5000, index),
    ...changes,
  }));
}

interface Taken {
  readonly request: StoreRequest;
  bytes: Buffer;
}

/** An archive that is asked for a study, and a requestor that takes it in. */
async function getting(
  wanted: GetProviderOptions['instances'],
  options: {
    write?: () => Promise<void> | undefined;
    refuse?: (uid: string) => boolean;
    contexts?: Parameters<typeof getContexts>[0];
    subOperations?: (uid: string) => boolean;
    chunk?: number;
  } = {},
) {
  const taken: Taken[] = [];
  const counts: SubOperationCounts[] = [];
  const reception = storageProvider({
    begin: (request) => {
      const instance: Taken = { request, bytes: Buffer.alloc(0) };
      if (options.refuse?.(request.sopInstanceUID)) throw new PhosphorError('storage-full', 'no room');
      return {
        write: (chunk) => {
          instance.bytes = Buffer.concat([instance.bytes, chunk]);
          return options.write?.();
        },
        finish: async () => void taken.push(instance),
        abort: () => {},
      };
    },
  });
  const pair = await associate({
    contexts: getContexts(options.contexts ?? { storageSOPClassUIDs: [CT, MR] }),
    services: [getProvider({ instances: wanted })],
    requestor: { services: [reception] },
    acceptor: { subOperations: options.subOperations ?? (() => true) },
    transport: { chunk: options.chunk ?? 0 },
  });
  const start = () => get(pair.requestor, { studyInstanceUID: '1.2', onPending: (next) => counts.push(next) });
  return { ...pair, taken, counts, start };
}

describe('C-GET', () => {
  test('the study comes whole on the association that asked for it, byte by byte as well', async () => {
    for (const chunk of [0, 1]) {
      let asked: Dataset | undefined;
      const { start, taken, counts, requestor } = await getting(
        async ({ identifier }: QueryRequest) => {
          asked = identifier;
          return instances(3);
        },
        { chunk },
      );
      const outcome = await start().done;
      expect(outcome).toMatchObject({ status: 0, sawPending: true, failedSOPInstanceUIDs: [] });
      expect(outcome.subOperations).toEqual({ completed: 3, failed: 0, warning: 0 });
      expect(counts[0]).toEqual({ remaining: 3, completed: 0, failed: 0, warning: 0 });
      expect(taken.map(({ request }) => request.sopInstanceUID)).toEqual(['1.2.3.0', '1.2.3.1', '1.2.3.2']);
      expect(taken[2]?.bytes.equals(Buffer.alloc(5000, 2))).toBe(true);
      expect(asked?.string(Tag.QueryRetrieveLevel)).toBe('STUDY');
      await requestor.release();
    }
  });

  test('sub-operations name no move originator', async () => {
    const { start, taken } = await getting(async () => instances(1));
    await start().done;
    expect(taken[0]?.request).not.toHaveProperty('moveOriginatorAETitle');
    expect(taken[0]?.request).not.toHaveProperty('moveOriginatorMessageID');
  });

  test('what is stored compressed comes compressed, in a context of its own', async () => {
    const { start, taken } = await getting(async () => [
      ...instances(1),
      ...instances(1, { transferSyntaxUID: JPEG, sopInstanceUID: '1.2.9' }),
    ]);
    expect((await start().done).status).toBe(0);
    expect(taken.map(({ request }) => request.transferSyntaxUID)).toEqual([EXPLICIT, JPEG]);
  });

  test('an instance that is refused, and one of a SOP class that nobody offered, are in the failed list', async () => {
    const { start, taken } = await getting(
      async () => [...instances(3), ...instances(1, { sopClassUID: PRIVATE, sopInstanceUID: '1.2.8' })],
      { refuse: (uid) => uid === '1.2.3.1' },
    );
    const outcome = await start().done;
    expect(outcome).toMatchObject({ status: 0xb000, failedSOPInstanceUIDs: ['1.2.3.1', '1.2.8'] });
    expect(outcome.subOperations).toEqual({ completed: 2, failed: 2, warning: 0 });
    expect(taken).toHaveLength(2);
  });

  test('a peer that does not give us the SCP role sends nothing, and says that everything failed', async () => {
    const { start, taken, requestor } = await getting(async () => instances(2), { subOperations: () => false });
    expect(requestor.contextFor(CT, undefined, 'scp')).toBeUndefined();
    expect(await start().done).toMatchObject({ status: 0xa702, failedSOPInstanceUIDs: ['1.2.3.0', '1.2.3.1'] });
    expect(taken).toHaveLength(0);
  });

  test('a slow disk slows the peer', async () => {
    const gate = Promise.withResolvers<void>();
    let opened = 0;
    const open = () => {
      opened += 1;
      return Buffer.alloc(400_000);
    };
    const { start, taken } = await getting(async () => instances(20, { open }), { write: () => gate.promise });
    const operation = start();
    await settled();
    await settled();
    expect(opened).toBe(1);
    expect(taken).toHaveLength(0);
    gate.resolve();
    expect((await operation.done).subOperations.completed).toBe(20);
  });

  test('cancelled, it ends with the status Cancel and no further instance is sent', async () => {
    const gate = Promise.withResolvers<void>();
    const { start, taken } = await getting(async () => instances(50), {
      write: () => (taken.length === 2 ? gate.promise : undefined),
    });
    const operation = start();
    await settled();
    operation.cancel();
    gate.resolve();
    const outcome = await operation.done;
    expect(outcome.status).toBe(0xfe00);
    expect(taken.length).toBeGreaterThan(1);
    expect(taken.length).toBeLessThan(50);
    expect(outcome.subOperations.remaining).toBe(50 - taken.length);
  });

  test('a peer that ignores the cancel is left after the grace, and the caller learns why it gave up', async () => {
    const { start, time } = await getting(() => new Promise(() => {}));
    const operation = start();
    await settled();
    operation.cancel(new PhosphorError('timed-out', 'no progress', { clock: 'retrieve-stall' }));
    await time.pass(CLOCKS.cancelGrace + 1);
    await expect(operation.done).rejects.toMatchObject({ kind: 'timed-out', data: { clock: 'retrieve-stall' } });
  });

  test('the association may be lost in the middle: what came before counts, the rest fails with the reason', async () => {
    const { start, taken, far } = await getting(async () => instances(50), {
      write: () => {
        if (taken.length === 3) far.destroy();
        return undefined;
      },
    });
    await expect(start().done).rejects.toMatchObject({ kind: 'connection-lost' });
    expect(taken.length).toBeGreaterThanOrEqual(3);
    expect(taken.length).toBeLessThan(6);
  });

  test('without the model nothing is sent', async () => {
    const { requestor } = await getting(async () => [], { contexts: { sopClassUID: '1.2.840.10008.5.1.4.1.2.1.3' } });
    expect(() => get(requestor, { studyInstanceUID: '1.2', onPending: () => {} })).toThrow(
      expect.objectContaining({ kind: 'no-presentation-context' }),
    );
  });
});

describe('what a C-GET proposes', () => {
  const named = (contexts: ReturnType<typeof getContexts>) => new Set(contexts.slice(1).map(({ abstractSyntax }) => abstractSyntax));

  test('the model first, then the storage classes, of which we are the SCP', () => {
    const contexts = getContexts();
    expect(contexts).toHaveLength(128);
    expect(contexts[0]?.abstractSyntax).toBe(STUDY_ROOT_GET);
    expect(contexts[0]?.roles).toBeUndefined();
    for (const { roles } of contexts.slice(1)) expect(roles).toEqual({ scu: false, scp: true });
    expect(contexts[1]?.abstractSyntax).toBe(CT);
  });

  test('with every storage class wanted, the likeliest are there, in compressed form too', () => {
    const contexts = getContexts();
    expect(named(contexts).size).toBe(79);
    const compressed = contexts.filter(({ transferSyntaxes }) => !transferSyntaxes.includes(EXPLICIT));
    expect(compressed).toHaveLength(48);
    expect(compressed[0]).toMatchObject({ abstractSyntax: CT, transferSyntaxes: [JPEG] });
  });

  test("a caller's own storage classes come first in its order, up to 127 of them", () => {
    const many = Array.from({ length: 200 }, (_, index) => `1.2.3.${index}`);
    const contexts = getContexts({ storageSOPClassUIDs: many });
    expect(contexts.slice(1).map(({ abstractSyntax }) => abstractSyntax)).toEqual(many.slice(0, 127));
    expect(named(getContexts({ storageSOPClassUIDs: [PRIVATE, PRIVATE] }))).toEqual(new Set([PRIVATE]));
  });

  test('no more compressed forms than the caller names', () => {
    const contexts = getContexts({ storageSOPClassUIDs: [CT], transferSyntaxUIDs: [JPEG] });
    expect(contexts.map(({ transferSyntaxes }) => transferSyntaxes[0])).toEqual([EXPLICIT, EXPLICIT, JPEG]);
  });
});

describe('the failed list of a C-GET', () => {
  test('is read where a peer puts it into the command set, as Orthanc does', () => {
    const element = (number: number, value: Buffer, group = 0) => {
      const header = Buffer.alloc(8);
      header.writeUInt16LE(group, 0);
      header.writeUInt16LE(number, 2);
      header.writeUInt32LE(value.length, 4);
      return Buffer.concat([header, value]);
    };
    const us = (value: number) => Buffer.from([value & 0xff, value >> 8]);
    const command = Buffer.concat([
      element(0x0100, us(0x8010)),
      element(0x0120, us(1)),
      element(0x0800, us(0x0101)),
      element(0x0900, us(0xb000)),
      element(0x0058, Buffer.from('1.2.3\\1.2.4\0'), 0x0008),
    ]);
    expect(decodeCommandSet(command)).toMatchObject({ status: 0xb000, failedSOPInstanceUIDs: ['1.2.3', '1.2.4'] });
  });

  test('reaches who asked for the study, without what is no UID', async () => {
    const provider: ServiceProvider = {
      commandField: CommandField.cGetRQ,
      abstractSyntaxes: [STUDY_ROOT_GET],
      handle: (request) => ({
        write: () => undefined,
        end: () => request.respond({ status: 0xb000 }),
        abort: () => {},
      }),
    };
    const { requestor } = await associate({ contexts: getContexts({ storageSOPClassUIDs: [CT] }), services: [provider] });
    const { send } = requestor;
    requestor.send = (request) => {
      const operation = send.call(requestor, request);
      const done = operation.done.then((final) => ({
        ...final,
        command: { ...final.command, failedSOPInstanceUIDs: ['1.2.3', '', 'a b'] },
      }));
      return { ...operation, done, cancel: operation.cancel };
    };
    expect((await get(requestor, { studyInstanceUID: '1.2', onPending: () => {} }).done).failedSOPInstanceUIDs).toEqual(['1.2.3']);
    requestor.abort();
  });
});
