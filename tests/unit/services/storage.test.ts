import { describe, expect, test } from 'vitest';
import { PhosphorError } from '../../../electron/../shared/contract/index.ts';
import type { DataSetSource } from '../../../electron/dicom/network/index.ts';
import { type StoreRequest, type StoreSink, storageProvider, store } from '../../../electron/dicom/services/index.ts';
import { associate, type PairOptions } from '../network/associations.ts';
import { settled } from '../network/fake-time.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const MR = '1.2.840.10008.5.1.4.1.1.4';
const EXPLICIT = '1.2.840.10008.1.2.1';
const JPEG = '1.2.840.10008.1.2.4.70';
const DEFLATED = '1.2.840.10008.1.2.1.99';

class Received implements StoreSink {
  readonly request: StoreRequest;
  readonly chunks: Uint8Array[] = [];
  finished = false;
  aborted = false;
  onWrite: (() => Promise<void> | undefined) | undefined;
  onFinish: (() => Promise<void>) | undefined;

  constructor(request: StoreRequest) {
    this.request = request;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    const wait = this.onWrite?.();
    if (wait === undefined) {
      this.chunks.push(new Uint8Array(chunk));
      return undefined;
    }
    // Looks at the bytes only afterwards: they must still be there.
    return wait.then(() => {
      this.chunks.push(new Uint8Array(chunk));
    });
  }

  async finish(): Promise<void> {
    await this.onFinish?.();
    this.finished = true;
  }

  abort(): void {
    this.aborted = true;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

async function storagePair(
  options: Partial<PairOptions> & { prepare?: (sink: Received) => void; begin?: (request: StoreRequest) => StoreSink } = {},
) {
  const received: Received[] = [];
  const answered: { uid: string; status: number; kind: string | undefined }[] = [];
  const provider = storageProvider({
    begin:
      options.begin ??
      ((request) => {
        const sink = new Received(request);
        options.prepare?.(sink);
        received.push(sink);
        return sink;
      }),
    onAnswered: (request, status, error) => answered.push({ uid: request.sopInstanceUID, status, kind: error?.kind }),
  });
  const pair = await associate({
    contexts: [EXPLICIT, JPEG, '1.2.840.10008.1.2'].map((uid) => ({ abstractSyntax: CT, transferSyntaxes: [uid] })),
    services: [provider],
    ...options,
  });
  return { ...pair, received, answered };
}

function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return bytes;
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(at, at + size);
  }
}

function instance(dataSet: DataSetSource, uid = '1.2.3', transferSyntaxUID = EXPLICIT) {
  return { sopClassUID: CT, sopInstanceUID: uid, transferSyntaxUID, dataSet };
}

describe('an instance arrives as it was sent', () => {
  const bytes = pattern(300_002);
  const sources: [string, () => DataSetSource][] = [
    ['in one piece', () => bytes],
    ['as a stream of known length', () => ({ length: bytes.length, chunks: inChunks(bytes, 65_536) })],
    ['as a stream of unknown length', () => ({ chunks: inChunks(bytes, 65_536) })],
    ['as a stream in chunks of odd length', () => ({ length: bytes.length, chunks: inChunks(bytes, 777) })],
    ['as a stream of unknown length in odd chunks', () => ({ chunks: inChunks(bytes, 10_001) })],
    ['as a stream in single bytes', () => ({ chunks: inChunks(bytes.subarray(0, 50), 1) })],
  ];
  for (const [name, source] of sources) {
    for (const maxPDULength of [0, 16_384, 64]) {
      test(`${name}, to a peer that announces ${maxPDULength}`, async () => {
        const { requestor, received } = await storagePair({ acceptor: { maxPDULength } });
        const { status } = await store(requestor, instance(source())).done;
        expect(status).toBe(0);
        const expected = name.includes('single') ? bytes.subarray(0, 50) : bytes;
        expect(received[0]?.bytes.equals(expected)).toBe(true);
        expect(received[0]?.finished).toBe(true);
        await requestor.release();
      });
    }
  }

  test('when the connection delivers single bytes', async () => {
    const small = pattern(3000);
    const { requestor, received } = await storagePair({ transport: { chunk: 1 }, acceptor: { maxPDULength: 128 } });
    expect((await store(requestor, instance(small)).done).status).toBe(0);
    expect(received[0]?.bytes.equals(small)).toBe(true);
    await requestor.release();
  });
});

test('every fragment but the last has an even length', async () => {
  const { requestor, near } = await storagePair({ acceptor: { maxPDULength: 128 } });
  near.sent = [];
  await store(requestor, instance({ chunks: inChunks(pattern(1001), 333) })).done;
  const stream = Buffer.concat(near.sent);
  const lengths: number[] = [];
  for (let at = 0; at < stream.length; at += 6 + stream.readUInt32BE(at + 2)) lengths.push(stream.readUInt32BE(at + 6) - 2);
  expect(lengths.slice(0, -1).every((length) => length % 2 === 0 && length > 0 && length <= 122)).toBe(true);
});

test('a C-STORE-RQ carries what the caller gave and leaves out what he did not', async () => {
  const { requestor, received } = await storagePair();
  await store(requestor, {
    ...instance(pattern(10)),
    moveOriginatorAETitle: 'ORIGIN',
    moveOriginatorMessageID: 77,
    messageID: 4711,
    priority: 1,
  }).done;
  await store(requestor, instance(pattern(10), '1.2.4')).done;
  await store(requestor, { ...instance(pattern(10), '1.2.5'), moveOriginatorAETitle: '', moveOriginatorMessageID: 0 }).done;
  expect(received[0]?.request).toMatchObject({ messageID: 4711, moveOriginatorAETitle: 'ORIGIN', moveOriginatorMessageID: 77 });
  for (const plain of received.slice(1)) {
    expect(plain.request.moveOriginatorAETitle).toBeUndefined();
    expect(plain.request.moveOriginatorMessageID).toBeUndefined();
  }
  expect(received).toHaveLength(3);
  requestor.abort();
});

