import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import type { Archive } from '../../../electron/archive/types.ts';
import { createAssociationPool, type Listener, moveMessageIds, startListener } from '../../../electron/associations/index.ts';
import type { MatchRow, Query } from '../../../shared/contract/index.ts';
import { clocks } from '../../support/clocks.ts';
import { type DcmtkServer, dcmtk, startStorescp } from '../../support/dcmtk.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { PDU, ScriptedPeer } from '../../support/scripted-peer.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

// Our Query/Retrieve SCP over a real archive, asked by DCMTK and by ourselves.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let archive: Archive;
let listener: Listener;
let destination: DcmtkServer;
let slow: ScriptedPeer;
let written: WrittenInstance[];
const pool = createAssociationPool({ workers: 1 });
const slowStarted = Promise.withResolvers<void>();
const slowEnded = Promise.withResolvers<void>();

beforeAll(async () => {
  folder = await temporaryFolder('query-retrieve');
  const location = { directory: join(folder.path, 'archive'), databases: join(folder.path, 'databases'), durable: false };
  archive = await openArchive(location);
  destination = await startStorescp(join(folder.path, 'out'), { aeTitle: 'DEST', args: ['+B'] });
  // Takes one instance and then lets the sender wait.
  slow = await ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    const first = await connection.readMessage();
    connection.respond(first, { status: 0, affectedSOPInstanceUID: first.command.affectedSOPInstanceUID ?? '' });
    const second = await connection.readMessage();
    slowStarted.resolve();
    await slowEnded.promise;
    connection.respond(second, { status: 0, affectedSOPInstanceUID: second.command.affectedSOPInstanceUID ?? '' });
    await connection.expectPDU(PDU.releaseRQ);
  });
  written = [
    ...(await writeSeries(join(folder.path, 'in'), { study: '1.2.826.1', count: 12, size: 64, patientName: 'Müller^Jürgen' })),
    ...(await writeSeries(join(folder.path, 'in'), { study: '1.2.826.1', series: 2, count: 3 })),
    ...(await writeSeries(join(folder.path, 'in'), { study: '1.2.826.2', count: 4, size: 600 })),
  ];
  await archive.import([join(folder.path, 'in')]).done;
  await archive.settled();
  listener = await startListener({
    host: '127.0.0.1',
    port: 0,
    clocks: clocks(),
    access: { aeTitle: 'DEMO', knownAETitles: [], knownHosts: [], acceptAnyone: true },
    queryRetrieve: {
      location,
      destinations: {
        DEST: { host: '127.0.0.1', port: destination.port },
        SLOW: { host: '127.0.0.1', port: slow.port },
        DOWN: { host: '127.0.0.1', port: 1 },
      },
    },
    events: { onStored() {}, onRefused() {}, onAssociations() {}, onState() {} },
  });
});
afterAll(async () => {
  await pool.close();
  await listener?.close();
  await destination?.stop();
  await slow?.[Symbol.asyncDispose]();
  await archive?.close();
  await folder?.[Symbol.asyncDispose]();
});

const peer = () => ({ host: '127.0.0.1', port: listener.port, calledAETitle: 'DEMO', callingAETitle: 'PHOSPHOR' });

async function find(query: Query): Promise<MatchRow[]> {
  const rows: MatchRow[] = [];
  const operation = pool.find({
    peer: peer(),
    clocks: clocks(),
    query,
    onMatches: (batch, acknowledge) => {
      rows.push(...batch);
      acknowledge();
    },
  });
  expect(await operation.done).toMatchObject({ ok: true, status: 0, matches: rows.length });
  return rows;
}

function move(destinationAETitle: string, keys: { studyInstanceUID: string; seriesInstanceUID?: string }) {
  return pool.move({
    peer: peer(),
    clocks: clocks(),
    ...keys,
    destinationAETitle,
    messageId: moveMessageIds.take(),
    thirdParty: true,
    onPending: () => {},
  });
}

