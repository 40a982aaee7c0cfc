import { join } from 'node:path';
import { generateDemoStudies, generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { filesBelow } from '../support/dicom-data.ts';
import { type Orthanc, startOrthanc } from '../support/orthanc.ts';

/** A hospital's PACS in small: the phantoms and a worklist of small studies, at least 3 patients, 8 studies and 1,500 instances. */
export async function startHospital(folder: string): Promise<Orthanc> {
  const studies = join(folder, 'studies');
  await generateDemoStudies(studies);
  await generateSyntheticStudies(
    { patients: 6, studiesPerPatient: 2, seriesPerStudy: 2, instancesPerSeries: 30, rows: 128, columns: 128, seed: 3 },
    join(folder, 'small'),
  );
  const orthanc = await startOrthanc({ folder: join(folder, 'orthanc'), noDelay: true });
  await orthanc.upload([...filesBelow(studies), ...filesBelow(join(folder, 'small'))].filter((path) => path.endsWith('.dcm')));
  const held = await orthanc.statistics();
  if (held.patients < 3 || held.studies < 8 || held.instances < 1500) throw new Error(`too little to search in: ${JSON.stringify(held)}`);
  return orthanc;
}
