import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dropsOf } from '../../../electron/archive/drop-folder.ts';
import { DropSpool } from '../../../electron/hosts/loopback/drop-spool.ts';
import { openWorkstation } from '../../../electron/workstation/workstation.ts';
import type { ActionComplete, ContractEvent, ImportedItem } from '../../../shared/contract/index.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';

test('what a window handed over is imported under the names that people know, also when the workstation ends in between, and is gone afterwards', async () => {
  await using folder = await temporaryFolder('import-drop');
  const profile = join(folder.path, 'profile');
  const files = await writeSeries(join(folder.path, 'files'), { study: '1.2.3', count: 40 });
  const port = await freePort();
  const open = async () => {
    const workstation = await openWorkstation({ profile, port, version: '0' });
    const items: ImportedItem[] = [];
    const ended = Promise.withResolvers<ActionComplete>();
    const listen = (event: ContractEvent): void => {
      if (event.type === 'ActionItems') items.push(...event.items.filter((item) => item.kind === 'file'));
      if (event.type === 'ActionComplete') ended.resolve(event);
    };
    workstation.subscribe(listen);
    return { workstation, items, ended: ended.promise };
  };

  const first = await open();
  const dropId = await handedOver(first.workstation.archive, files);
  const action = { command: 'import' as const, paths: [], dropId, label: 'disc' };
  await first.workstation.invoke('actions.request', { action, tag: 'mine' });
  await first.workstation.close();
  expect(await readdir(dropsOf(first.workstation.archive))).toEqual([dropId]);
  // A window that went away in the middle of another drop.
  await mkdir(join(dropsOf(first.workstation.archive), '00000000-0000-4000-8000-000000000000'));

  const second = await open();
  const complete = await second.ended;
  expect(complete).toMatchObject({ outcome: 'success', tag: 'mine' });
  expect((complete.details?.imported ?? 0) + (complete.details?.known ?? 0)).toBe(40);
  expect(second.items.map(({ path }) => path)).toContain('disc/7.dcm');
  await expect.poll(() => readdir(dropsOf(second.workstation.archive))).toEqual([]);

  // Once more it is not there, and says so.
  await expect(second.workstation.invoke('actions.request', { action: { ...action, paths: ['/x'] }, tag: null })).rejects.toMatchObject({
    kind: 'invalid-arguments',
  });
  const { actionId } = await second.workstation.invoke('actions.request', { action, tag: null });
  await expect
    .poll(async () => (await second.workstation.invoke('session.snapshot', {})).finished.find((one) => one.actionId === actionId))
    .toMatchObject({ outcome: 'failed', diagnosis: { error: { kind: 'not-found' } } });
  await second.workstation.close();
});

async function handedOver(archive: ConstructorParameters<typeof DropSpool>[0], files: readonly { path: string }[]): Promise<string> {
  const spool = new DropSpool(archive);
  const dropId = await spool.begin();
  for (const [index, { path }] of files.entries()) {
    const bytes = await readFile(path);
    const part = { number: index + 1, offset: 0, length: bytes.length, size: bytes.length, name: `disc/${index + 1}.dcm` };
    await spool.write(
      dropId,
      part,
      (async function* () {
        yield bytes;
      })(),
    );
  }
  await spool.complete(dropId);
  return dropId;
}
