import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import { createLayout } from '../../../electron/archive/layout.ts';
import type { Archive } from '../../../electron/archive/types.ts';
import {
  createAssociationPool,
  type GetRequest,
  type Listener,
  moveMessageIds,
  type StoredInstance,
  startListener,
} from '../../../electron/associations/index.ts';
import { connectSocket } from '../../../electron/associations/socket-transport.ts';
import { Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { requestAssociation, type ServiceProvider } from '../../../electron/dicom/network/index.ts';
import {
  find,
  findContexts,
  get,
  getContexts,
  MODELS,
  queryRetrieveNegotiation,
  STORAGE_SOP_CLASSES,
  storageProvider,
  verificationContexts,
} from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { writeSeries } from '../../support/instances.ts';
import { startReceiver } from '../../support/receiver.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

// Our archive as it serves others: C-GET, relational queries, many SOP classes, conversions.

const CT_STUDY = '1.2.826.71';
const MANY_STUDY = '1.2.826.72';
const BIG_ENDIAN_STUDY = '1.2.826.73';
const CLASSES = [...STORAGE_SOP_CLASSES.keys()].slice(20, 160);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let archive: Archive;
let listener: Listener;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
const pool = createAssociationPool({ workers: 1 });

/** Small instances without pixels. */
async function writeInstance(study: string, number: number, sopClassUID: string, transferSyntaxUID: string): Promise<void> {
  const sopInstanceUID = `${study}.1.${number}`;
  const dataset = Dataset.of({
    SOPClassUID: sopClassUID,
    SOPInstanceUID: sopInstanceUID,
    PatientName: 'Doe^Jane',
    PatientID: 'P7',
    Modality: 'OT',
    StudyInstanceUID: study,
    SeriesInstanceUID: `${study}.1`,
    InstanceNumber: number,
  });
  const meta = encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID });
  await writeFile(join(folder.path, 'in', `${sopInstanceUID}.dcm`), Buffer.concat([meta, encodeDataset(dataset, transferSyntaxUID)]));
}

beforeAll(async () => {
  folder = await temporaryFolder('query-retrieve-whole');
  const location = { directory: join(folder.path, 'archive'), databases: join(folder.path, 'databases'), durable: false };
  archive = await openArchive(location);
  await mkdir(join(folder.path, 'in'), { recursive: true });
  await writeSeries(join(folder.path, 'in'), { study: CT_STUDY, count: 40, size: 64 });
  for (const [index, uid] of CLASSES.entries()) await writeInstance(MANY_STUDY, index + 1, uid, TransferSyntaxUID.ExplicitVRLittleEndian);
  await writeInstance(BIG_ENDIAN_STUDY, 1, '1.2.840.10008.5.1.4.1.1.2', TransferSyntaxUID.ExplicitVRBigEndian);
  await archive.import([join(folder.path, 'in')]).done;
  await archive.settled();
  receiver = await startReceiver(join(folder.path, 'receiver'), { access: { acceptAnyone: true } });
  listener = await startListener({
    host: '127.0.0.1',
    port: 0,
    clocks: clocks(),
    access: { aeTitle: 'DEMO', knownAETitles: [], knownHosts: [], acceptAnyone: true },
    queryRetrieve: { location, destinations: { PHOSPHOR: { host: '127.0.0.1', port: receiver.listener.port } } },
    events: { onStored() {}, onRefused() {}, onAssociations() {}, onState() {} },
  });
});
afterAll(async () => {
  await pool.close();
  await listener?.close();
  await receiver?.[Symbol.asyncDispose]();
  await archive?.close();
  await folder?.[Symbol.asyncDispose]();
});

const peer = () => ({ host: '127.0.0.1', port: listener.port, calledAETitle: 'DEMO', callingAETitle: 'PHOSPHOR' });

function getStudy(keys: Pick<GetRequest, 'studyInstanceUID' | 'storageSOPClassUIDs'>) {
  const location = { directory: join(folder.path, 'got'), databases: join(folder.path, 'got'), durable: false };
  createLayout(location);
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  const stored: StoredInstance[] = [];
  const operation = pool.get({
    peer: peer(),
    clocks: clocks(),
    actionId: 'a',
    ...keys,
    storage: { location, arrivals: port2 },
    onPending: () => {},
    onStored: (instances) => void stored.push(...instances),
    onRefused: () => {},
  });
  return { operation, stored, close: () => port1.close() };
}

