import fs from 'node:fs';
import path from 'node:path';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import { expect, it } from 'vitest';
import { finished, opened, part10, sample, temporaryFolder } from './fixtures.ts';

it('takes in what a ZIP in the form for more than 4 GB (ZIP64) holds', async () => {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { zip64: true, useWebWorkers: false });
  for (const [name, level] of [
    ['stored', 0],
    ['deflated', 6],
  ] as const) {
    await writer.add(`${name}.dcm`, new Uint8ArrayReader(part10(sample(name === 'stored' ? '1.2.3.1' : '1.2.3.2'))), { level });
  }
  const bytes = Buffer.from(await writer.close());
  // Its end of central directory record is the one of ZIP64.
  expect(bytes.includes(Buffer.from('PK\x06\x06', 'latin1'))).toBe(true);
  const file = path.join(temporaryFolder(), 'large.zip');
  fs.writeFileSync(file, bytes);
  const archive = await opened();
  const { result } = await finished(archive.import([file]));
  expect(result).toMatchObject({ imported: 2, refused: 0 });
});
