import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AssociationPool, createAssociationPool, type SentInstance, type StoreRequest } from '../../../electron/associations/index.ts';
import { encodeFileMeta } from '../../../electron/dicom/dataset/index.ts';
import { clocks } from '../../support/clocks.ts';
import { startStorescp } from '../../support/dcmtk.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { startOrthanc } from '../../support/orthanc.ts';
import { startReceiver } from '../../support/receiver.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { colourDataset, compressed, SYNTAX } from '../../unit/transcoding/encoded-images.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let series: WrittenInstance[];
let paths: string[];
let pool: AssociationPool;

beforeAll(async () => {
  folder = await temporaryFolder('store');
  series = await writeSeries(`${folder.path}/a`, { study: '1.2.826.51', count: 8, size: 600 });
  paths = series.map(({ path }) => path);
  pool = createAssociationPool({ workers: 1 });
});
afterAll(async () => {
  await pool?.close();
  await folder?.[Symbol.asyncDispose]();
});

function storing(port: number, calledAETitle: string, request: Partial<StoreRequest> = {}) {
  const results: SentInstance[] = [];
  const operation = pool.store({
    peer: { host: '127.0.0.1', port, calledAETitle, callingAETitle: 'PHOSPHOR' },
    clocks: clocks(),
    files: paths,
    onSent: (instances) => results.push(...instances),
    ...request,
  });
  return { ...operation, results };
}

async function hashes(files: readonly string[]): Promise<string[]> {
  return (await Promise.all(files.map(storedDataSetHash))).sort();
}

/** An image that was compressed with loss, which is not converted for who takes no JPEG. */
async function lossyJPEG(): Promise<string> {
  const instance = await compressed(colourDataset(16), SYNTAX.jpegBaseline);
  const path = `${folder.path}/lossy.dcm`;
  await writeFile(path, Buffer.concat([encodeFileMeta(instance), instance.bytes]));
  return path;
}

describe('sending files', () => {
  test('storescp gets the same data sets, large ones in chunks, and each is answered', async () => {
    await using scp = await startStorescp(`${folder.path}/scp`);
    const send = storing(scp.port, 'STORESCP');
    expect(await send.done).toEqual({ ok: true, sent: 8, warnings: 0, failed: 0 });
    expect(send.results.map(({ path, status }) => [path, status])).toEqual(paths.map((path) => [path, 0]));
    expect(await hashes(filesBelow(`${folder.path}/scp`))).toEqual(await hashes(paths));
  });

  test('Orthanc has them afterwards', async () => {
    await using orthanc = await startOrthanc({ folder: `${folder.path}/orthanc`, noDelay: true });
    expect(await storing(orthanc.dicomPort, 'ORTHANC', { priority: 1 }).done).toMatchObject({ ok: true, sent: 8 });
    expect(await orthanc.statistics()).toEqual({ patients: 1, studies: 1, instances: 8 });
  });

  test('files that are none, that are gone or whose syntax the peer does not take are told one by one; the others arrive', async () => {
    await using scp = await startStorescp(`${folder.path}/some`, { args: ['+xe'] });
    const noDICOM = `${folder.path}/text.txt`;
    await writeFile(noDICOM, 'not an image');
    const missing = `${folder.path}/missing.dcm`;
    const jpeg = await lossyJPEG();
    const send = storing(scp.port, 'STORESCP', { files: [noDICOM, ...paths, missing, jpeg] });
    expect(await send.done).toEqual({ ok: true, sent: 8, warnings: 0, failed: 3 });
    const kinds = new Map(send.results.map(({ path, error }) => [path, error?.kind]));
    expect([kinds.get(noDICOM), kinds.get(missing), kinds.get(jpeg)]).toEqual(['not-dicom', 'unreadable', 'no-presentation-context']);
    expect(send.results).toHaveLength(11);
  });

  test('a send in the name of a C-MOVE names its originator, a plain one none', async () => {
    await using receiver = await startReceiver(`${folder.path}/receiver`, { access: { acceptAnyone: true } });
    const origin = { moveOriginatorAETitle: 'ASKER', moveOriginatorMessageID: 77 };
    await storing(receiver.listener.port, 'PHOSPHOR', { files: paths.slice(0, 1), ...origin }).done;
    await storing(receiver.listener.port, 'PHOSPHOR', { files: paths.slice(1, 2) }).done;
    await receiver.until(() => receiver.stored.length === 2);
    expect(receiver.stored[0]).toMatchObject({ moveOriginatorAETitle: 'ASKER', moveMessageId: 77 });
    expect(receiver.stored[1]).not.toHaveProperty('moveOriginatorAETitle');
    expect(receiver.stored[1]).not.toHaveProperty('moveMessageId');
  });

  test('cancelled, no further instance goes out, and each one that did is told', async () => {
    await using receiver = await startReceiver(`${folder.path}/cancelled`, { access: { acceptAnyone: true } });
    const many = Array.from({ length: 300 }, () => paths).flat();
    const send = storing(receiver.listener.port, 'PHOSPHOR', {
      files: many,
      onSent: (instances) => {
        send.results.push(...instances);
        send.cancel();
      },
    });
    expect(await send.done).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    expect(send.results.length).toBeGreaterThan(0);
    expect(send.results.length).toBeLessThan(many.length);
  });

  test('a peer that dies in the middle fails what was not answered, and the end comes once', async () => {
    const receiver = await startReceiver(`${folder.path}/dies`, { access: { acceptAnyone: true }, plainPort: true });
    const many = Array.from({ length: 50 }, () => paths).flat();
    let killed: Promise<void> | undefined;
    const results: SentInstance[] = [];
    const send = storing(receiver.listener.port, 'PHOSPHOR', {
      files: many,
      onSent: (instances) => {
        results.push(...instances);
        killed ??= receiver.killThread();
      },
    });
    const result = await send.done;
    await killed;
    expect(result).toMatchObject({ ok: true });
    expect(results).toHaveLength(many.length);
    expect(results.at(-1)?.error?.kind).toMatch(/connection-lost|aborted-by-peer|unreachable/);
    await receiver[Symbol.asyncDispose]();
  });

  test('nobody there is one error, not one for each file', async () => {
    await using scp = await startStorescp(`${folder.path}/gone`);
    await scp.stop();
    const send = storing(scp.port, 'STORESCP');
    expect(await send.done).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expect(send.results).toEqual([]);
  });
});