describe('C-FIND', () => {
  test('our own search finds studies with decoded names and counts, series, images and patients', async () => {
    const studies = await find({ level: 'study' });
    expect(studies).toHaveLength(2);
    expect(studies).toContainEqual(
      expect.objectContaining({ studyInstanceUID: '1.2.826.1', modalities: ['CT'], numberOfSeries: 2, numberOfInstances: 15 }),
    );
    expect(await find({ level: 'study', patientName: 'M*ller*' })).toMatchObject([{ patientName: { alphabetic: 'Müller^Jürgen' } }]);
    expect(await find({ level: 'study', studyDate: '20270101-' })).toEqual([]);
    expect(await find({ level: 'series', studyInstanceUID: '1.2.826.1' })).toHaveLength(2);
    expect(await find({ level: 'image', studyInstanceUID: '1.2.826.1', seriesInstanceUID: '1.2.826.1.2' })).toHaveLength(3);
    expect(await find({ level: 'patient' })).toHaveLength(2);
  });

  test('findscu gets the keys that it asked for', async () => {
    const { code, output } = await dcmtk(
      'findscu',
      '-v',
      '-S',
      '-aec',
      'DEMO',
      '-k',
      'QueryRetrieveLevel=STUDY',
      '-k',
      'PatientID=P-1.2.826.2',
      '-k',
      'StudyInstanceUID',
      '-k',
      'StudyDate',
      '127.0.0.1',
      String(listener.port),
    );
    expect(code).toBe(0);
    expect(output).toMatch(/\[1\.2\.826\.2\W?\]/);
    expect(output).toContain('[20261118]');
    expect(output).not.toContain('Head');
  });
});

describe('C-MOVE', () => {
  test('a study goes to its destination byte for byte, with counts and Move Originator', async () => {
    const result = await move('DEST', { studyInstanceUID: '1.2.826.1' }).done;
    expect(result).toMatchObject({ ok: true, status: 0, subOperations: { completed: 15, failed: 0, warning: 0 } });
    const files = await readdir(join(folder.path, 'out'));
    expect(files).toHaveLength(15);
    const sent = await Promise.all(files.map((file) => storedDataSetHash(join(folder.path, 'out', file))));
    const ours = written.filter(({ studyInstanceUID }) => studyInstanceUID === '1.2.826.1');
    expect(sent.sort()).toEqual((await Promise.all(ours.map(({ path }) => storedDataSetHash(path)))).sort());
  });

  test('movescu is served at series level, with instances larger than one chunk too', async () => {
    const { code, output } = await dcmtk(
      'movescu',
      '-v',
      '-S',
      '-aec',
      'DEMO',
      '-aem',
      'DEST',
      '-k',
      'QueryRetrieveLevel=SERIES',
      '-k',
      'StudyInstanceUID=1.2.826.2',
      '-k',
      'SeriesInstanceUID=1.2.826.2.1',
      '127.0.0.1',
      String(listener.port),
    );
    expect(output).toContain('Received Final Move Response (Success)');
    expect(code).toBe(0);
  });

  test('an unknown destination is A801, one that is down fails every instance or says so', async () => {
    expect(await move('NOWHERE', { studyInstanceUID: '1.2.826.1' }).done).toMatchObject({ ok: true, status: 0xa801 });
    const down = await move('DOWN', { studyInstanceUID: '1.2.826.1' }).done;
    expect(down).toMatchObject({ ok: true });
    expect(down.ok && down.status).not.toBe(0);
  });

  test('a cancelled move stops and answers Cancel with what remains', async () => {
    const operation = move('SLOW', { studyInstanceUID: '1.2.826.1' });
    await slowStarted.promise;
    operation.cancel();
    setTimeout(() => slowEnded.resolve(), 50);
    const result = await operation.done;
    expect(result).toMatchObject({ ok: true, status: 0xfe00 });
    expect(result.ok && result.subOperations.remaining).toBeGreaterThan(0);
  });
});
