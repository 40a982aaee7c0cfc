import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Archive, locateInstance } from '../../../electron/archive/index.ts';
import { type CommitRequest, createAssociationPool } from '../../../electron/associations/index.ts';
import { Dataset } from '../../../electron/dicom/dataset/index.ts';
import type { Association, ServiceProvider } from '../../../electron/dicom/network/index.ts';
import {
  type CommitmentReport,
  type CommitmentRequest,
  commitmentProvider,
  commitmentReportProvider,
  type FailedReference,
  reportCommitment,
  requestCommitment,
  type SOPReference,
} from '../../../electron/dicom/services/index.ts';
import { nEventReport } from '../../../electron/dicom/services/normalized.ts';
import { clocks } from '../../support/clocks.ts';
import { archiveOf, callForCommitment, startCommitmentReceiver, startServingPeer } from '../../support/commitment.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { startReceiver } from '../../support/receiver.ts';
import { UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const CT = UIDs.ctImageStorage;
const MODEL = '1.2.840.10008.1.20.1';
const INSTANCE = '1.2.840.10008.1.20.1.1';
const TWO: SOPReference[] = [
  { sopClassUID: CT, sopInstanceUID: '1.2.3.1' },
  { sopClassUID: CT, sopInstanceUID: '1.2.3.2' },
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let archive: Archive;
let stored: SOPReference[];
const pool = createAssociationPool({ workers: 1 });

beforeAll(async () => {
  folder = await temporaryFolder('commitment');
  const written = await writeSeries(`${folder.path}/in`, { study: '1.2.826.71', count: 4 });
  archive = await archiveOf(folder.path, [`${folder.path}/in`]);
  stored = written.map(({ sopInstanceUID }) => ({ sopClassUID: CT, sopInstanceUID }));
  // Indexed, and no longer what it was.
  await writeFile(locateInstance(archive.location, written[2]?.sopInstanceUID ?? ''), 'not DICOM any more, and not long enough either');
  // Indexed, and gone from the disk.
  await rm(locateInstance(archive.location, written[3]?.sopInstanceUID ?? ''));
});

afterAll(async () => {
  await pool.close();
  await archive.close();
  await folder[Symbol.asyncDispose]();
});

function asking(port: number, changes: Partial<CommitRequest> = {}): CommitRequest {
  return {
    peer: { host: '127.0.0.1', port, calledAETitle: 'ARCHIVE', callingAETitle: 'PHOSPHOR' },
    clocks: clocks(),
    instances: TWO,
    waitSeconds: 20,
    ...changes,
  };
}

describe('between two of us', () => {
  test('the report comes on the association that asked: what is here, what is not, what is another class, what is damaged or gone from the disk', async () => {
    const { location } = archive;
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: { location, peers: {}, releaseGraceSeconds: 0.05 },
    });
    const instances = [
      ...stored,
      { sopClassUID: CT, sopInstanceUID: '1.2.826.71.1.99' },
      { sopClassUID: UIDs.secondaryCaptureStorage, sopInstanceUID: '1.2.826.71.1.1' },
    ];
    const accepted: string[] = [];
    const result = await pool.commit(asking(scp.listener.port, { instances, onAccepted: (uid) => accepted.push(uid) })).done;
    if (!result.ok) throw new Error(result.error.message);
    expect(result.instances.slice(0, 5).map((one) => (one.state === 'failed' ? one.failureReason : one.state))).toEqual([
      // The last reference names the first instance under another class; where both are said of one UID the failure counts.
      'not-mentioned',
      'committed',
      0x0110,
      0x0112,
      0x0112,
    ]);
    expect(result.instances[5]).toMatchObject({ state: 'failed', failureReason: 0x0119 });
    expect(result).toMatchObject({ status: 0, committed: 1, failed: 4, notMentioned: 1, unasked: 0 });
    expect(result.report).toEqual({ reportedBy: 'ARCHIVE', via: 'association' });
    expect(accepted).toEqual([result.transactionUID]);
    await scp.until(() => scp.deliveries.length === 1);
    expect(scp.deliveries).toMatchObject([
      { transactionUID: result.transactionUID, callingAETitle: 'PHOSPHOR', via: 'association', attempts: 1 },
    ]);
  });

  test('the report comes on an association of its own where the asking one was released', async () => {
    await using scu = await startCommitmentReceiver();
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: { location: archive.location, peers: { PHOSPHOR: { host: '127.0.0.1', port: scu.listener.port } } },
    });
    const result = await pool.commit(asking(scp.listener.port, { instances: stored.slice(0, 2), holdSeconds: 0, listener: scu.listener }))
      .done;
    expect(result).toMatchObject({ ok: true, status: 0, committed: 2, failed: 0, report: { reportedBy: 'ARCHIVE', via: 'listener' } });
    await scp.until(() => scp.deliveries.length === 1);
    expect(scp.deliveries).toMatchObject([{ via: 'reverse-association', committed: 2, attempts: 1 }]);
  });

  test('a requestor that is not there when its report is due gets it later', async () => {
    const port = await freePort();
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: {
        location: archive.location,
        peers: { PHOSPHOR: { host: '127.0.0.1', port } },
        retrySeconds: Array(32).fill(0.1),
      },
    });
    const association = await callForCommitment(scp.listener.port, 'scu', { callingAETitle: 'PHOSPHOR', calledAETitle: 'ARCHIVE' });
    await requestCommitment(association, { transactionUID: '2.25.71', references: stored.slice(0, 1) }).done;
    await association.release();
    await using scu = await startCommitmentReceiver({ port, onUnmatched: () => {} });
    await scu.until(() => scu.unmatched.length === 1);
    expect(scu.unmatched).toMatchObject([
      { transactionUID: '2.25.71', reportedBy: 'ARCHIVE', via: 'listener', committed: stored.slice(0, 1) },
    ]);
    await scp.until(() => scp.deliveries.length === 1);
    expect(scp.deliveries).toMatchObject([{ via: 'reverse-association' }]);
  });

  test('a report that nobody can be given is told of, with the reason', async () => {
    const port = await freePort();
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE', knownAETitles: ['PHOSPHOR', 'NOWHERE'] },
      storageCommitment: { location: archive.location, peers: { PHOSPHOR: { host: '127.0.0.1', port } }, retrySeconds: [0.01, 0.01] },
    });
    for (const callingAETitle of ['PHOSPHOR', 'NOWHERE']) {
      const association = await callForCommitment(scp.listener.port, 'scu', { callingAETitle, calledAETitle: 'ARCHIVE' });
      await requestCommitment(association, { transactionUID: `2.25.${callingAETitle.length}`, references: TWO }).done;
      await association.release();
    }
    await scp.until(() => scp.deliveries.length === 2);
    const of = (title: string) => scp.deliveries.find(({ callingAETitle }) => callingAETitle === title);
    expect(of('PHOSPHOR')).toMatchObject({ attempts: 3, failed: 2, error: { kind: 'unreachable' } });
    expect(of('NOWHERE')).toMatchObject({ attempts: 1, error: { kind: 'not-found' } });
    expect(of('PHOSPHOR')).not.toHaveProperty('via');
  });

  test('a Transaction UID that is still in use is reported as such', async () => {
    const reports: CommitmentReport[] = [];
    const both = Promise.withResolvers<void>();
    const services = [
      commitmentReportProvider((report) => {
        reports.push(report);
        if (reports.length === 2) both.resolve();
        return 0;
      }),
    ];
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: { location: archive.location, peers: {}, releaseGraceSeconds: 0.2 },
    });
    const association = await callForCommitment(scp.listener.port, 'scu', {
      callingAETitle: 'PHOSPHOR',
      calledAETitle: 'ARCHIVE',
      services,
    });
    const request: CommitmentRequest = { transactionUID: '2.25.72', references: stored.slice(0, 1) };
    await requestCommitment(association, request).done;
    await requestCommitment(association, request).done;
    await both.promise;
    expect(reports.flatMap(({ failed }) => failed)).toMatchObject([{ failureReason: 0x0131 }]);
    expect(reports.flatMap(({ committed }) => committed)).toHaveLength(1);
    await association.release();
  });

  test('whoever is not known may neither ask nor report', async () => {
    await using scp = await startCommitmentReceiver({
      storageCommitment: { location: archive.location, peers: {} },
      onUnmatched: () => {},
    });
    for (const role of ['scu', 'scp'] as const) {
      await expect(callForCommitment(scp.listener.port, role, { callingAETitle: 'STRANGER' })).rejects.toMatchObject({ kind: 'rejected' });
    }
  });

  test('more requests at once than reports may be owed are refused', async () => {
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: { location: archive.location, peers: {}, releaseGraceSeconds: 60 },
    });
    const association = await callForCommitment(scp.listener.port, 'scu', { callingAETitle: 'PHOSPHOR', calledAETitle: 'ARCHIVE' });
    const statuses: number[] = [];
    for (let number = 0; number < 260; number += 1) {
      const request = { transactionUID: `2.25.79.${number}`, references: stored.slice(0, 1) };
      statuses.push((await requestCommitment(association, request).done).status);
    }
    expect(statuses).toEqual([...Array(256).fill(0), ...Array(4).fill(0x0213)]);
    await scp.listener.close();
    expect(scp.deliveries).toHaveLength(256);
  });

  test('a report that is owed by a thread that dies is told of', async () => {
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: { location: archive.location, peers: {}, releaseGraceSeconds: 60 },
    });
    const association = await callForCommitment(scp.listener.port, 'scu', { callingAETitle: 'PHOSPHOR', calledAETitle: 'ARCHIVE' });
    await requestCommitment(association, { transactionUID: '2.25.78', references: TWO }).done;
    await scp.killThread();
    await scp.until(() => scp.deliveries.length === 1);
    expect(scp.deliveries).toMatchObject([{ transactionUID: '2.25.78', callingAETitle: 'PHOSPHOR', error: { kind: 'worker-died' } }]);
  });

  test('what arrived a moment ago counts by its file, indexed or not', async () => {
    const place = `${folder.path}/unindexed`;
    const location = { directory: `${place}/archive`, databases: `${place}/databases`, durable: false };
    const files = await writeSeries(`${place}/in`, { study: '1.2.826.74', count: 2 });
    await using receiver = await startReceiver(place, {
      access: { knownAETitles: ['PHOSPHOR'] },
      storageCommitment: { location, peers: {}, releaseGraceSeconds: 0.05 },
    });
    const { peer } = asking(receiver.listener.port);
    const ours = { ...peer, calledAETitle: 'PHOSPHOR' };
    const sent = pool.store({ peer: ours, clocks: clocks(), files: files.map(({ path }) => path), onSent: () => {} });
    expect(await sent.done).toMatchObject({ ok: true, sent: 2 });
    const references = files.map(({ sopInstanceUID }) => ({ sopClassUID: CT, sopInstanceUID }));
    const other = { sopClassUID: UIDs.secondaryCaptureStorage, sopInstanceUID: files[1]?.sopInstanceUID ?? '' };
    expect(await pool.commit({ ...asking(receiver.listener.port), peer: ours, instances: references }).done).toMatchObject({
      ok: true,
      committed: 2,
    });
    const result = await pool.commit({ ...asking(receiver.listener.port), peer: ours, instances: [other] }).done;
    expect(result.ok && result.instances).toMatchObject([{ state: 'failed', failureReason: 0x0119 }]);
  });

  test('a workstation that closes gives up what it owes, and says so', async () => {
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: { location: archive.location, peers: {}, releaseGraceSeconds: 60 },
    });
    const association = await callForCommitment(scp.listener.port, 'scu', { callingAETitle: 'PHOSPHOR', calledAETitle: 'ARCHIVE' });
    await requestCommitment(association, { transactionUID: '2.25.73', references: TWO }).done;
    await scp.listener.close();
    expect(scp.deliveries).toMatchObject([{ transactionUID: '2.25.73', error: { kind: 'interrupted' } }]);
  });
});

