import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Archive, locateInstance } from '../../../electron/archive/index.ts';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';
import { archiveWith, exportAll, run, studiesOf } from '../../support/exporting.ts';
import { temporaryFolder } from '../../support/temporary.ts';

test('every real file that is exported as files, in a folder or in a ZIP file, and imported again is the same file, byte for byte', {
  timeout: 240_000,
}, async () => {
  await using folder = await temporaryFolder('round-trip');
  const archive = await archiveWith(folder.path, [realDicomFolder()]);
  const before = await hashes(archive);
  const [files, zip] = [join(folder.path, 'files'), join(folder.path, 'everything.zip')];
  for (const target of [{ container: 'folder', to: files } as const, { container: 'zip', to: zip } as const]) {
    const { result, items } = await exportAll(archive, { form: 'files', ...target });
    expect([result.exported, result.failed, items]).toEqual([before.size, 0, []]);
  }
  await archive.close();
  const unzipped = join(folder.path, 'unzipped');
  await run('unzip', ['-q', '-d', unzipped, zip], { maxBuffer: 1 << 24 });
  expect(filesBelow(unzipped).map((file) => file.slice(unzipped.length))).toEqual(
    filesBelow(files).map((file) => file.slice(files.length)),
  );
  for (const [index, source] of [files, unzipped].entries()) {
    const again = join(folder.path, `again-${index}`);
    await mkdir(again);
    const other = await archiveWith(again, [source]);
    expect(await hashes(other)).toEqual(before);
    await other.close();
  }
});

/** SHA-256 of every stored file's data set, by SOP Instance UID: the File Meta Information may name who wrote the file. */
async function hashes(archive: Archive): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const studyInstanceUID of await studiesOf(archive)) {
    for (const { sopInstanceUID } of await archive.instances({ studyInstanceUID })) {
      const bytes = readFileSync(locateInstance(archive.location, sopInstanceUID));
      const dataSet = bytes.subarray(144 + bytes.readUInt32LE(140));
      found.set(sopInstanceUID, createHash('sha256').update(dataSet).digest('hex'));
    }
  }
  return found;
}
