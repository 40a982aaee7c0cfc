import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseJsonc } from '../../../electron/workstation/jsonc.ts';
import { openLog } from '../../../electron/workstation/log.ts';
import { NodeStore } from '../../../electron/workstation/node-store.ts';
import { interpret, SettingsStore } from '../../../electron/workstation/settings-store.ts';
import { DEFAULT_SETTINGS, settingsText } from '../../../electron/workstation/settings-text.ts';
import { settings as schema } from '../../../shared/contract/index.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const draft = { name: 'MAIN', host: 'pacs', port: 104, aeTitle: 'PACS', method: 'move' } as const;

test('the settings file explains every entry and reads back as what was written', () => {
  const text = settingsText(DEFAULT_SETTINGS);
  expect(interpret(text)).toEqual({ settings: DEFAULT_SETTINGS, problems: [], unreadable: false, exists: true });
  for (const entry of [...Object.keys(schema.shape), ...Object.keys(DEFAULT_SETTINGS.clocks), ...Object.keys(DEFAULT_SETTINGS.retry)]) {
    expect(text).toMatch(new RegExp(`// .+\\n *"${entry}":`));
  }
});

test('comments and trailing commas are read, and what looks like one inside a string stays', () => {
  expect(parseJsonc('\uFEFF{ // a\n "a": "x // y /* z */ ,}", /* b */ "c": [1, 2,], }')).toEqual({ a: 'x // y /* z */ ,}', c: [1, 2] });
  expect(() => parseJsonc('{ "a": 1 /* open')).toThrow(SyntaxError);
});

test('one entry that cannot be understood falls back alone, is named, and the file is kept', async () => {
  await using folder = await temporaryFolder('settings');
  const file = join(folder.path, 'settings.jsonc');
  const text = '{ "aeTitle": "READING1", "port": 99999, "clocks": { "connect": "soon", "release": 10000000, "idle": 7 }, "colour": "red" }';
  await writeFile(file, text);
  const store = await SettingsStore.read(folder.path, {});
  expect(store.current).toEqual({ ...DEFAULT_SETTINGS, aeTitle: 'READING1', clocks: { ...DEFAULT_SETTINGS.clocks, idle: 7 } });
  expect(await readdir(folder.path)).toEqual(['settings.jsonc']);
  const sentences: string[] = [];
  await store.repair((_, sentence) => sentences.push(sentence));
  expect(sentences).toHaveLength(1);
  expect(sentences[0]).toContain('port, clocks.connect, clocks.release, colour');
  const kept = (await readdir(folder.path)).find((name) => name.startsWith('settings.jsonc.damaged-')) ?? '';
  expect(await readFile(join(folder.path, kept), 'utf8')).toBe(text);
  const again = await SettingsStore.read(folder.path, {});
  await again.repair((_, sentence) => sentences.push(sentence));
  expect(again.current).toEqual(store.current);
  expect(sentences).toHaveLength(1);
});

test.each(['{ "aeTitle": ', '[]', 'null', '\0\0\0', ''])(
  'settings that cannot be read (%j) are kept aside, not overwritten',
  async (text) => {
    await using folder = await temporaryFolder('settings');
    await writeFile(join(folder.path, 'settings.jsonc'), text);
    const store = await SettingsStore.read(folder.path, {});
    expect(store.current).toEqual(DEFAULT_SETTINGS);
    const sentences: string[] = [];
    await store.repair((_, sentence) => sentences.push(sentence));
    expect(sentences[0]).toMatch(/^The settings could not be read/);
    const kept = (await readdir(folder.path)).find((name) => name.includes('damaged')) ?? '';
    expect(await readFile(join(folder.path, kept), 'utf8')).toBe(text);
  },
);

test('a setting changed in the window is on disk, readable by its owner only; the command line holds for its run', async () => {
  await using folder = await temporaryFolder('settings');
  const store = await SettingsStore.read(folder.path, { aeTitle: 'RUN', port: 4000 });
  expect(store.current).toMatchObject({ aeTitle: 'RUN', port: 4000 });
  await store.update({ acceptAnyone: true });
  expect(store.current).toMatchObject({ aeTitle: 'RUN', acceptAnyone: true });
  await store.update({ aeTitle: 'CHOSEN' });
  expect(store.current).toMatchObject({ aeTitle: 'CHOSEN', port: 4000 });
  expect((await SettingsStore.read(folder.path, {})).current).toMatchObject({ aeTitle: 'CHOSEN', port: 11112, acceptAnyone: true });
  expect((await stat(join(folder.path, 'settings.jsonc'))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder.path)).toEqual(['settings.jsonc']);
});

