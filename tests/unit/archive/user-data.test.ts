import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { type Archive, openArchive } from '../../../electron/archive/index.ts';
import { foundStudy } from '../../../shared/contract/index.ts';
import { everything, opened, sample, store, temporaryLocation, writerOf } from './fixtures.ts';

const STUDY = '1.2.7';

async function withStudies(location = temporaryLocation()): Promise<Archive> {
  const archive = await opened(location);
  const writer = writerOf(archive);
  for (const i of [0, 1, 2])
    await store(writer, sample(`${STUDY}.${i}.1`, { StudyInstanceUID: `${STUDY}.${i}`, SeriesInstanceUID: `${STUDY}.${i}.0` }));
  await archive.settled();
  return archive;
}

const uids = async (archive: Archive, query: Parameters<Archive['search']>[0]['query']): Promise<string[]> =>
  (await archive.search({ ...everything, query })).studies.map(({ studyInstanceUID }) => studyInstanceUID.slice(STUDY.length + 1)).sort();

describe('what people note on studies', () => {
  it('is found again: labels in any spelling, pins, read marks, comments', async () => {
    const archive = await withStudies();
    const target = { studyInstanceUID: `${STUDY}.0` };
    await archive.user('user.labels.change', {
      targets: [target, { studyInstanceUID: `${STUDY}.1` }],
      add: ['Zürich Tumor-Board'],
      remove: [],
    });
    await archive.user('user.labels.change', { targets: [target], add: ['teaching', 'ZURICH tumor-board'], remove: [] });
    await archive.user('user.pins.set', { studyInstanceUIDs: [`${STUDY}.1`], pinned: true });
    await archive.user('user.read.set', { studyInstanceUIDs: [`${STUDY}.0`], state: 'in-progress' });
    await archive.user('user.read.set', { studyInstanceUIDs: [`${STUDY}.2`], state: 'read' });
    await archive.user('user.comments.add', { ...target, seriesInstanceUID: `${STUDY}.0.0`, text: 'look at slice 7' });
    await archive.user('user.opened', { studyInstanceUID: `${STUDY}.2` });
    expect(await uids(archive, { labels: ['zurich tumor-board'] })).toEqual(['0', '1']);
    expect(await uids(archive, { labels: ['zurich tumor-board', 'Teaching'] })).toEqual(['0']);
    expect([await uids(archive, { pinned: true }), await uids(archive, { pinned: false })]).toEqual([['1'], ['0', '2']]);
    const states = ['unread', 'in-progress', 'read'] as const;
    expect(await Promise.all(states.map((readState) => uids(archive, { readState })))).toEqual([['1'], ['0'], ['2']]);
    expect(await uids(archive, { labels: ['teaching'], pinned: true })).toEqual([]);
    const { studies } = await archive.search({ ...everything, sort: { by: 'arrivedAt', descending: false } });
    expect(studies.map((study) => foundStudy.parse(study))).toMatchObject([
      { labels: ['teaching', 'Zürich Tumor-Board'], readState: 'in-progress', comments: 1 },
      { labels: ['Zürich Tumor-Board'], pinned: true },
      { readState: 'read', openedAt: expect.any(Number) },
    ]);
    expect(await archive.user('user.labels.list', {})).toEqual({
      labels: [
        { label: 'teaching', studies: 1 },
        { label: 'Zürich Tumor-Board', studies: 2 },
      ],
    });
  });

  it('labels are renamed into one another and taken off everywhere', async () => {
    const archive = await withStudies();
    const on = (i: number, label: string) =>
      archive.user('user.labels.change', { targets: [{ studyInstanceUID: `${STUDY}.${i}` }], add: [label], remove: [] });
    await on(0, 'old');
    await on(0, 'new');
    await on(1, 'old');
    await archive.user('user.labels.rename', { label: 'OLD', to: 'New' });
    expect(await archive.user('user.labels.list', {})).toEqual({ labels: [{ label: 'New', studies: 2 }] });
    await archive.user('user.labels.rename', { label: 'new', to: 'NEW' });
    expect(await archive.user('user.labels.list', {})).toEqual({ labels: [{ label: 'NEW', studies: 2 }] });
    await archive.user('user.labels.delete', { label: 'new' });
    expect(await uids(archive, { labels: ['new'] })).toEqual([]);
    await expect(archive.user('user.labels.delete', { label: 'new' })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('comments are edited and removed; one that is gone says so', async () => {
    const archive = await withStudies();
    const { comment } = await archive.user('user.comments.add', { studyInstanceUID: STUDY, text: 'first' });
    const { comment: edited } = await archive.user('user.comments.edit', { commentId: comment.commentId, text: 'better' });
    expect(edited).toEqual({ ...comment, text: 'better', changedAt: edited.changedAt });
    expect(await archive.user('user.comments.list', { studyInstanceUID: STUDY })).toEqual({ comments: [edited] });
    await archive.user('user.comments.remove', { commentId: comment.commentId });
    await expect(archive.user('user.comments.remove', { commentId: comment.commentId })).rejects.toMatchObject({ kind: 'not-found' });
    const withoutSeries = { studyInstanceUID: STUDY, sopInstanceUID: '1.2.3', text: 'x' };
    await expect(archive.user('user.comments.add', withoutSeries)).rejects.toMatchObject({ kind: 'invalid-arguments' });
  });

  it('of two windows that store annotations, the second is told that it has to merge', async () => {
    const archive = await withStudies();
    const put = (document: string | null, revision: number) =>
      archive.user('user.annotations.put', { studyInstanceUID: STUDY, document, revision });
    expect(await archive.user('user.annotations.get', { studyInstanceUID: STUDY })).toEqual({ document: null, revision: 0 });
    expect(await put('{"lines":[1]}', 0)).toEqual({ saved: true, revision: 1 });
    expect(await put('{"lines":[2]}', 0)).toEqual({ saved: false, revision: 1 });
    expect(await put(null, 1)).toEqual({ saved: true, revision: 2 });
    expect(await archive.user('user.annotations.get', { studyInstanceUID: STUDY })).toEqual({ document: null, revision: 2 });
    await expect(put('{"lines":', 2)).rejects.toMatchObject({ kind: 'invalid-arguments' });
  });

  it('every window hears of every change', async () => {
    const archive = await withStudies();
    const heard: unknown[] = [];
    archive.onUserData((change) => heard.push(change));
    await archive.user('user.pins.set', { studyInstanceUIDs: ['1.2', '1.3'], pinned: true });
    await archive.user('user.annotations.put', { studyInstanceUID: '1.4', document: '{}', revision: 7 });
    await archive.user('user.labels.change', { targets: [{ studyInstanceUID: '1.5' }], add: ['a'], remove: [] });
    expect(heard).toEqual([
      { topic: 'pins', studyInstanceUIDs: ['1.2', '1.3'] },
      { topic: 'labels', studyInstanceUIDs: ['1.5'] },
    ]);
  });

  it('survives the loss of the index, and a restart', async () => {
    const location = temporaryLocation();
    const first = await withStudies(location);
    await first.user('user.pins.set', { studyInstanceUIDs: [`${STUDY}.1`], pinned: true });
    await first.close();
    for (const name of fs.readdirSync(location.databases)) if (name.startsWith('index')) fs.rmSync(path.join(location.databases, name));
    const second = await opened(location);
    await second.settled();
    expect(await uids(second, { pinned: true })).toEqual(['1']);
  });

  it('comes back from the newest backup when user.db is damaged, with a notice; without one it begins anew', async () => {
    const location = temporaryLocation();
    const file = path.join(location.databases, 'user.db');
    const backups = path.join(location.databases, 'backups');
    const first = await withStudies(location);
    await first.user('user.pins.set', { studyInstanceUIDs: [`${STUDY}.1`], pinned: true });
    await first.close();
    // The first day's backup is from before the pin: another day's start makes one that has it.
    for (const name of fs.readdirSync(backups)) fs.renameSync(path.join(backups, name), path.join(backups, 'user-2020-01-01.db'));
    await (await openArchive(location)).close();
    expect(fs.readdirSync(backups)).toHaveLength(2);
    for (const damage of ['garbage', 'truncated', 'other'] as const) {
      if (damage === 'garbage') fs.writeFileSync(file, 'no database at all'.repeat(500));
      if (damage === 'truncated') fs.truncateSync(file, 5000);
      if (damage === 'other') {
        fs.rmSync(file);
        new DatabaseSync(file).exec('CREATE TABLE t (a); PRAGMA user_version = 1');
      }
      const archive = await openArchive(location);
      const notices: string[] = [];
      archive.onNotice(({ sentence }) => notices.push(sentence));
      expect([damage, await uids(archive, { pinned: true })]).toEqual([damage, ['1']]);
      expect(notices.join()).toMatch(/user\.db\.damaged-.*the backup of \d{4}-\d{2}-\d{2} took its place/);
      await archive.close();
    }
    fs.rmSync(backups, { recursive: true });
    fs.writeFileSync(file, 'no database at all'.repeat(500));
    const archive = await opened(location);
    const notices: string[] = [];
    archive.onNotice(({ sentence }) => notices.push(sentence));
    expect(notices.join()).toMatch(/a new one begins/);
    expect(await uids(archive, { pinned: true })).toEqual([]);
  });

  it('seven daily backups are kept', async () => {
    const location = temporaryLocation();
    const backups = path.join(location.databases, 'backups');
    await (await openArchive(location)).close();
    for (let day = 10; day < 30; day += 1) {
      const file = path.join(backups, `user-2020-01-${day}.db`);
      fs.copyFileSync(path.join(location.databases, 'user.db'), file);
      fs.utimesSync(file, new Date(2020, 0, day), new Date(2020, 0, day));
    }
    for (const name of fs.readdirSync(backups)) if (!name.startsWith('user-2020')) fs.rmSync(path.join(backups, name));
    await (await openArchive(location)).close();
    const kept = fs.readdirSync(backups).sort();
    expect(kept).toHaveLength(7);
    expect(kept[0]).toBe('user-2020-01-24.db');
  });

  it('of a newer program is left alone; the archive works without', async () => {
    const location = temporaryLocation();
    await (await withStudies(location)).close();
    const file = path.join(location.databases, 'user.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const archive = await opened(location);
    await expect(archive.user('user.labels.list', {})).rejects.toMatchObject({ kind: 'unsupported' });
    expect(await uids(archive, {})).toEqual(['0', '1', '2']);
    const notices: string[] = [];
    archive.onNotice(({ sentence }) => notices.push(sentence));
    expect(notices.join()).toMatch(/cannot be opened/);
  });
});