describe('C-GET', () => {
  test('our own pool gets a study on one association', async () => {
    const { operation, stored, close } = getStudy({ studyInstanceUID: CT_STUDY });
    expect(await operation.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 40, failed: 0 } });
    expect(stored).toHaveLength(40);
    close();
  });

  test('getscu gets a study byte for byte', async () => {
    const out = join(folder.path, 'getscu');
    await mkdir(out);
    const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${CT_STUDY}`];
    const port = String(listener.port);
    const { code, output } = await dcmtk('getscu', '-v', '+B', '-S', '-aec', 'DEMO', '-od', out, ...keys, '127.0.0.1', port);
    expect([code, output.includes('Success')]).toEqual([0, true]);
    const got = await Promise.all((await readdir(out)).map((file) => storedDataSetHash(join(out, file))));
    const files = (await readdir(join(folder.path, 'in'))).filter((file) => file.startsWith(`${CT_STUDY}.`));
    const ours = await Promise.all(files.map((file) => storedDataSetHash(join(folder.path, 'in', file))));
    expect(got.sort()).toEqual(ours.sort());
  });

  test('what the requestor did not offer to take fails, is listed, and the response says why', async () => {
    const { operation, close } = getStudy({ studyInstanceUID: MANY_STUDY, storageSOPClassUIDs: CLASSES.slice(0, 100) });
    const result = await operation.done;
    expect(result).toMatchObject({
      ok: true,
      status: 0xb000,
      subOperations: { completed: 100, failed: 40 },
      errorComment: expect.stringContaining('no presentation context'),
    });
    expect(result.ok && result.failedSOPInstanceUIDs).toHaveLength(40);
    close();
  });

  test('what is stored big endian comes in the syntax that the requestor takes', async () => {
    const { operation, stored, close } = getStudy({ studyInstanceUID: BIG_ENDIAN_STUDY });
    expect(await operation.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 1, failed: 0 } });
    expect(stored).toHaveLength(1);
    close();
  });

  test('cancelled in the middle, it ends with Cancel and tells what remains', async () => {
    const gate = Promise.withResolvers<void>();
    let taken = 0;
    const reception: ServiceProvider = storageProvider({
      begin: () => ({
        write: () => (taken === 3 ? gate.promise : undefined),
        finish: async () => {
          taken += 1;
        },
        abort: () => {},
      }),
    });
    const association = await associate(getContexts(), { services: [reception] });
    const operation = get(association, {
      studyInstanceUID: CT_STUDY,
      onPending: () => {
        operation.cancel();
        gate.resolve();
      },
    });
    const outcome = await operation.done;
    expect(outcome.status).toBe(0xfe00);
    expect((outcome.subOperations.remaining ?? 0) + taken).toBe(40);
    await association.release();
  });
});

async function associate(
  contexts: Parameters<typeof requestAssociation>[1]['contexts'],
  options: Partial<Parameters<typeof requestAssociation>[1]> = {},
) {
  const transport = await connectSocket('127.0.0.1', listener.port, 5, AbortSignal.timeout(15_000));
  const titles = { callingAETitle: 'PHOSPHOR', calledAETitle: 'DEMO' };
  return await requestAssociation(transport, { ...titles, contexts, clocks: clocks(), ...options });
}

describe('C-FIND', () => {
  const FIND = MODELS['study-root'].find;

  test('images without their study and series are refused with A900 and the element, and found where relational queries were agreed on', async () => {
    const strict = await associate(findContexts('image', 'study-root'));
    const refused = await find(strict, { query: { level: 'image' }, onMatch: () => {} }).done;
    expect(refused).toMatchObject({ status: 0xa900, matches: 0, offendingElements: ['0020000d'] });
    await strict.release();
    const relational = await associate(findContexts('image', 'study-root'), {
      extendedNegotiation: queryRetrieveNegotiation([FIND], { relational: true, fuzzySemanticMatching: true }),
    });
    expect(relational.extendedNegotiation.map((item) => [...item.serviceClassApplicationInformation])).toEqual([[1, 0, 0, 0, 0]]);
    const found = await find(relational, { query: { level: 'image' }, onMatch: () => {} }).done;
    expect(found).toMatchObject({ status: 0, matches: 40 + CLASSES.length + 1 });
    await relational.release();
  });

  test('a listener without an archive agrees to nothing of query and retrieve', async () => {
    const transport = await connectSocket('127.0.0.1', receiver.listener.port, 5, AbortSignal.timeout(15_000));
    const association = await requestAssociation(transport, {
      callingAETitle: 'SCU',
      calledAETitle: 'PHOSPHOR',
      contexts: [...verificationContexts(), ...findContexts('image', 'study-root')],
      extendedNegotiation: queryRetrieveNegotiation([FIND], { relational: true }),
      clocks: clocks(),
    });
    expect([association.extendedNegotiation, association.contextFor(FIND)]).toEqual([[], undefined]);
    await association.release();
  });

  test('findscu asking for series without their study is told what is wrong', async () => {
    const keys = ['-k', 'QueryRetrieveLevel=SERIES', '-k', 'SeriesInstanceUID'];
    const { output } = await dcmtk('findscu', '-d', '-S', '-aec', 'DEMO', ...keys, '127.0.0.1', String(listener.port));
    expect(output).toMatch(/0xa900/i);
    expect(output).toContain('Study Instance UID');
  });
});

describe('C-MOVE', () => {
  const move = (studyInstanceUID: string) =>
    pool.move({
      peer: peer(),
      clocks: clocks(),
      studyInstanceUID,
      destinationAETitle: 'PHOSPHOR',
      messageId: moveMessageIds.take(),
      thirdParty: false,
      onPending: () => {},
    });

  test('more SOP classes than one association has contexts go to the requestor itself on further ones', async () => {
    const result = await move(MANY_STUDY).done;
    expect(result).toMatchObject({ ok: true, status: 0, subOperations: { completed: CLASSES.length, failed: 0, warning: 0 } });
    await receiver.until(() => receiver.stored.length >= CLASSES.length);
    const [first] = receiver.stored;
    expect(first).toMatchObject({ callingAETitle: 'DEMO', moveOriginatorAETitle: 'PHOSPHOR', moveMessageId: expect.any(Number) });
  });

  test('nothing to move is success', async () => {
    expect(await move('1.2.826.999').done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 0 } });
  });
});
