import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { generateDemoStudies, generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { filesBelow } from '../support/dicom-data.ts';
import { type Orthanc, startOrthanc } from '../support/orthanc.ts';

/** A hospital's PACS in small: the phantoms and a worklist of small studies, at least 3 patients, 8 studies and 1,500 instances. */
export async function startHospital(folder: string): Promise<Orthanc> {
  const files = filesBelow(await hospitalStudies()).filter((path) => path.endsWith('.dcm'));
  const orthanc = await startOrthanc({ folder: join(folder, 'orthanc'), noDelay: true });
  await upload(orthanc, files);
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

/** Generated once a run: it is seconds of one core. */
async function hospitalStudies(): Promise<string> {
  const folder = join(inject('sharedFolder'), 'hospital');
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  await generateDemoStudies(join(unfinished, 'demo'));
  await generateSyntheticStudies(
    { patients: 6, studiesPerPatient: 2, seriesPerStudy: 2, instancesPerSeries: 30, rows: 128, columns: 128, seed: 3 },
    join(unfinished, 'small'),
  );
  await rename(unfinished, folder);
  return folder;
}

/** Two requests at a time: Orthanc writes one while it reads the other. */
async function upload(orthanc: Orthanc, files: readonly string[]): Promise<void> {
  const middle = Math.ceil(files.length / 2);
  await Promise.all([orthanc.upload(files.slice(0, middle)), orthanc.upload(files.slice(middle))]);
}
