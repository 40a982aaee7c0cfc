import { spawnSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scriptedPacs } from '../../move-models/scripted-pacs.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { startListening } from '../../support/long-running.ts';
import { scriptedCaller, smallInstance, UIDs } from '../../support/scripted-peer.ts';
import { canMountSmallVolume, smallVolume } from '../../support/small-volume.ts';
import { phosphor } from '../../support/workstation.ts';

const STUDY = '1.2.826.0.1.3680043.10.1';
const PIXELS = 512_000;
const COUNT = 20;

const mountable = await canMountSmallVolume();

/** Nothing half: no .part, and every file of the archive verifies. */
async function expectWhole(profile: string): Promise<void> {
  expect((await readdir(join(profile, 'archive', 'incoming'))).filter((name) => name.endsWith('.part'))).toEqual([]);
  const verified = await phosphor(['archive', 'verify', '--profile', profile, '--json']);
  expect(verified.lines.at(-1), verified.stdout).toMatchObject({ outcome: 'success', details: { problems: 0 } });
}

const stored = (profile: string) => filesBelow(join(profile, 'archive', 'files')).length;

// Where no file system can be mounted these are named among the tests that did not run.
describe.runIf(mountable)('a full disk', () => {
  test('in a retrieve: the peer gets A700, the sentence names our disk, what came before is whole, and it works once there is room', {
    timeout: 120_000,
  }, async () => {
    await using volume = await smallVolume();
    const { profile } = volume;
    await writeFile(join(profile, 'settings.jsonc'), '{ "retry": { "attempts": 2, "delaysSeconds": [0.1] } }');
    const port = await freePort();
    const statuses: (number | undefined)[] = [];
    await using pacs = await scriptedPacs({
      instances: Array.from({ length: COUNT }, (_, index) => `${STUDY}.1.${index + 1}`),
      destinationPort: port,
      onMove: async (connection, message) => {
        const store = await scriptedCaller(port);
        await store.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'SCRIPTED', abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
        let completed = 0;
        for (let n = 1; n <= COUNT; n += 1) {
          const status = await store.store(smallInstance(STUDY, `${STUDY}.1`, `${STUDY}.1.${n}`, PIXELS));
          statuses.push(status);
          if (status === 0) completed += 1;
        }
        await store.release();
        const failed = COUNT - completed;
        connection.respond(message, { status: failed === 0 ? 0 : 0xb000, completed, failed, warning: 0 });
      },
    });
    await phosphor(['node', 'add', 'PACS', '--host', '127.0.0.1', '--port', String(pacs.port), '--ae', 'SCRIPTED', '--profile', profile]);
    const retrieve = () => phosphor(['retrieve', 'PACS', '--study', STUDY, '--profile', profile, '--port', String(port), '--json']);
    const run = await retrieve();
    expect(run.code).not.toBe(0);
    expect(new Set(statuses)).toEqual(new Set([0, 0xa700]));
    const completions = run.lines.filter((line) => line.type === 'ActionComplete');
    expect(completions).toHaveLength(1);
    expect(completions[0]).not.toMatchObject({ outcome: 'success' });
    expect(run.stderr).toMatch(/disk/i);
    expect(stored(profile)).toBeGreaterThan(0);
    expect(stored(profile)).toBeLessThan(COUNT);

    volume.resize('64m');
    await expectWhole(profile);
    expect((await retrieve()).lines.at(-1)).toMatchObject({ outcome: 'success', counts: { received: COUNT } });
    expect(stored(profile)).toBe(COUNT);
    await expectWhole(profile);
  });

  test('in an import: one sentence says so, what went in is whole, and the rest goes in once there is room', {
    timeout: 120_000,
  }, async () => {
    await using volume = await smallVolume();
    const { profile } = volume;
    const input = join(volume.folder, 'in');
    await writeSeries(input, { study: '1.2.840.41', count: COUNT, size: 720 });
    const importing = () => phosphor(['import', input, '--profile', profile, '--json']);
    const run = await importing();
    expect(run.code).toBe(1);
    expect(run.lines.filter((line) => line.type === 'ActionComplete')).toHaveLength(1);
    expect(run.lines.at(-1)).toMatchObject({ outcome: 'failed', diagnosis: { error: { kind: 'storage-full' } } });
    expect(run.stderr).toMatch(/disk.*full|full.*disk/i);
    expect(stored(profile)).toBeLessThan(COUNT);
    volume.resize('64m');
    await expectWhole(profile);
    expect((await importing()).lines.at(-1)).toMatchObject({ outcome: 'success', counts: { completed: COUNT } });
    expect(stored(profile)).toBe(COUNT);
    await expectWhole(profile);
  });

  test('under everything, actions.db and log included: C-STORE is refused with A700 and accepted again once there is room', {
    timeout: 120_000,
  }, async () => {
    await using volume = await smallVolume();
    const { profile } = volume;
    const port = await freePort();
    await phosphor(['node', 'add', 'S', '--host', '127.0.0.1', '--port', '1', '--ae', 'SCRIPTED', '--profile', profile]);
    await using listening = await startListening(profile, port);
    const ballast = join(profile, 'ballast');
    const connection = await scriptedCaller(port);
    await connection.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'SCRIPTED', abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
    expect(await connection.store(smallInstance(STUDY, `${STUDY}.1`, `${STUDY}.1.1`, PIXELS))).toBe(0);
    spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k']);
    expect(await connection.store(smallInstance(STUDY, `${STUDY}.1`, `${STUDY}.1.2`, PIXELS))).toBe(0xa700);
    const echoed = await phosphor(['echo', 'S', '--profile', profile, '--json']);
    expect(echoed.lines.filter((line) => line.type === 'ActionComplete')).toHaveLength(1);
    await rm(ballast);
    expect(await connection.store(smallInstance(STUDY, `${STUDY}.1`, `${STUDY}.1.3`, PIXELS))).toBe(0);
    await connection.release();
    expect(await listening.kill('SIGTERM')).toBe(0);
    await expectWhole(profile);
    expect(stored(profile)).toBe(2);
  });
});
