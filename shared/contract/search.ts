import { z } from 'zod';
import { localStudy, query } from './model.ts';
import { count, timestamp, uid } from './primitives.ts';
import { label, readState } from './user-data.ts';

/** Ages as in Patient's Age (PS3.5 §6.2): `040Y`, `040Y-`, `-060Y`, `040Y-060Y`, `000D-028D`; both ends included. At the date of the study. */
export const ageRange = z.string().regex(/^(\d{3}[DWMY](-(\d{3}[DWMY])?)?|-\d{3}[DWMY])$/, 'an age is 040Y, a range 040Y-060Y');

const pattern = z.string().max(324);

/**
 * What the local archive is asked for: the matching keys of C-FIND and what only the archive knows; all of them have to match. Keys of text
 * match as in C-FIND (`*`, `?`; PS3.4 C.2.2.2.4), accents, case and width apart. Modality, sex and UIDs may be lists, separated by backslashes.
 */
export const localQuery = query.omit({ level: true, modality: true }).extend({
  modality: z.string().max(256).optional(),
  /** Words or beginnings of words, in any of the texts of a study and its series. */
  text: z.string().max(256).optional(),
  referringPhysicianName: pattern.optional(),
  seriesDescription: pattern.optional(),
  bodyPartExamined: pattern.optional(),
  sopInstanceUID: uid.optional(),
  patientSex: z.string().max(64).optional(),
  patientAge: ageRange.optional(),
  /** When the newest instance arrived; both ends included. */
  arrivedAt: z.strictObject({ from: timestamp.optional(), to: timestamp.optional() }).optional(),
  /** Studies known to be incomplete, or all others. */
  incomplete: z.boolean().optional(),
  /** Every one of these. */
  labels: z.array(label).max(16).optional(),
  pinned: z.boolean().optional(),
  readState: readState.optional(),
});
export type LocalQuery = z.infer<typeof localQuery>;

export const searchSort = z.strictObject({
  by: z.enum([
    'studyDate',
    'patientName',
    'patientID',
    'patientBirthDate',
    'patientAge',
    'patientSex',
    'modality',
    'studyDescription',
    'accessionNumber',
    'referringPhysicianName',
    'numberOfInstances',
    'arrivedAt',
  ]),
  descending: z.boolean(),
});
export type SearchSort = z.infer<typeof searchSort>;

/** A study of the archive with what people and the archive noted on it; absent = nothing noted. */
export const foundStudy = localStudy.extend({
  /** It is known to be incomplete: how many instances the last retrieve did not bring. */
  missingInstances: count.optional(),
  labels: z.array(label).max(100).optional(),
  pinned: z.literal(true).optional(),
  readState: readState.optional(),
  comments: count.optional(),
  openedAt: timestamp.optional(),
});
export type FoundStudy = z.infer<typeof foundStudy>;

export const searchResult = z.strictObject({
  total: count,
  /** There are at least `total`: counting them all would have taken too long. Further pages count further. */
  totalIsLeast: z.literal(true).optional(),
  studies: z.array(foundStudy).max(1000),
});