test('settings changed at the same moment are all kept, and none is refused', async () => {
  await using folder = await temporaryFolder('settings');
  const store = await SettingsStore.read(folder.path, {});
  const presets = (label: string) => ({ presets: { CT: [{ label, center: 40, width: 400 }] }, corners: {}, keys: {} });
  await Promise.all([
    store.update({ viewer: presets('P') }),
    store.update({ acceptAnyone: true }),
    store.update({ viewer: presets('Petrous') }),
    store.update({ trashDays: 7 }),
  ]);
  const again = (await SettingsStore.read(folder.path, {})).current;
  expect(again).toEqual(store.current);
  expect(again).toMatchObject({ viewer: presets('Petrous'), acceptAnyone: true, trashDays: 7 });
  expect(await readdir(folder.path)).toEqual(['settings.jsonc']);
});

test('nodes have unique names, whatever their case, and survive a restart', async () => {
  await using folder = await temporaryFolder('nodes');
  const store = await NodeStore.read(folder.path);
  const main = await store.add(draft);
  const other = await store.add({ ...draft, name: 'Other' });
  await expect(store.add({ ...draft, name: 'main' })).rejects.toMatchObject({ data: { kind: 'invalid-arguments' } });
  await expect(store.update(other.nodeId, { ...draft, name: 'MAIN' })).rejects.toMatchObject({ data: { kind: 'invalid-arguments' } });
  await store.update(main.nodeId, { ...draft, name: 'Main', port: 105 });
  await store.remove(other.nodeId);
  await expect(store.remove(other.nodeId)).rejects.toMatchObject({ data: { kind: 'not-found' } });
  const again = await NodeStore.read(folder.path);
  expect(again.list).toEqual([{ ...draft, nodeId: main.nodeId, kind: 'pacs', name: 'Main', port: 105 }]);
  expect((await stat(join(folder.path, 'nodes.json'))).mode & 0o777).toBe(0o600);
});

test('changes at the same moment follow one another', async () => {
  await using folder = await temporaryFolder('nodes');
  const store = await NodeStore.read(folder.path);
  const results = await Promise.allSettled([store.add(draft), store.add(draft), store.add({ ...draft, name: 'B' })]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await NodeStore.read(folder.path)).list.map(({ name }) => name)).toEqual(['MAIN', 'B']);
});

test('damaged nodes are left out, the good ones stay, the file is kept', async () => {
  await using folder = await temporaryFolder('nodes');
  const good = { ...draft, nodeId: crypto.randomUUID(), kind: 'pacs' };
  await writeFile(join(folder.path, 'nodes.json'), JSON.stringify({ version: 1, nodes: [{ ...good, port: -1 }, good, 'x'] }));
  const store = await NodeStore.read(folder.path);
  expect(store.list).toEqual([good]);
  const sentences: string[] = [];
  await store.repair((_, sentence) => sentences.push(sentence));
  expect(sentences).toHaveLength(1);
  expect((await readdir(folder.path)).filter((name) => name.startsWith('nodes.json.damaged-'))).toHaveLength(1);
});

test('the log is bounded: it is rotated, and three older ones are kept', async () => {
  await using folder = await temporaryFolder('log');
  const log = openLog(folder.path, { maxBytes: 2000 });
  for (let n = 0; n < 200; n += 1) log.info({ n }, 'a line of about a hundred characters, give or take what the time and the level add');
  await log.close();
  const names = (await readdir(join(folder.path, 'logs'))).sort();
  expect(names).toEqual(['phosphor.log', 'phosphor.log.1', 'phosphor.log.2', 'phosphor.log.3']);
  expect((await stat(join(folder.path, 'logs', 'phosphor.log'))).mode & 0o777).toBe(0o600);
});
