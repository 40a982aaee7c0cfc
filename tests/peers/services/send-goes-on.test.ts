import { readFile, writeFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AssociationPool, createAssociationPool, type SentInstance } from '../../../electron/associations/index.ts';
import { encodeFileMeta, readPart10Meta, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk, startStorescp } from '../../support/dcmtk.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { PDU, ScriptedPeer, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';

// One file that a peer does not digest, among files that it takes.

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let series: WrittenInstance[];
let pool: AssociationPool;

beforeAll(async () => {
  folder = await temporaryFolder('goes-on');
  series = await writeSeries(`${folder.path}/in`, { study: '1.2.826.93', count: 6 });
  pool = createAssociationPool({ workers: 1 });
});
afterAll(async () => {
  await pool?.close();
  await folder?.[Symbol.asyncDispose]();
});

const paths = () => series.map(({ path }) => path);

async function send(port: number, files: readonly string[]) {
  const results: SentInstance[] = [];
  const { done } = pool.store({
    peer: { host: '127.0.0.1', port, calledAETitle: 'STORESCP', callingAETitle: 'PHOSPHOR' },
    clocks: clocks(),
    files,
    onSent: (instances) => results.push(...instances),
  });
  return { result: await done, results };
}

/** The data set of the first file, as something else. */
async function rewritten(name: string, transferSyntaxUID: string, change: (dataSet: Buffer) => Buffer): Promise<string> {
  const bytes = await readFile(paths()[0] ?? '');
  const sopInstanceUID = series[0]?.sopInstanceUID ?? '';
  const dataSet = change(bytes.subarray(readPart10Meta(bytes).dataSetOffset));
  const path = `${folder.path}/${name}.dcm`;
  await writeFile(path, Buffer.concat([encodeFileMeta({ sopClassUID: UIDs.ctImageStorage, sopInstanceUID, transferSyntaxUID }), dataSet]));
  return path;
}

test('a file that was cut off is not sent, and the reason is told; the others arrive', async () => {
  await using scp = await startStorescp(`${folder.path}/odd`);
  const odd = await rewritten('odd', TransferSyntaxUID.ExplicitVRLittleEndian, (dataSet) => dataSet.subarray(0, dataSet.length - 1));
  const { result, results } = await send(scp.port, [odd, ...paths().slice(1)]);
  expect(result).toEqual({ ok: true, sent: 5, warnings: 0, failed: 1 });
  expect(results.find(({ path }) => path === odd)?.error).toMatchObject({
    kind: 'damaged',
    message: expect.stringContaining('ends inside an element'),
  });
});

test('a data set that was written with odd lengths is sent with even ones', async () => {
  await using scp = await startStorescp(`${folder.path}/deflated`, { args: ['+xd'] });
  const deflated = await rewritten('deflated', TransferSyntaxUID.DeflatedExplicitVRLittleEndian, (dataSet) => {
    const stream = deflateRawSync(dataSet);
    return stream.length % 2 === 1 ? stream : Buffer.concat([stream, Buffer.alloc(1)]);
  });
  const { result } = await send(scp.port, [deflated]);
  expect(result).toEqual({ ok: true, sent: 1, warnings: 0, failed: 0 });
  const [file = ''] = filesBelow(`${folder.path}/deflated`);
  expect((await dcmtk('dcmdump', '+P', 'PatientName', file)).output).toContain('Doe^Jane');
  await using other = await startStorescp(`${folder.path}/written-oddly`);
  const oddly = await rewritten('oddly', TransferSyntaxUID.ExplicitVRLittleEndian, (dataSet) =>
    Buffer.concat([dataSet, Buffer.from('fcfffcff4f420000', 'hex'), Buffer.from([3, 0, 0, 0, 1, 2, 3])]),
  );
  expect((await send(other.port, [oddly])).result).toMatchObject({ sent: 1 });
});

/** Takes what it is sent, and aborts the association over the instances that it cannot bear. */
async function touchyPeer(cannotBear: (sopInstanceUID: string) => boolean) {
  const taken: string[] = [];
  let associations = 0;
  const peer = await ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    associations += 1;
    for (;;) {
      const request = await connection.readMessage();
      const { affectedSOPInstanceUID = '' } = request.command;
      if (cannotBear(affectedSOPInstanceUID)) return connection.sendPDU(PDU.abort, Buffer.from([0, 0, 0, 0]));
      taken.push(affectedSOPInstanceUID);
      connection.respond(request, { status: 0, affectedSOPInstanceUID });
    }
  });
  return { peer, taken, associations: () => associations };
}

test.each([0, 2, 5])('a peer that aborts over file %i gets the others on a further association, each once', async (bad) => {
  const { peer, taken, associations } = await touchyPeer((uid) => uid === series[bad]?.sopInstanceUID);
  const { result, results } = await send(peer.port, paths());
  expect(result).toEqual({ ok: true, sent: 5, warnings: 0, failed: 1 });
  expect(taken).toEqual(series.filter((_, index) => index !== bad).map(({ sopInstanceUID }) => sopInstanceUID));
  expect(results.map(({ path }) => path).sort()).toEqual(paths());
  expect(results.find(({ path }) => path === paths()[bad])?.error?.kind).toBe('aborted-by-peer');
  expect(associations()).toBe(bad === 5 ? 1 : 2);
  await peer[Symbol.asyncDispose]();
});

test('a peer that aborts over every file is offered three, and the reason stands at each of the others', async () => {
  const { peer, associations } = await touchyPeer(() => true);
  const { result, results } = await send(peer.port, paths());
  expect(result).toEqual({ ok: true, sent: 0, warnings: 0, failed: 6 });
  expect(new Set(results.map(({ error }) => error?.kind))).toEqual(new Set(['aborted-by-peer']));
  expect(results).toHaveLength(6);
  expect(associations()).toBe(3);
  await peer[Symbol.asyncDispose]();
});

/** Aborts its first associations as soon as they stand, as a peer does that does not wait while a file is read or converted. */
async function impatientPeer(times: number) {
  let associations = 0;
  const peer = await ScriptedPeer.listen(async (connection) => {
    const request = await connection.readAssociateRQ();
    associations += 1;
    // In one piece with the A-ASSOCIATE-AC: no file is read as fast.
    connection.socket.cork();
    connection.acceptAssociate(request);
    if (associations <= times) connection.sendPDU(PDU.abort, Buffer.from([0, 0, 0, 0]));
    connection.socket.uncork();
    for (;;) {
      const request = await connection.readMessage();
      connection.respond(request, { status: 0 });
    }
  });
  return { peer, associations: () => associations };
}

test('a peer that did not wait for the first file gets all of them on a further association', async () => {
  const { peer, associations } = await impatientPeer(1);
  const { result } = await send(peer.port, paths());
  expect(result).toEqual({ ok: true, sent: 6, warnings: 0, failed: 0 });
  expect(associations()).toBe(2);
  await peer[Symbol.asyncDispose]();
});

test('a peer that waits for no file is called three times, and the reason stands at each file', async () => {
  const { peer, associations } = await impatientPeer(Number.POSITIVE_INFINITY);
  const { result, results } = await send(peer.port, paths());
  expect(result).toEqual({ ok: true, sent: 0, warnings: 0, failed: 6 });
  expect(results.map(({ error }) => error?.kind)).toEqual(Array.from({ length: 6 }, () => 'aborted-by-peer'));
  expect(associations()).toBe(3);
  await peer[Symbol.asyncDispose]();
});
