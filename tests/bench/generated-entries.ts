import { createHash } from 'node:crypto';
import type { ArrivedEntry, IndexEntry } from '../../electron/archive/arrival-messages.ts';
import type { InstanceHeader } from '../../electron/dicom/dataset/types.ts';

/** Instances of a study, in the shape of a hospital's archive. */
export const INSTANCES_OF_STUDY = 5;
const SERIES_OF_STUDY = 2;
const STUDIES_OF_PATIENT = 3;
const FIRST_DAY = Date.UTC(2012, 0, 1);
const DAYS = 5_000;

const FAMILY = 'Ab Ba Cor Da El Fi Gar Ho Iv Jo Ka Le Mül No Or Pe Qui Ro Sch Ta Ul Vo Wei Xa Ya Zim'.split(' ');
const MIDDLE = 'ber del fan gel hau ker lin mer nau ri sen ter wal'.split(' ');
const END = 'bach berg er feld hoff ich kamp le mann ova ski stein'.split(' ');
const GIVEN = 'Anna Bjørn Chloé David Émile Fatima Günther Hana Igor José Karin Luis Mária Noor Olga Pierre Renée Søren Theo Ursula'.split(
  ' ',
);
const KANJI = ['山田^太郎', '佐藤^花子', '鈴木^一郎', '高橋^美咲'];
const KANA = ['やまだ^たろう', 'さとう^はなこ', 'すずき^いちろう', 'たかはし^みさき'];
const BODY = 'ABDOMEN BRAIN BREAST CHEST ELBOW FOOT HAND HEAD HIP KNEE LSPINE NECK PELVIS SHOULDER TSPINE WRIST'.split(' ');
const KIND = 'Angio Routine Verlaufskontrolle Staging Notfall Screening Trauma Follow-up Native Kontrast'.split(' ');
const MODALITY = 'CT CT CT MR MR CR DX DX US PT MG NM XA RF'.split(' ');
const PROTOCOL = 't1_tse_sag|t2_tse_tra|FLAIR|DWI b1000|Thorax 1.0 B60f|Abdomen 5.0 B31f|Topogram|AP|LAT|MPR cor|MIP|Localizer'.split('|');
const DOCTOR = 'Weiß^Dr|Nuñez^Maria|O’Brien^Pat|Kovács^Éva|Lindqvist^Åsa|Haddad^Samir|Tanaka^Kenji|Smith^John'.split('|');

export type GeneratedEntry = IndexEntry & Pick<ArrivedEntry, 'sequence' | 'entryName'>;

/** Instance `n` of an endless archive: the same for the same number. Studies come complete, one after the other, in no order of date. */
export function generatedEntry(n: number): GeneratedEntry {
  const study = Math.floor(n / INSTANCES_OF_STUDY);
  const instance = n % INSTANCES_OF_STUDY;
  const series = instance % SERIES_OF_STUDY;
  const patient = Math.floor(study / STUDIES_OF_PATIENT);
  const studyUID = `1.2.826.0.1.3680043.10.99.${study}`;
  const seriesUID = `${studyUID}.${series}`;
  const sopUID = `${seriesUID}.${instance}`;
  const modality = pick(MODALITY, study, 1);
  const body = pick(BODY, study, 2);
  const sha256 = createHash('sha256').update(sopUID).digest('hex');
  const family = `${pick(FAMILY, patient, 3)}${pick(MIDDLE, patient, 4)}${pick(END, patient, 5)}`;
  const isJapanese = patient % 40 === 0;
  const japanese = isJapanese ? { ideographic: pick(KANJI, patient, 6), phonetic: pick(KANA, patient, 6) } : {};
  const header: InstanceHeader = {
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUID: sopUID,
    studyInstanceUID: studyUID,
    seriesInstanceUID: seriesUID,
    transferSyntaxUID: '1.2.840.10008.1.2.1',
    specificCharacterSet: 'ISO_IR 192',
    patientName: { alphabetic: `${family}^${pick(GIVEN, patient, 7)}`, ...japanese },
    patientID: `P${String(noise(patient, 8) % 10_000_000).padStart(7, '0')}`,
    issuerOfPatientID: '',
    patientBirthDate: dateOf(Date.UTC(1930, 0, 1) + (noise(patient, 9) % 31_000) * 86_400_000),
    patientSex: patient % 2 === 0 ? 'F' : 'M',
    patientAge: '',
    studyDate: dateOf(FIRST_DAY + (noise(study, 10) % DAYS) * 86_400_000),
    studyTime: `${String(7 + (study % 11)).padStart(2, '0')}${String(study % 60).padStart(2, '0')}00`,
    accessionNumber: `A${String(study).padStart(9, '0')}`,
    studyDescription: `${modality} ${body} ${pick(KIND, study, 11)}`,
    studyID: String(study),
    referringPhysicianName: { alphabetic: pick(DOCTOR, study, 12) },
    modality,
    seriesNumber: series + 1,
    seriesDescription: pick(PROTOCOL, study + series, 13),
    seriesDate: '',
    bodyPartExamined: body,
    instanceNumber: instance + 1,
    acquisitionNumber: 1,
    numberOfFrames: 1,
    rows: 512,
    columns: 512,
    imagePositionPatient: [-250, -250, instance * 2.5],
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
  };
  return {
    sequence: n + 1,
    entryName: `bench-${n.toString(36)}.ss`,
    action: 'stored',
    origin: 'store',
    sourceAETitle: 'MODALITY',
    header,
    sha256,
    dataSetBytes: 526_000,
    fileBytes: 526_400,
    arrivedAt: FIRST_DAY + n * 1000,
  };
}

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
const pick = <T>(list: readonly T[], n: number, salt: number): T => list[noise(n, salt) % list.length] as T;

/** Scatters numbers over 32 bits, the same ones each time. */
function noise(n: number, salt: number): number {
  let x = (n * 2_654_435_761 + salt * 40_503) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return (x ^ (x >>> 16)) >>> 0;
}