/** An archive that takes every request and does what the test says, on the association of the request, as far as its peer lets it. */
function archiveThat(does: (request: CommitmentRequest, association: Association) => unknown): ServiceProvider {
  const act = async (request: CommitmentRequest, association: Association) => await does(request, association);
  return commitmentProvider({ take: () => 0, onTaken: (request, association) => void act(request, association).catch(() => {}) });
}

function reportOn(request: CommitmentRequest, changes: Partial<CommitmentReport> = {}): CommitmentReport {
  return { transactionUID: request.transactionUID, committed: request.references, failed: [], ...changes };
}

describe('an archive with habits of its own', () => {
  test('it reports on its own association before it responds', async () => {
    await using scu = await startCommitmentReceiver();
    const statuses: number[] = [];
    const early: ServiceProvider = {
      ...archiveThat(() => {}),
      handle: (inbound) => {
        const chunks: Uint8Array[] = [];
        return {
          write: (chunk) => void chunks.push(Uint8Array.from(chunk)),
          end: () => {
            const read = requestIn(Buffer.concat(chunks));
            void callForCommitment(scu.listener.port, 'scp').then(async (association) => {
              statuses.push((await reportCommitment(association, reportOn(read)).done).status);
              await association.release().catch(() => {});
              void inbound.respond({ status: 0 });
            });
            return undefined;
          },
          abort: () => {},
        };
      },
    };
    await using peer = await startServingPeer([early]);
    const result = await pool.commit(asking(peer.port, { listener: scu.listener, transactionUID: '2.25.74' })).done;
    expect(result).toMatchObject({ ok: true, status: 0, committed: 2, report: { via: 'listener' } });
    expect(statuses).toEqual([0]);
  });

  test('it refuses: nothing is promised, and nobody waits', async () => {
    await using peer = await startServingPeer([commitmentProvider({ take: () => 0x0213, onTaken: () => {} })]);
    const result = await pool.commit(asking(peer.port)).done;
    expect(result).toMatchObject({ ok: true, status: 0x0213, committed: 0, notMentioned: 2 });
    expect(result).not.toHaveProperty('report');
  });

  test('it only hears reports: asking it is answered with unrecognized operation', async () => {
    await using peer = await startCommitmentReceiver({ access: { aeTitle: 'ARCHIVE' } });
    expect(await pool.commit(asking(peer.listener.port)).done).toMatchObject({ ok: true, status: 0x0211, notMentioned: 2 });
  });

  test('it does not know storage commitment', async () => {
    await using peer = await startServingPeer([]);
    const result = await pool.commit(asking(peer.port)).done;
    expect(result).toMatchObject({ ok: false, error: { kind: 'no-presentation-context' } });
  });

  test('it never reports: the wait ends when the caller said', async () => {
    await using peer = await startServingPeer([archiveThat(() => {})]);
    const result = await pool.commit(asking(peer.port, { waitSeconds: 0.2 })).done;
    expect(result).toMatchObject({ ok: false, error: { kind: 'timed-out' } });
  });

  test('it hangs up after its response: the report may still come to the listener', async () => {
    await using scu = await startCommitmentReceiver();
    await using peer = await startServingPeer([
      archiveThat(async (request, association) => {
        association.abort();
        const another = await callForCommitment(scu.listener.port, 'scp');
        await reportCommitment(another, reportOn(request)).done;
        await another.release().catch(() => {});
      }),
    ]);
    const result = await pool.commit(asking(peer.port, { listener: scu.listener })).done;
    expect(result).toMatchObject({ ok: true, committed: 2, report: { via: 'listener' } });
  });

  test('it reports twice: the second changes nothing, and is nobody’s once the first was taken', async () => {
    await using scu = await startCommitmentReceiver();
    const statuses: number[] = [];
    const told = Promise.withResolvers<void>();
    let second: CommitmentRequest | undefined;
    await using peer = await startServingPeer([
      archiveThat(async (request) => {
        const association = await callForCommitment(scu.listener.port, 'scp');
        statuses.push((await reportCommitment(association, reportOn(request)).done).status);
        second = request;
        await association.release().catch(() => {});
        told.resolve();
      }),
    ]);
    const result = await pool.commit(asking(peer.port, { listener: scu.listener })).done;
    expect(result).toMatchObject({ ok: true, committed: 2 });
    await told.promise;
    if (!second) throw new Error('no request');
    const association = await callForCommitment(scu.listener.port, 'scp');
    statuses.push((await reportCommitment(association, reportOn(second, { committed: [] })).done).status);
    await association.release().catch(() => {});
    expect(statuses).toEqual([0, 0x0112]);
  });

  test('it reports on another transaction first, then on ours, on our association', async () => {
    const statuses: number[] = [];
    const unmatched: string[] = [];
    await using peer = await startServingPeer([
      archiveThat(async (request, association) => {
        statuses.push((await reportCommitment(association, reportOn(request, { transactionUID: '2.25.999' })).done).status);
        statuses.push((await reportCommitment(association, reportOn(request)).done).status);
      }),
    ]);
    const onUnmatchedCommitment: CommitRequest['onUnmatchedCommitment'] = ({ transactionUID }) => void unmatched.push(transactionUID);
    expect(await pool.commit(asking(peer.port, { onUnmatchedCommitment })).done).toMatchObject({ ok: true, committed: 2 });
    expect(await pool.commit(asking(peer.port)).done).toMatchObject({ ok: true, committed: 2 });
    expect(unmatched).toEqual(['2.25.999']);
    // With somebody who takes what nobody waits for, and without.
    expect(statuses.filter((_, index) => index % 2 === 0)).toEqual([0, 0x0112]);
  });

  test('it reports on less than was asked, on more, and contradicts itself: only what was asked and promised counts', async () => {
    const failed: FailedReference[] = [{ sopClassUID: CT, sopInstanceUID: '1.2.3.2', failureReason: 0x0110 }];
    const more = { sopClassUID: CT, sopInstanceUID: '1.2.3.777' };
    await using peer = await startServingPeer([
      archiveThat(
        (request, association) =>
          reportCommitment(
            association,
            reportOn(request, { retrieveAETitle: 'OTHER', committed: [...request.references.slice(0, 2), more], failed }),
          ).done,
      ),
    ]);
    const instances = [...TWO, { sopClassUID: CT, sopInstanceUID: '1.2.3.3' }];
    const result = await pool.commit(asking(peer.port, { instances })).done;
    expect(result).toMatchObject({ ok: true, committed: 1, failed: 1, notMentioned: 1, unasked: 1 });
    expect(result.ok && result.instances).toEqual([
      { sopClassUID: CT, sopInstanceUID: '1.2.3.1', state: 'committed', retrieveAETitle: 'OTHER' },
      { sopClassUID: CT, sopInstanceUID: '1.2.3.2', state: 'failed', failureReason: 0x0110 },
      { sopClassUID: CT, sopInstanceUID: '1.2.3.3', state: 'not-mentioned' },
    ]);
  });

  test('its report cannot be read: it is told so, and the good one that follows counts', async () => {
    const statuses: number[] = [];
    await using peer = await startServingPeer([
      archiveThat(async (request, association) => {
        for (const information of [
          Dataset.of({ TransactionUID: request.transactionUID, ReferencedSOPSequence: [new Dataset()] }),
          new Dataset(),
        ]) {
          const report = { sopClassUID: MODEL, sopInstanceUID: INSTANCE, typeID: 1, information };
          statuses.push((await nEventReport(association, report).done).status);
        }
        await reportCommitment(association, reportOn(request)).done;
      }),
    ]);
    expect(await pool.commit(asking(peer.port)).done).toMatchObject({ ok: true, committed: 2 });
    expect(statuses).toEqual([0x0115, 0x0115]);
  });

  test('ten thousand instances are asked for, looked at and reported', async () => {
    const instances = Array.from({ length: 10_000 }, (_, index) => ({ sopClassUID: CT, sopInstanceUID: `1.2.826.72.${index}` }));
    await using scu = await startCommitmentReceiver();
    await using scp = await startCommitmentReceiver({
      access: { aeTitle: 'ARCHIVE' },
      storageCommitment: { location: archive.location, peers: { PHOSPHOR: { host: '127.0.0.1', port: scu.listener.port } } },
    });
    const result = await pool.commit(asking(scp.listener.port, { instances, holdSeconds: 0, listener: scu.listener })).done;
    expect(result).toMatchObject({ ok: true, committed: 0, failed: 10_000, unasked: 0 });
  });
});

