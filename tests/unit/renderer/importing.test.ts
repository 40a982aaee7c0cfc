import { expect, test } from 'vitest';
import { type HandOverProgress, handOver } from '../../../renderer/importing/hand-over.ts';
import { outcomeOf, reportText, takeItems } from '../../../renderer/importing/tally.ts';
import { type Entry, type FoundFile, walk } from '../../../renderer/importing/walk.ts';
import type { ImportedItem } from '../../../shared/contract/index.ts';

const REFUSED: ImportedItem = {
  kind: 'file',
  path: '=cmd.txt',
  result: 'refused',
  error: { kind: 'not-dicom', message: 'no', retryable: false },
};
const TAKEN: ImportedItem = { kind: 'file', path: 'a/1.dcm', result: 'imported', sopInstanceUID: '1.2.3' };

test('a deep folder of thousands is walked batch by batch; what cannot be read is counted and the rest goes on', async () => {
  let unread = 0;
  const names: string[] = [];
  const broken = folderOf('/top/broken', [], true);
  const many = Array.from({ length: 2500 }, (_, index) => fileOf(`/top/many/${index}`));
  const top = folderOf('/top', [folderOf('/top/many', many), broken, fileOf('/top/last')]);
  for await (const { name } of walk([top, fileOf('/loose')], () => (unread += 1))) names.push(name);
  expect(names).toHaveLength(2502);
  expect(names.slice(-2)).toEqual(['top/last', 'loose']);
  expect(unread).toBe(1);
});

test('a folder that never ends is left at a depth', async () => {
  let unread = 0;
  const endless = (path: string): Entry => folderOf(path, [() => endless(`${path}/x`)]);
  for await (const _ of walk([endless('/x')], () => (unread += 1)));
  expect(unread).toBe(1);
});

test('counts come from the completion; the report holds every file once the window saw all of them, and says so where it did not', () => {
  const details = { imported: 1, known: 0, conflict: 0, refused: 1, 'refused: not-dicom': 1 };
  const whole = outcomeOf({ details, files: [REFUSED] }, takeItems(undefined, [TAKEN, REFUSED]));
  expect(whole).toMatchObject({ counts: { imported: 1, refused: 0, notDicom: 1 }, isPart: false, groups: [{ reason: 'not-dicom' }] });
  expect(whole.items).toHaveLength(2);
  const part = outcomeOf({ details, files: [REFUSED] }, undefined);
  expect(part).toMatchObject({ isPart: true, items: [REFUSED] });
  expect(reportText(part.items, 'csv').join('')).toContain(`"'=cmd.txt",refused`);
  expect(JSON.parse(reportText(whole.items, 'json').join(''))).toEqual([REFUSED, TAKEN]);
});

test('the directory of a medium is told of as what it is and not as a refusal, and one that is damaged by itself', () => {
  const directory: ImportedItem = { kind: 'file', path: 'disc/DICOMDIR', result: 'media-directory' };
  const broken: ImportedItem = { ...directory, path: 'old/DICOMDIR', error: { kind: 'damaged', message: 'no', retryable: false } };
  const details = { imported: 1, known: 0, conflict: 0, refused: 0, DICOMDIR: 2 };
  const outcome = outcomeOf({ details, files: [directory, broken] }, takeItems(undefined, [TAKEN, directory, broken]));
  expect(outcome).toMatchObject({ counts: { refused: 0, directories: 2 }, isPart: false });
  expect(outcome.groups.map(({ reason }) => reason)).toEqual(['media-directory', 'damaged-directory']);
});

test('a drop that is cancelled leaves nothing with the host, and no more than four requests are on the way at once', async () => {
  const asked: string[] = [];
  let open = 0;
  let most = 0;
  const cancel = new AbortController();
  const before = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    asked.push(`${init?.method} ${String(url)}`);
    if (init?.method === 'PUT') {
      open += 1;
      most = Math.max(most, open);
      // Slower than files are found.
      for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      if (asked.length === 40) cancel.abort();
      init.signal?.throwIfAborted();
    }
    return new Response(init?.method === 'POST' ? '{"dropId":"d"}' : null, { status: init?.method === 'POST' ? 201 : 204 });
  };
  try {
    const so: HandOverProgress[] = [];
    const request = (path: string) => ({ url: path, headers: {} });
    await expect(handOver(endless(), request, cancel.signal, (progress) => so.push(progress))).rejects.toMatchObject({ kind: 'cancelled' });
    expect(most).toBe(4);
    expect(asked.at(-1)).toBe('DELETE /drops/d');
    expect(asked).not.toContain('POST /drops/d/complete');
    expect(so.at(-1)?.done).toBeGreaterThan(20);
  } finally {
    globalThis.fetch = before;
  }
});

