import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const run = promisify(execFile);

interface FileItem {
  readonly kind: 'file';
  readonly path: string;
  readonly result: 'imported' | 'known' | 'conflict' | 'refused' | 'media-directory';
  readonly sopInstanceUID?: string;
  readonly error?: { readonly kind: string; readonly message: string };
}

test('every real file is imported or refused with a typed reason, and what DCMTK can open with its UIDs is never refused', {
  timeout: 300_000,
}, async () => {
  const folder = realDicomFolder();
  const files = filesBelow(folder);
  await using profile = await temporaryFolder('import');
  const { lines, code, stderr } = await phosphor(['import', folder, '--profile', profile.path, '--json']);
  const complete = lines.at(-1);
  expect(complete?.type, stderr).toBe('ActionComplete');
  expect([0, 2]).toContain(code);

  const items = lines.filter((line) => line.kind === 'file') as unknown as FileItem[];
  const byPath = new Map(items.map((item) => [item.path, item]));
  expect(items.length, 'each file is in exactly one item').toBe(files.length);
  expect(files.filter((file) => !byPath.has(file))).toEqual([]);
  for (const item of items) {
    if (item.result === 'refused')
      expect(item.error, item.path).toMatchObject({
        kind: expect.stringMatching(/^(not-dicom|damaged|unreadable|unsupported|limit-exceeded)$/),
      });
    else if (item.result !== 'media-directory') expect(item.sopInstanceUID, item.path).toBeTruthy();
  }

  const refused = items.filter((item) => item.result === 'refused').map((item) => item.path);
  const openable = await Promise.all(refused.map(async (path) => ((await dcmtkCanStore(path)) ? path : undefined)));
  expect(
    openable.filter((path) => path !== undefined),
    'refused although DCMTK reads SOP, study and series UIDs',
  ).toEqual([]);
});

/** DCMTK opens the file, it is no media directory, and all that storing needs is there. */
async function dcmtkCanStore(path: string): Promise<boolean> {
  try {
    const { stdout } = await run(
      'dcmdump',
      ['-q', '-L', '+P', '0008,0016', '+P', '0008,0018', '+P', '0020,000d', '+P', '0020,000e', path],
      { maxBuffer: 1 << 24 },
    );
    return ['(0008,0016)', '(0008,0018)', '(0020,000d)', '(0020,000e)'].every((tag) =>
      stdout.split('\n').some((line) => line.startsWith(tag) && !line.includes('(no value available)')),
    );
  } catch {
    return false;
  }
}
