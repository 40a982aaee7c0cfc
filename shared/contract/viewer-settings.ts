import { z } from 'zod';

/** Modality as in the data set (0008,0060), or `*` for those without an entry of their own. */
const modality = z.string().regex(/^([A-Z0-9_]{1,16}|\*)$/, 'a modality is written like CT, * stands for all');

const MODALITIES = 64;
const bounded = <T extends z.ZodType>(key: z.ZodString, value: T, most: number) =>
  z.record(key, value).refine((record) => Object.keys(record).length <= most, `at most ${most} entries`);

/** A window of one of the keys 1 to 9 (PS3.3 C.11.2.1.2). */
export const windowPreset = z.strictObject({
  label: z.string().trim().min(1).max(40),
  center: z.number().min(-1e9).max(1e9),
  width: z.number().min(1e-6).max(1e9),
});
export type WindowPreset = z.infer<typeof windowPreset>;

/** What may stand in a corner of an image. Name, ID, birth date and study date always do and are not in the list. */
export const CORNER_ITEMS = [
  'sex-age',
  'study-time',
  'study-description',
  'accession-number',
  'referring-physician',
  'series',
  'series-date',
  'body-part',
  'view',
  'plane',
  'thickness',
  'position',
  'image-size',
  'playing',
  'zoom',
  'window',
  'counter',
  'scale-bar',
] as const;
export type CornerItem = (typeof CORNER_ITEMS)[number];

export const CORNERS = ['topLeft', 'topRight', 'bottomLeft', 'bottomRight'] as const;
export type Corner = (typeof CORNERS)[number];

const cornerItems = z.array(z.enum(CORNER_ITEMS)).max(CORNER_ITEMS.length);

/** From top to bottom. An item in no corner is not shown. */
export const cornerText = z.strictObject({
  topLeft: cornerItems,
  topRight: cornerItems,
  bottomLeft: cornerItems,
  bottomRight: cornerItems,
});
export type CornerText = z.infer<typeof cornerText>;

/** `Ctrl+Shift+Z`: modifiers, then a key as KeyboardEvent.key names it; letters are capital. */
export const keyCombination = z
  .string()
  .regex(/^(Ctrl\+)?(Shift\+)?([^\s+a-z]|\+|[A-Z][A-Za-z0-9]{1,19})$/, 'a key is written like Ctrl+Z');

/** A command of the viewer: `tool:length`, `preset:3`, `invert`. Ones that this version does not know are kept and do nothing. */
const viewerCommand = z.string().regex(/^[a-z][a-z0-9-]{0,39}(:[a-z0-9-]{1,40})?$/);

/** The reader's own habits in the viewer. What is not listed is as the program brings it. */
export const viewerSettings = z.strictObject({
  presets: bounded(modality, z.array(windowPreset).max(9), MODALITIES),
  corners: bounded(modality, cornerText, MODALITIES),
  /** An empty list: the command has no key. */
  keys: bounded(viewerCommand, z.array(keyCombination).max(4), 300),
});
export type ViewerSettings = z.infer<typeof viewerSettings>;
