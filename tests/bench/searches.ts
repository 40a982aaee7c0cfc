import type { CommandArgs } from '../../shared/contract/index.ts';

type SearchArgs = CommandArgs<'archive.search'>;
type Query = SearchArgs['query'];

export interface TimedSearch {
  readonly kind: string;
  readonly args: SearchArgs;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const BODY = ['thorax', 'abdomen', 'knee', 'brain', 'hip', 'foot', 'chest', 'wrist'];
const MODALITIES = ['CT', 'MR', 'PT', 'CR\\DX', 'XA', 'US', 'MG', 'NM'];

/** One round of searches as people type them: selective and broad ones of each kind, the first 200 rows of each. */
export function SEARCHES(round: number, studies: number): TimedSearch[] {
  const letter = LETTERS[(round * 7) % 26] ?? 'M';
  const year = 2012 + (round % 13);
  const study = (round * 7919) % studies;
  const body = BODY[round % BODY.length] ?? 'knee';
  const modality = MODALITIES[round % MODALITIES.length] ?? 'CT';
  const newest = { by: 'studyDate', descending: true } as const;
  const of = (kind: string, query: Query, sort: SearchArgs['sort'] = newest, offset = 0): TimedSearch => ({
    kind,
    args: { query, sort, offset, limit: 200 },
  });
  return [
    of('everything', {}),
    of('prefix', { patientName: `${letter}*` }),
    of('prefix', { patientName: `sch${'abefghiklnorstuw'[round % 16]}*` }),
    of('prefix', { patientID: `P000${round % 10}*` }),
    of('prefix', { accessionNumber: `A0000${round % 10}*` }),
    of('exact', { accessionNumber: `A${String(study).padStart(9, '0')}` }),
    of('exact', { studyInstanceUID: `1.2.826.0.1.3680043.10.99.${study}` }),
    of('wildcard', { patientName: `*${['mann', 'bach', 'stein', 'kamp'][round % 4]}*` }),
    of('wildcard', { patientName: `*ber?bach^${letter}*` }),
    of('wildcard', { studyDescription: `*${body}*` }),
    of('wildcard', { patientName: '*太郎' }),
    of('full text', { text: body }),
    of('full text', { text: `mr ${body} kontrast` }),
    of('full text', { text: `sch tra smith` }),
    of('full text', { text: 'verlauf' }),
    of('date range', { studyDate: `${year}0101-${year}0131` }),
    of('date range', { studyDate: `${year}0101-` }),
    of('date range', { studyDate: `${year}0301-${year}0630` }, { by: 'patientName', descending: false }),
    of('combined', { patientName: `${letter}*`, modality, studyDate: `${year}0101-` }),
    of('combined', { text: body, modality, patientSex: 'F', patientAge: '040Y-060Y' }),
    of('combined', { studyDescription: `*${body}*`, referringPhysicianName: 'smith*', studyDate: `${year}0101-${year}1231` }),
    of('combined', { seriesDescription: '*tra', bodyPartExamined: 'KNEE', modality: 'MR' }),
    of('sorted', {}, { by: 'patientName', descending: false }),
    of('sorted', { modality }, { by: 'arrivedAt', descending: true }),
    of('sorted', { patientName: `${letter}*` }, { by: 'patientName', descending: false }),
    of('sorted', { modality }, { by: 'patientAge', descending: true }),
    of('paged', {}, newest, 1000 * (1 + round)),
    of('paged', { modality }, newest, 2000),
  ];
}
