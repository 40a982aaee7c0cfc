import { z } from 'zod';
import { deIdentificationOptions, project } from './edits.ts';
import { phosphorError } from './errors.ts';
import { MEDIA_PROFILES, parseTemplate } from './export-fields.ts';
import { text, uid } from './primitives.ts';

const uids = z.array(uid).min(1).max(10_000).optional();

/** What is to leave the archive: everything that one of the lists names. */
export const exportSelection = z
  .strictObject({
    patientIDs: z.array(z.string().min(1).max(1024)).min(1).max(10_000).optional(),
    studyInstanceUIDs: uids,
    seriesInstanceUIDs: uids,
    sopInstanceUIDs: uids,
  })
  .refine((selection) => Object.values(selection).some((list) => list !== undefined), 'names nothing');
export type ExportSelection = z.infer<typeof exportSelection>;

/** How frames become pictures. */
export const pictureOptions = z.strictObject({
  format: z.enum(['jpeg', 'png', 'tiff']),
  /** Bits of a grey sample; 16 keeps what a window of 8 bits would lose (PNG and TIFF only). */
  bits: z.union([z.literal(8), z.literal(16)]),
  /** Of JPEG. */
  quality: z.number().int().min(1).max(100),
  /** Who and what it is, written into the corners of the picture. */
  cornerText: z.boolean(),
  /** Marks and measurements of the viewer, drawn over the pixels; unless said otherwise where there is corner text. */
  marks: z.boolean().optional(),
  /** Instead of the window that the file names. */
  window: z.strictObject({ center: z.number(), width: z.number().positive() }).optional(),
});
export type PictureOptions = z.infer<typeof pictureOptions>;

export const exportRequest = z.strictObject({
  command: z.literal('export'),
  selection: exportSelection,
  /** Folder that it goes into, or the ZIP file to be made; absolute. */
  to: z.string().min(1).max(4096),
  /** `media`: with a DICOMDIR (PS3.10 §8). `images`: pictures that other programs show. */
  form: z.enum(['files', 'media', 'images']),
  container: z.enum(['folder', 'zip']),
  /** Names of folders and files (`files`, `images`); see EXPORT_FIELDS. */
  template: z
    .string()
    .min(1)
    .max(512)
    .refine((template) => parseTemplate(template) !== undefined, 'not a template that can be used')
    .optional(),
  /** Application profile of `media`. */
  profile: z.enum(MEDIA_PROFILES).optional(),
  pictures: pictureOptions.optional(),
  /** Files of the same name are replaced; otherwise nothing that exists is touched. */
  replace: z.boolean().optional(),
  /** From `archive.holdPassword`: the ZIP is encrypted (AES-256). The password itself is nowhere kept. */
  passwordId: z.uuid().optional(),
  /** What leaves has lost its identity (PS3.15 annex E), under the pseudonyms of a project. */
  deidentify: z.strictObject({ project, options: deIdentificationOptions }).optional(),
  /** What people call it, for the drawer only. */
  label: z.string().max(256).optional(),
});
export type ExportRequest = z.infer<typeof exportRequest>;

/** Something of the selection that did not leave the archive, and why. */
export const exportItem = z.strictObject({
  kind: z.literal('export-failed'),
  level: z.enum(['patient', 'study', 'series', 'image']),
  /** SOP Instance UID, or what the selection named at that level and is not here. */
  name: text,
  error: phosphorError,
});
export type ExportItem = z.infer<typeof exportItem>;
