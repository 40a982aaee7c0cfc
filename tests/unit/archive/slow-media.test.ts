import fs from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { ImportLane } from '../../../electron/archive/import-lane.ts';
import { isSlowMedium } from '../../../electron/archive/slow-media.ts';
import { namesIn, opened, part10, sample, temporaryFolder, temporaryLocation } from './fixtures.ts';

it.runIf(process.platform === 'linux')('a disc, a stick and a network folder are told from a disk by the table of mounts', async () => {
  const folder = fs.realpathSync(temporaryFolder());
  const table = path.join(folder, 'mounts');
  fs.writeFileSync(
    table,
    [
      '22 1 0:20 / / rw shared:1 - ext4 /dev/root rw',
      `23 22 11:0 / ${folder}/my\\040disc ro - iso9660 /dev/sr0 ro`,
      `24 22 0:44 / ${folder}/server rw - nfs4 server:/x rw`,
      `25 24 0:45 / ${folder}/server/local rw - ext4 /dev/x rw`,
      'a line that is none',
    ].join('\n'),
  );
  const isSlow = (name: string) => isSlowMedium([path.join(folder, name)], table);
  expect(await isSlow('my disc/IMAGES/1')).toBe(true);
  expect(await isSlow('my disco')).toBe(false);
  expect(await isSlow('server/studies')).toBe(true);
  expect(await isSlow('server/local/1')).toBe(false);
  expect(await isSlowMedium([folder, path.join(folder, 'server')], table)).toBe(true);
  expect(await isSlowMedium([folder], path.join(folder, 'no-table'))).toBe(false);
});

it('a long file of a slow medium is read once from its beginning to its end, and its copy is gone afterwards', async () => {
  const folder = temporaryFolder();
  const location = temporaryLocation(false);
  const archive = await opened(location);
  const long = path.join(folder, 'long');
  fs.writeFileSync(long, part10(sample('1.2.3.1', {}, { rows: 2200 })));
  const short = path.join(folder, 'short');
  fs.writeFileSync(short, part10(sample('1.2.3.2')));
  const cancelled = new SharedArrayBuffer(4);
  const lane = new ImportLane({ location, arrivals: archive.arrivalPort(), cancelled });
  const reads: { readonly file: number; readonly at: number }[] = [];
  const read = fs.readSync;
  const spy = vi.spyOn(fs, 'readSync').mockImplementation((fd: number, ...rest: readonly unknown[]) => {
    reads.push({ file: fd, at: Number(rest[3] ?? -1) });
    return Reflect.apply(read, fs, [fd, ...rest]);
  });
  try {
    const outcomes = await lane.take(1, [
      { path: long, isSlow: true },
      { path: short, isSlow: true },
    ]);
    expect(outcomes).toMatchObject([
      { path: long, result: 'stored' },
      { path: short, result: 'stored' },
    ]);
    // Begun, to see what it is; then copied in order, without a jump.
    const copying = reads.filter(({ at }) => at === -1);
    expect(copying.length).toBe(Math.ceil(fs.statSync(long).size / (4 * 1024 * 1024)) + 1);
    expect(lane.durable(1, false)).toEqual({});
    expect(namesIn(location, 'incoming').filter((name) => name.includes('.part'))).toEqual([]);

    Atomics.store(new Int32Array(cancelled), 0, 1);
    expect(await lane.take(2, [{ path: long, isSlow: true }])).toMatchObject([{ error: { kind: 'cancelled' } }]);
  } finally {
    spy.mockRestore();
    await lane.close();
  }
});

it('of a scratched disc the files that cannot be read are named as unreadable, and the others are taken in', async () => {
  const folder = temporaryFolder();
  const location = temporaryLocation(false);
  const archive = await opened(location);
  const named = (name: string, rows: number): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, part10(sample(`1.2.3.${fs.readdirSync(folder).length + 1}`, {}, { rows })));
    return file;
  };
  const before = named('before', 64);
  // Scratched at its beginning, in the copy of a long file, and behind the header of a short one.
  const scratched = new Map([
    [named('at-once', 64), 0],
    [named('long', 2200), 5 * 1024 * 1024],
    [named('late', 700), 900 * 1024],
  ]);
  const after = named('after', 64);
  const lane = new ImportLane({ location, arrivals: archive.arrivalPort(), cancelled: new SharedArrayBuffer(4) });
  const { openSync, readSync } = fs;
  const failing = new Map<number, { readonly from: number; at: number }>();
  const opening = vi.spyOn(fs, 'openSync').mockImplementation((file, ...rest) => {
    const fd = openSync(file, ...rest);
    const from = scratched.get(String(file));
    if (from === undefined) failing.delete(fd);
    else failing.set(fd, { from, at: 0 });
    return fd;
  });
  const reading = vi.spyOn(fs, 'readSync').mockImplementation((fd: number, ...rest: readonly unknown[]) => {
    const sector = failing.get(fd);
    const at = Number(rest[3] ?? -1);
    const length = Number(rest[2] ?? 0);
    const start = at === -1 ? (sector?.at ?? 0) : at;
    if (sector !== undefined && start + length > sector.from)
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5, syscall: 'read' });
    const bytes: number = Reflect.apply(readSync, fs, [fd, ...rest]);
    if (sector !== undefined && at === -1) sector.at += bytes;
    return bytes;
  });
  try {
    const paths = [before, ...scratched.keys(), after];
    const outcomes = await lane.take(
      1,
      paths.map((file) => ({ path: file, isSlow: true })),
    );
    const unreadable = [...scratched.keys()].map((file) => ({ path: file, error: { kind: 'unreadable' } }));
    expect(outcomes).toMatchObject([{ path: before, result: 'stored' }, ...unreadable, { path: after, result: 'stored' }]);
    expect(lane.durable(1, false)).toEqual({});
    expect(namesIn(location, 'incoming').filter((name) => name.includes('.part'))).toEqual([]);
  } finally {
    opening.mockRestore();
    reading.mockRestore();
    await lane.close();
  }
});
