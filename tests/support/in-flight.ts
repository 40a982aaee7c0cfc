import { createHash } from 'node:crypto';
import { link, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { incomingName } from '../../electron/archive/incoming-name.ts';
import { type ArchiveLocation, locateInstance } from '../../electron/archive/index.ts';
import { hashOfUID } from '../../electron/archive/layout.ts';
import { dataSetOffsetOf } from '../../electron/archive/stored-file.ts';
import { writeSeries } from './instances.ts';

/** Arrivals of one series that were acknowledged and that the index does not hold yet, as a killed process leaves them. */
export async function leaveInFlight(location: ArchiveLocation, options: { study: string; count: number; size: number }): Promise<void> {
  const folder = await mkdtemp(join(location.directory, 'in-flight-'));
  for (const [number, { path, sopInstanceUID }] of (await writeSeries(folder, options)).entries()) {
    const file = await readFile(path);
    const name = incomingName({
      writer: 'killed',
      number,
      action: 'stored',
      origin: 'store',
      uidHash: hashOfUID(sopInstanceUID),
      sha256: createHash('sha256')
        .update(file.subarray(dataSetOffsetOf(file)))
        .digest(),
      sourceAETitle: 'MODALITY',
    });
    const entry = join(location.directory, 'incoming', name);
    await rename(path, entry);
    await link(entry, locateInstance(location, sopInstanceUID));
  }
  await rm(folder, { recursive: true });
}
