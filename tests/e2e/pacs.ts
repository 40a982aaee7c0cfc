import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { generateDemoStudies, generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { filesBelow } from '../support/dicom-data.ts';
import { type Orthanc, startOrthanc } from '../support/orthanc.ts';

/**
 * A hospital's PACS in small: the phantoms and a worklist of small studies, at least 3 patients, 8 studies and 1,500 instances. Filled once a run:
 * who comes later starts Orthanc on the same storage, one at a time.
 */
export async function startHospital(): Promise<Orthanc> {
  const folder = join(inject('sharedFolder'), 'hospital');
  const isFilled = existsSync(folder);
  const place = isFilled ? folder : `${folder}-${process.pid}`;
  if (!isFilled) {
    const [filling, studies] = await Promise.all([startOrthanc({ folder: place, noDelay: true }), hospitalStudies(place)]);
    await upload(
      filling,
      filesBelow(studies).filter((path) => path.endsWith('.dcm')),
    );
    await filling.stop();
    await rm(studies, { recursive: true });
    await rename(place, folder);
  }
  const orthanc = await startOrthanc({ folder, noDelay: true });
  const held = await orthanc.statistics();
  if (held.patients < 3 || held.studies < 8 || held.instances < 1500) throw new Error(`too little to search in: ${JSON.stringify(held)}`);
  return orthanc;
}

/** A PACS with a few small studies of one series each, for what is not about the number of them. */
export async function startClinic(folder: string, size: { studies: number; instances: number; rows: number }): Promise<Orthanc> {
  const { studies, instances, rows } = size;
  const { files } = generateSyntheticStudies(
    { patients: studies, studiesPerPatient: 1, seriesPerStudy: 1, instancesPerSeries: instances, rows, columns: rows, seed: 11 },
    join(folder, 'studies'),
  );
  const orthanc = await startOrthanc({ folder: join(folder, 'orthanc'), noDelay: true });
  await upload(orthanc, files);
  return orthanc;
}

async function hospitalStudies(place: string): Promise<string> {
  const folder = join(place, 'studies');
  await generateDemoStudies(join(folder, 'demo'));
  await generateSyntheticStudies(
    { patients: 6, studiesPerPatient: 2, seriesPerStudy: 2, instancesPerSeries: 30, rows: 128, columns: 128, seed: 3 },
    join(folder, 'small'),
  );
  return folder;
}

/** Two requests at a time: Orthanc writes one while it reads the other. */
async function upload(orthanc: Orthanc, files: readonly string[]): Promise<void> {
  const middle = Math.ceil(files.length / 2);
  await Promise.all([orthanc.upload(files.slice(0, middle)), orthanc.upload(files.slice(middle))]);
}