test('small files go many to a request, long ones in parts of their own; each is counted once, and one that cannot be read is left out', async () => {
  const puts: { url: string; bytes: number }[] = [];
  const received = new Map<number, { name: string; bytes: number }>();
  const before = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    if (init?.method === 'PUT') {
      const body = new Uint8Array(await new Response(init.body ?? null).arrayBuffer());
      puts.push({ url: String(url), bytes: body.length });
      // Slower than files are found.
      for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (String(url).endsWith('/files')) {
        const length = new DataView(body.buffer).getUint32(0);
        const list: [number, number, string][] = JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + length)));
        for (const [number, bytes, name] of list) received.set(number, { name, bytes });
        expect(4 + length + list.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(body.length);
      }
    }
    return new Response(init?.method === 'POST' ? '{"dropId":"d"}' : null, { status: init?.method === 'POST' ? 201 : 204 });
  };
  const unreadable = Object.assign(new File(['x'], 'x'), { arrayBuffer: () => Promise.reject(new Error('changed')) });
  async function* found(): AsyncGenerator<FoundFile> {
    for (let number = 1; number <= 500; number += 1) yield { name: `s/${number}`, open: async () => new File(['small'], 'x') };
    yield { name: 'long', open: async () => new File([new Uint8Array(9 * 1024 * 1024)], 'x') };
    yield { name: 'changed', open: async () => unreadable };
    yield { name: 'gone', open: () => Promise.reject(new Error('gone')) };
    for (let number = 1; number <= 9; number += 1)
      yield { name: `m/${number}`, open: async () => new File([new Uint8Array(1024 * 1024)], 'x') };
  }
  try {
    const so: HandOverProgress[] = [];
    const request = (path: string) => ({ url: path, headers: {} });
    const done = await handOver(found(), request, new AbortController().signal, (progress) => so.push(progress));
    expect(done).toEqual({ dropId: 'd', files: 510, unread: 2 });
    expect(so.at(-1)).toEqual({ found: 512, done: 512, bytes: 500 * 5 + 18 * 1024 * 1024, isWalking: false });
    expect(so.every((one, index) => index === 0 || one.done >= (so[index - 1]?.done ?? 0))).toBe(true);
    expect(received.size).toBe(509);
    expect(received.get(7)).toEqual({ name: 's/7', bytes: 5 });
    expect(puts.filter(({ url }) => url === '/drops/d/501').map(({ bytes }) => bytes)).toEqual([8 * 1024 * 1024, 1024 * 1024]);
    expect(puts.length).toBeLessThan(60);
    expect(Math.max(...puts.map(({ bytes }) => bytes))).toBeLessThanOrEqual(8 * 1024 * 1024);
  } finally {
    globalThis.fetch = before;
  }
});

async function* endless(): AsyncGenerator<FoundFile> {
  for (let number = 1; ; number += 1) {
    yield { name: `${number}`, open: async () => new File(['x'], 'x') };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function fileOf(fullPath: string): Entry {
  return { isFile: true, isDirectory: false, fullPath };
}

/** As a browser gives it: at most 100 names at a time, then none. */
function folderOf(fullPath: string, children: readonly (Entry | (() => Entry))[], isBroken = false): Entry {
  const createReader = () => {
    let at = 0;
    return {
      readEntries(found: (entries: Entry[]) => void, failed: (error: unknown) => void): void {
        if (isBroken) {
          failed(new Error('NotReadableError'));
          return;
        }
        const batch = children.slice(at, at + 100).map((child) => (typeof child === 'function' ? child() : child));
        at += 100;
        found(batch);
      },
    };
  };
  return Object.assign({ isFile: false, isDirectory: true, fullPath }, { createReader });
}