test('without an accepted context for class and syntax no byte is sent', async () => {
  const { requestor, near } = await storagePair();
  const before = near.writes;
  const attempt = (sopClassUID: string, transferSyntaxUID: string) => () =>
    store(requestor, { ...instance(pattern(10)), sopClassUID, transferSyntaxUID });
  expect(attempt(MR, EXPLICIT)).toThrow(expect.objectContaining({ data: expect.objectContaining({ kind: 'no-presentation-context' }) }));
  expect(attempt(CT, DEFLATED)).toThrow(PhosphorError);
  expect(near.writes).toBe(before);
  requestor.abort();
});

test('a slow disk slows the peer: little waits in between, and the bytes are whole', async () => {
  const bytes = pattern(8 << 20);
  const { requestor, received, near } = await storagePair({
    transport: { chunk: 65_536 },
    prepare: (sink) => {
      sink.onWrite = () => new Promise((resolve) => setImmediate(resolve));
    },
  });
  expect((await store(requestor, instance({ length: bytes.length, chunks: inChunks(bytes, 262_144) })).done).status).toBe(0);
  expect(received[0]?.bytes.equals(bytes)).toBe(true);
  expect(near.maxBuffered).toBeLessThan(4 << 20);
  requestor.abort();
});

describe('a refused instance', () => {
  const cases: [string, PhosphorError, number][] = [
    ['a full disk is out of resources', new PhosphorError('storage-full', 'the disk is full'), 0xa700],
    ['no DICOM cannot be understood', new PhosphorError('not-dicom', 'no'), 0xc000],
    ['a stranger is not authorized', new PhosphorError('rejected', 'no', { status: 0x0124 }), 0x0124],
    ['a bug is a processing failure', new PhosphorError('internal', 'no'), 0x0110],
  ];
  for (const [name, error, status] of cases) {
    for (const moment of ['begin', 'write', 'finish'] as const) {
      test(`${name} (${moment}), and the next one is taken`, async () => {
        let first = true;
        const fail = () => {
          if (!first) return;
          first = false;
          throw error;
        };
        const begin = (request: StoreRequest): StoreSink => {
          if (moment === 'begin') fail();
          const sink = new Received(request);
          if (moment === 'write') sink.onWrite = () => (first ? Promise.resolve().then(fail) : undefined);
          if (moment === 'finish') sink.onFinish = async () => fail();
          return sink;
        };
        const { requestor, answered } = await storagePair({ begin });
        const refused = await store(requestor, instance(pattern(200_000), '1.1')).done;
        expect(refused.status).toBe(status);
        expect(refused.errorComment).toBe(error.message);
        expect((await store(requestor, instance(pattern(10), '1.2')).done).status).toBe(0);
        expect(answered).toEqual([
          { uid: '1.1', status, kind: error.kind },
          { uid: '1.2', status: 0, kind: undefined },
        ]);
        requestor.abort();
      });
    }
  }
});

test('success is answered only after the instance is finished', async () => {
  let release = () => {};
  const { requestor, received } = await storagePair({
    prepare: (sink) => {
      sink.onFinish = () =>
        new Promise((resolve) => {
          release = resolve;
        });
    },
  });
  let answered = false;
  const operation = store(requestor, instance(pattern(100)));
  void operation.done.then(() => {
    answered = true;
  });
  await settled();
  expect(received[0]?.bytes.length).toBe(100);
  expect(answered).toBe(false);
  release();
  expect((await operation.done).status).toBe(0);
  requestor.abort();
});

test('a connection lost in the middle of an instance leaves nothing finished', async () => {
  const { requestor, received, near } = await storagePair();
  let more = () => {};
  async function* endless() {
    yield pattern(100_000);
    await new Promise<void>((resolve) => {
      more = resolve;
    });
    yield pattern(100_000);
  }
  const operation = store(requestor, instance({ chunks: endless() }));
  await settled();
  near.break();
  more();
  await expect(operation.done).rejects.toMatchObject({ data: { kind: 'connection-lost', code: 'ECONNRESET', retryable: true } });
  await settled();
  expect(received.every((sink) => !sink.finished)).toBe(true);
});

test('a source that fails in the middle of an instance ends the association with its own error', async () => {
  const { requestor, acceptor, received } = await storagePair();
  async function* failing() {
    yield pattern(100_000);
    yield pattern(100_000);
    throw new PhosphorError('unreadable', 'the file is gone');
  }
  await expect(store(requestor, instance({ chunks: failing() })).done).rejects.toMatchObject({ data: { kind: 'unreadable' } });
  expect(await acceptor.closed).toMatchObject({ data: { kind: 'aborted-by-peer', upperLayer: { source: 0 } } });
  expect(received[0]?.aborted).toBe(true);
  expect(received[0]?.finished).toBe(false);
});

test('a source of another length than announced ends the association', async () => {
  for (const length of [50, 5000]) {
    const { requestor } = await storagePair();
    const operation = store(requestor, instance({ length, chunks: inChunks(pattern(1000), 100) }));
    await expect(operation.done).rejects.toMatchObject({ data: { kind: 'damaged' } });
  }
});
