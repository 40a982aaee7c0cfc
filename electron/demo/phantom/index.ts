import { setImmediate as turn } from 'node:timers/promises';
import { writeChestRadiograph } from './cr-chest.ts';
import { writeHeadCT } from './ct-head.ts';
import { type Projection, writeThoraxCT } from './ct-thorax.ts';
import { HEAD_MR_IMAGES, writeHeadMR } from './mr-head.ts';
import { PEOPLE } from './people.ts';
import type { Count, StudyPlan } from './study.ts';
import { writeUltrasoundCine } from './ultrasound.ts';

export { generateSyntheticStudies } from './synthetic.ts';

export type DemoProgress = (images: { readonly done: number; readonly total: number }) => void;

const THORAX_SLICES = 500;

/**
 * Computes the demo studies and writes them as Part 10 files below `directory`: six invented patients, nine studies, among them a CT head of 200
 * slices, a CT thorax of 500, MR heads with three series each, chest radiographs, colour ultrasound cines, and priors. The same bytes in every run.
 * Takes some seconds of one core; gives way between studies. Resolves with the number of images; rejects with the file system's error.
 */
export async function generateDemoStudies(directory: string, onProgress?: DemoProgress): Promise<number> {
  const total = STUDIES.reduce((sum, { images }) => sum + images, 0);
  let done = 0;
  const count = (): void => {
    done += 1;
    if (done % 20 === 0 || done === total) onProgress?.({ done, total });
  };
  const made: Made = {};
  for (const { write } of STUDIES) {
    write(directory, count, made);
    await turn();
  }
  return done;
}

/** What an earlier study leaves for a later one. */
interface Made {
  projection?: Projection;
}

interface DemoStudy {
  readonly images: number;
  readonly write: (directory: string, count: Count, made: Made) => void;
}

const study = (plan: StudyPlan): StudyPlan => plan;

const STUDIES: readonly DemoStudy[] = [
  {
    images: 200,
    write: (directory, count) => {
      const plan = study({
        key: 'ct-head-astrid',
        person: PEOPLE.astrid,
        date: '20261116',
        time: '081214',
        description: 'CT Huvud utan kontrast',
        accession: 'A2611160812',
        referrer: 'Nyström^Karl',
        bodyPart: 'HEAD',
        age: '068Y',
      });
      writeHeadCT(directory, plan, { slices: 200, haemorrhage: true }, count);
    },
  },
  {
    images: HEAD_MR_IMAGES,
    write: (directory, count) => {
      const plan = study({
        key: 'mr-head-astrid',
        person: PEOPLE.astrid,
        date: '20250923',
        time: '134502',
        description: 'MR Hjärna',
        accession: 'A2509231345',
        referrer: 'Nyström^Karl',
        bodyPart: 'HEAD',
        age: '067Y',
      });
      writeHeadMR(directory, plan, count);
    },
  },
  {
    images: 32,
    write: (directory, count) => {
      const plan = study({
        key: 'ct-head-astrid-prior',
        person: PEOPLE.astrid,
        date: '20240211',
        time: '220841',
        description: 'CT Huvud utan kontrast',
        accession: 'A2402112208',
        referrer: 'Lund^Eva',
        bodyPart: 'HEAD',
        age: '065Y',
      });
      writeHeadCT(directory, plan, { slices: 32, haemorrhage: false }, count);
    },
  },
  {
    images: THORAX_SLICES,
    write: (directory, count, made) => {
      const plan = study({
        key: 'ct-thorax-tarou',
        person: PEOPLE.tarou,
        date: '20261117',
        time: '101930',
        description: 'CT Thorax with contrast',
        accession: 'T2611171019',
        referrer: 'Suzuki^Hanako=鈴木^花子=すずき^はなこ',
        bodyPart: 'CHEST',
        age: '076Y',
      });
      made.projection = writeThoraxCT(directory, plan, THORAX_SLICES, count);
    },
  },
  {
    images: 1,
    write: (directory, count, { projection }) => {
      const plan = study({
        key: 'cr-chest-tarou',
        person: PEOPLE.tarou,
        date: '20261029',
        time: '093012',
        description: 'Chest PA',
        accession: 'T2610290930',
        referrer: 'Suzuki^Hanako=鈴木^花子=すずき^はなこ',
        bodyPart: 'CHEST',
        age: '076Y',
      });
      if (projection !== undefined)
        writeChestRadiograph(directory, plan, projection, { photometricInterpretation: 'MONOCHROME2', zoom: 1 });
      count();
    },
  },
  {
    images: 1,
    write: (directory, count, { projection }) => {
      const plan = study({
        key: 'cr-chest-gildong',
        person: PEOPLE.gildong,
        date: '20261112',
        time: '154410',
        description: 'Chest PA',
        accession: 'H2611121544',
        referrer: 'Kim^Minsu=金^民秀=김^민수',
        bodyPart: 'CHEST',
        age: '061Y',
      });
      if (projection !== undefined)
        writeChestRadiograph(directory, plan, projection, { photometricInterpretation: 'MONOCHROME1', zoom: 1.08 });
      count();
    },
  },
  {
    images: 1,
    write: (directory, count) => {
      const plan = study({
        key: 'us-maria',
        person: PEOPLE.maria,
        date: '20261118',
        time: '112005',
        description: 'Эхокардиография',
        accession: 'M2611181120',
        referrer: 'Петров^Иван',
        bodyPart: 'HEART',
        age: '039Y',
      });
      writeUltrasoundCine(directory, plan);
      count();
    },
  },
  {
    images: HEAD_MR_IMAGES,
    write: (directory, count) => {
      const plan = study({
        key: 'mr-head-eleni',
        person: PEOPLE.eleni,
        date: '20261105',
        time: '084700',
        description: 'MR Εγκεφάλου',
        accession: 'E2611050847',
        referrer: 'Αλεξίου^Νίκος',
        bodyPart: 'HEAD',
        age: '054Y',
      });
      writeHeadMR(directory, plan, count);
    },
  },
  {
    images: 32,
    write: (directory, count) => {
      const plan = study({
        key: 'ct-head-nizar',
        person: PEOPLE.nizar,
        date: '20261114',
        time: '191530',
        description: 'CT Head',
        accession: 'N2611141915',
        referrer: 'Haddad^Layla=حداد^ليلى',
        bodyPart: 'HEAD',
        age: '045Y',
      });
      writeHeadCT(directory, plan, { slices: 32, haemorrhage: false }, count);
    },
  },
];