describe('reports that nobody in memory waits for', () => {
  test('are taken with success by whoever wants them', async () => {
    await using scu = await startCommitmentReceiver({ onUnmatched: () => {} });
    const report: CommitmentReport = { transactionUID: '2.25.75', committed: TWO, failed: [] };
    const association = await callForCommitment(scu.listener.port, 'scp');
    expect(await reportCommitment(association, report).done).toMatchObject({ status: 0 });
    await association.release().catch(() => {});
    expect(scu.unmatched).toEqual([{ ...report, reportedBy: 'ARCHIVE', via: 'listener' }]);
  });

  test('come again later where they cannot be kept now', async () => {
    await using scu = await startCommitmentReceiver({ onUnmatched: () => Promise.reject(new Error('disk full')) });
    const association = await callForCommitment(scu.listener.port, 'scp');
    const report: CommitmentReport = { transactionUID: '2.25.76', committed: TWO, failed: [] };
    expect(await reportCommitment(association, report).done).toMatchObject({ status: 0x0110 });
    await association.release().catch(() => {});
  });
});

describe('what the caller does', () => {
  test('cancels: it ends as cancelled, and a report that comes later is nobody’s', async () => {
    await using scu = await startCommitmentReceiver();
    await using peer = await startServingPeer([archiveThat(() => {})]);
    const accepted = Promise.withResolvers<string>();
    const operation = pool.commit(asking(peer.port, { listener: scu.listener, onAccepted: accepted.resolve }));
    const transactionUID = await accepted.promise;
    operation.cancel();
    expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    const association = await callForCommitment(scu.listener.port, 'scp');
    expect(await reportCommitment(association, { transactionUID, committed: TWO, failed: [] }).done).toMatchObject({ status: 0x0112 });
    await association.release().catch(() => {});
  });

  test('asks for nothing, or twice with one Transaction UID: refused before anything is sent', async () => {
    await using peer = await startServingPeer([archiveThat(() => {})]);
    expect(await pool.commit(asking(peer.port, { instances: [] })).done).toMatchObject({ ok: false, error: { kind: 'invalid-arguments' } });
    const accepted = Promise.withResolvers<string>();
    const first = pool.commit(asking(peer.port, { transactionUID: '2.25.77', onAccepted: accepted.resolve }));
    await accepted.promise;
    expect(await pool.commit(asking(peer.port, { transactionUID: '2.25.77' })).done).toMatchObject({
      error: { kind: 'invalid-arguments' },
    });
    first.cancel();
    await first.done;
    expect(peer.associations).toHaveLength(1);
  });

  test('a worker that dies after the request was taken leaves the wait for the report as it is', async () => {
    await using scu = await startCommitmentReceiver();
    await using peer = await startServingPeer([archiveThat(() => {})]);
    const own = createAssociationPool({ workers: 1 });
    const accepted = Promise.withResolvers<string>();
    const operation = own.commit(asking(peer.port, { listener: scu.listener, onAccepted: accepted.resolve }));
    const transactionUID = await accepted.promise;
    await own.killWorker(own.workers()[0]?.threadId ?? 0);
    const association = await callForCommitment(scu.listener.port, 'scp');
    await reportCommitment(association, { transactionUID, committed: TWO, failed: [] }).done;
    await association.release().catch(() => {});
    expect(await operation.done).toMatchObject({ ok: true, committed: 2, report: { via: 'listener' } });
    await own.close();
  });

  test('a pool that closes ends the wait', async () => {
    await using scu = await startCommitmentReceiver();
    await using peer = await startServingPeer([archiveThat(() => {})]);
    const own = createAssociationPool({ workers: 1 });
    const accepted = Promise.withResolvers<string>();
    const operation = own.commit(asking(peer.port, { listener: scu.listener, holdSeconds: 0, onAccepted: accepted.resolve }));
    await accepted.promise;
    await own.close();
    expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'interrupted' } });
  });
});

/** What `asking` asks: the test knows it, only the transaction is read. */
function requestIn(bytes: Buffer): CommitmentRequest {
  if (!bytes.includes('2.25.74')) throw new Error('another transaction');
  return { transactionUID: '2.25.74', references: TWO };
}
