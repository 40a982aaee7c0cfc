import { PhosphorError } from '../../../../shared/contract/phosphor-error.ts';
import { BulkReference, type DataElement, Dataset, type ElementValue, Fragments } from '../dataset.ts';
import { entryOf, isPrivate, type Tag } from '../dictionary.ts';
import { Tag as T } from '../tags.ts';
import { decodeValue } from '../values.ts';
import { type Change, type ChangeKind, changeOf, type DeIdentificationReport } from './changes.ts';
import { cleanedItems, type ItemContext, isItemValue } from './content-items.ts';
import {
  CONTENT_ITEM_SEQUENCES,
  CONTENT_SEQUENCE,
  DOCUMENT,
  DOCUMENT_LENGTH,
  dummyContentItem,
  dummyGraphicAnnotation,
  dummyValue,
  GRAPHIC_ANNOTATION_SEQUENCE,
} from './dummy-values.ts';
import { Identifiers } from './identifiers.ts';
import { type DeIdentificationOptions, methodCodesOf, TEMPORAL_INFORMATION } from './options.ts';
import { type ProjectKey, patientKeyOf } from './project-key.ts';
import { creatorTagOf, safePrivateVR } from './safe-private.ts';
import { isClassUID, shiftedDate } from './single-values.ts';
import { actionOf, type Row, rowOf } from './table.ts';
import { decided } from './types-in-iods.ts';

export interface DeIdentifyArguments {
  /** Everything before the pixel data, as read. It is not changed. */
  readonly dataset: Dataset;
  readonly key: ProjectKey;
  readonly options: DeIdentificationOptions;
  /** Pixels are going to be blanked where a person said so: Clean Pixel Data. */
  readonly cleansPixels?: boolean;
  /** Tells every change with the values before and after, at most this many. They are patient data. */
  readonly maxChanges?: number;
}

export interface DeIdentified {
  readonly dataset: Dataset;
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly pseudonym: string;
  readonly report: DeIdentificationReport;
  readonly changes: readonly Change[];
}

/**
 * De-identifies a data set by the tables of PS3.15 annex E: the Basic Profile and the selected options, in items of sequences as at top level. Beyond the
 * tables: private attributes that are not known to be safe, and public ones that the dictionary does not know, are removed; names of persons, dates and UIDs of
 * instances are treated as such by their VR; text that is kept is searched for every identifier that was taken out elsewhere. What follows the
 * pixel data is never kept (see output.ts).
 *
 * Throws PhosphorError `damaged` for a data set without SOP Class or Instance UID, `limit-exceeded`.
 */
export function deIdentify(args: DeIdentifyArguments): DeIdentified {
  return new Walk(args).run();
}

/** A data set or item on its way: `dummy` where nothing of an item may stay but its form. */
interface Level {
  readonly from: Dataset;
  readonly to: Dataset;
  readonly path: string;
  readonly isTopLevel: boolean;
  readonly mode: 'profile' | 'dummy';
  readonly item: ItemContext | undefined;
}

const MAX_ITEMS = 1_000_000;
const LONGEST_SEARCHED = 1024 * 1024;

class Walk {
  readonly #args: DeIdentifyArguments;
  readonly #options: DeIdentificationOptions;
  readonly #key: ProjectKey;
  readonly #identifiers: Identifiers;
  readonly #sopClassUID: string;
  readonly #days: number;
  readonly #pseudonym: string;
  readonly #counts: Record<ChangeKind, number> = { removed: 0, emptied: 0, replaced: 0, cleaned: 0, mapped: 0, shifted: 0, kept: 0 };
  readonly #changes: Change[] = [];
  readonly #stack: Level[] = [];
  #items = 0;

  constructor(args: DeIdentifyArguments) {
    const { dataset, key, options } = args;
    this.#args = args;
    this.#options = options;
    this.#key = key;
    this.#sopClassUID = dataset.uid(T.SOPClassUID);
    if (this.#sopClassUID === '' || dataset.uid(T.SOPInstanceUID) === '') throw new PhosphorError('damaged', 'the data set has no UIDs');
    const patient = patientKeyOf(dataset);
    this.#days = key.days(patient);
    this.#pseudonym = key.pseudonym(patient);
    this.#identifiers = new Identifiers(dataset, options, key);
  }

  run(): DeIdentified {
    const to = new Dataset();
    this.#stack.push({ from: this.#args.dataset, to, path: '', isTopLevel: true, mode: 'profile', item: undefined });
    for (let level = this.#stack.pop(); level !== undefined; level = this.#stack.pop()) {
      for (const element of level.from) this.#element(element, level);
    }
    this.#declare(to);
    return {
      dataset: to,
      sopClassUID: this.#sopClassUID,
      sopInstanceUID: to.uid(T.SOPInstanceUID),
      pseudonym: this.#pseudonym,
      report: { counts: this.#counts },
      changes: this.#changes,
    };
  }

  #element(element: DataElement, level: Level): void {
    const { tag } = element;
    if (tag % 0x10000 === 0) return;
    if (isPrivate(tag)) this.#private(element, level);
    else if (level.mode === 'dummy') this.#dummy(element, level);
    else if (level.isTopLevel && PSEUDONYMS.has(tag)) this.#put(element, level, [this.#pseudonym], 'replaced');
    else if (level.item !== undefined && isItemValue(tag)) this.#itemValue(element, level, level.item);
    else {
      const row = rowOf(tag) ?? impliedRow(element);
      if (row === undefined) this.#keep(element, level);
      else this.#byRow(element, row, level);
    }
  }

  #byRow(element: DataElement, row: Row, level: Level): void {
    const { tag, vr } = element;
    if (tag >= 0x60000000 && tag < 0x61000000) {
      this.#overlay(element, row, level);
      return;
    }
    const action = actionOf(row, this.#options);
    if (action === 'K') this.#keep(element, level, vr === 'UI');
    else if (action === 'C') this.#clean(element, row, level);
    else {
      const final = decided(action, tag, this.#sopClassUID, level.isTopLevel);
      if (final === 'X') this.#drop(element, level);
      else if (final === 'Z') this.#put(element, level, [], 'emptied');
      else if (vr === 'SQ' && final === 'U') this.#keep(element, level);
      else if (final === 'U' || vr === 'UI') this.#uids(element, level);
      else this.#replace(element, level);
    }
  }

  /** Action D. */
  #replace(element: DataElement, level: Level): void {
    const { tag, vr } = element;
    if (vr !== 'SQ') {
      const value = dummyValue(element, level.from);
      this.#put(element, level, value, 'replaced');
      if (tag === DOCUMENT && value instanceof Uint8Array && level.from.has(DOCUMENT_LENGTH)) {
        level.to.setElement({ tag: DOCUMENT_LENGTH, vr: 'UL', value: [value.length] });
      }
      return;
    }
    const first = level.from.items(tag)[0];
    if (tag === CONTENT_SEQUENCE) this.#put(element, level, [dummyContentItem()], 'replaced');
    else if (tag === GRAPHIC_ANNOTATION_SEQUENCE) this.#put(element, level, [dummyGraphicAnnotation(first)], 'replaced');
    else {
      this.#sequence(element, level, first === undefined ? [] : [first], 'dummy');
      this.#count(element, level, 'replaced', undefined);
    }
  }

  /** Action C: by VR what can be cleaned without a person, else the Basic Profile's own action. */
  #clean(element: DataElement, row: Row, level: Level): void {
    const { tag, vr } = element;
    if (vr === 'SQ') {
      if (CONTENT_ITEM_SEQUENCES.has(tag)) this.#contentItems(element, level);
      else this.#keep(element, level);
    } else if (row.options.includes('t') && this.#options.dates === 'shift') this.#shift(element, row, level);
    else if (vr === 'AE')
      this.#put(
        element,
        level,
        level.from.strings(tag).map((title) => this.#key.title(title)),
        'cleaned',
      );
    else if (vr === 'LO' || vr === 'SH') this.#text(element, level, (text) => this.#identifiers.cleaned(text) || 'REMOVED');
    else this.#byRow(element, { action: row.action, options: '' }, level);
  }

  #shift(element: DataElement, row: Row, level: Level): void {
    const { vr } = element;
    if (vr === 'TM') this.#keep(element, level);
    else if (vr !== 'DA' && vr !== 'DT') this.#byRow(element, { action: row.action, options: '' }, level);
    else {
      const shifted = level.from.strings(element.tag).map((value) => (value === '' ? '' : shiftedDate(value, this.#days)));
      if (shifted.every((value) => value !== undefined)) this.#put(element, level, shifted, 'shifted');
      // What is no date cannot be moved, and may be anything.
      else this.#byRow(element, { action: row.action, options: '' }, level);
    }
  }

  #uids(element: DataElement, level: Level): void {
    const mapped = level.from.strings(element.tag).map((uid) => (isClassUID(uid) || uid === '' ? uid : this.#key.uid(uid)));
    this.#put(element, level, mapped, 'mapped');
  }

  /** Clean Graphics keeps regions of interest, which are no writing (Overlay Type R, PS3.3 C.9.2); nobody can tell what other planes show. */
  #overlay(element: DataElement, row: Row, level: Level): void {
    const group = element.tag - (element.tag % 0x10000);
    const isText = element.vr === 'LO' || element.vr === 'LT' || element.tag % 0x10000 === 0x4000;
    const isRegion = level.from.string(group + 0x0040) === 'R';
    if (actionOf(row, this.#options) === 'C' && isRegion && !isText) this.#keep(element, level);
    else this.#drop(element, level);
  }

  #private(element: DataElement, level: Level): void {
    const { from, to } = level;
    const vr = this.#options.retainSafePrivate && level.mode === 'profile' ? safePrivateVR(from, element.tag) : undefined;
    const known = vr === undefined ? undefined : readAs(element, vr);
    if (known === undefined) {
      this.#drop(element, level);
      return;
    }
    const creator = from.get(creatorTagOf(element.tag));
    if (creator !== undefined) to.setElement(creator);
    this.#keep(known, level);
  }

  #itemValue(element: DataElement, level: Level, { row }: ItemContext): void {
    if (row === undefined) {
      const implied = rowOf(element.tag);
      if (implied === undefined) this.#keep(element, level);
      else this.#byRow(element, implied, level);
    } else if (element.vr === 'UI' && actionOf(row, this.#options) === 'K') this.#keep(element, level, true);
    else if (element.vr === 'UI') this.#uids(element, level);
    else this.#byRow(element, { action: row.action === 'X' ? 'D' : row.action, options: row.options }, level);
  }

  #contentItems(element: DataElement, level: Level): void {
    const { kept, removed, contexts } = cleanedItems(level.from.items(element.tag), this.#options, this.#args.dataset);
    this.#counts.removed += removed;
    if (kept.length > 0) this.#sequence(element, level, kept, 'profile', contexts);
    else if (level.isTopLevel && element.tag === CONTENT_SEQUENCE) this.#put(element, level, [dummyContentItem()], 'replaced');
  }

  /** What no row speaks of, and action K: sequences and UIDs are still gone through, text is searched. `asIs` where an option keeps this very UID. */
  #keep(element: DataElement, level: Level, asIs = false): void {
    const { tag, vr, value } = element;
    if (vr === 'SQ') this.#sequence(element, level, level.from.items(tag), 'profile');
    else if (vr === 'UI' && !asIs && !this.#options.retainUIDs && !level.from.strings(tag).every(isClassUID) && !NEVER_MAPPED.has(tag)) {
      this.#uids(element, level);
    } else if (SEARCHED.has(vr)) this.#text(element, level, (text) => this.#identifiers.scrubbed(text));
    // A sequence that came as UN was not read: nobody knows what is in it.
    else if (vr === 'UN' || (vr === 'OB' && value instanceof Uint8Array && this.#hides(value))) this.#drop(element, level);
    else if (tag !== DOCUMENT_LENGTH || !level.to.has(tag)) {
      level.to.setElement(element);
      this.#counts.kept += 1;
    }
  }

  #hides(bytes: Uint8Array): boolean {
    return bytes.length <= LONGEST_SEARCHED && this.#identifiers.isIn(bytes);
  }

  #text(element: DataElement, level: Level, clean: (text: string) => string): void {
    if (!Array.isArray(element.value)) {
      this.#drop(element, level);
      return;
    }
    const before = element.value.map(String);
    const after = before.map((text) => (text.trim() === '' ? text : clean(text)));
    if (after.every((text, index) => text === before[index])) {
      level.to.setElement(element);
      this.#counts.kept += 1;
    } else
      this.#put(
        element,
        level,
        after.map((text) => text || 'REMOVED'),
        'cleaned',
      );
  }

  /** An item in which nothing may stay but what is needed to read it. */
  #dummy(element: DataElement, level: Level): void {
    if (element.vr === 'SQ') this.#sequence(element, level, level.from.items(element.tag).slice(0, 1), 'dummy');
    else if (element.vr === 'UI') this.#uids(element, level);
    else level.to.setElement({ ...element, value: dummyValue(element, level.from) });
  }

  #sequence(
    { tag }: DataElement,
    level: Level,
    items: readonly Dataset[],
    mode: Level['mode'],
    contexts: ReadonlyMap<Dataset, ItemContext> = new Map(),
  ): void {
    this.#items += items.length;
    if (this.#items > MAX_ITEMS) throw new PhosphorError('limit-exceeded', 'the data set has too many items');
    const targets = items.map(() => new Dataset());
    level.to.setElement({ tag, vr: 'SQ', value: targets });
    items.forEach((from, index) => {
      const path = this.#wantsChanges ? `${level.path}${tagText(tag)}[${index + 1}]` : '';
      this.#stack.push({ from, to: targets[index] ?? new Dataset(), path, isTopLevel: false, mode, item: contexts.get(from) });
    });
  }

  #drop(element: DataElement, level: Level): void {
    this.#count(element, level, 'removed', undefined);
  }

  #put(element: DataElement, level: Level, value: ElementValue, kind: ChangeKind): void {
    // Nothing is put where nothing was: an attribute that came empty tells by having a value that it should have had one.
    const wasEmpty = isEmpty(element.value);
    const after: DataElement = { tag: element.tag, vr: element.vr, value: wasEmpty && kind !== 'replaced' ? element.value : value };
    level.to.setElement(after);
    this.#count(element, level, kind, after);
  }

  get #wantsChanges(): boolean {
    return this.#changes.length < (this.#args.maxChanges ?? 0);
  }

  #count(before: DataElement, level: Level, kind: ChangeKind, after: DataElement | undefined): void {
    this.#counts[kind] += 1;
    if (this.#wantsChanges) this.#changes.push(changeOf(level.path, kind, before, after));
  }

  /** PS3.15 E.1.1 item 6, E.2, E.3.1. */
  #declare(to: Dataset): void {
    const codes = methodCodesOf(this.#options, this.#args.cleansPixels === true);
    const items = codes.map(({ codeValue, codeMeaning }) =>
      Dataset.of({ CodeValue: codeValue, CodingSchemeDesignator: 'DCM', CodeMeaning: codeMeaning }),
    );
    const known = new Set(codes.map(({ codeValue }) => codeValue));
    const earlier = to.items(METHOD_CODES).filter((item) => !known.has(item.string(CODE_VALUE)));
    to.set('PatientIdentityRemoved', 'YES');
    to.set('DeidentificationMethod', ['Phosphor', 'PS3.15 Annex E 2024e']);
    to.set(METHOD_CODES, [...earlier, ...items], 'SQ');
    to.set('LongitudinalTemporalInformationModified', TEMPORAL_INFORMATION[this.#options.dates]);
    if (this.#args.cleansPixels === true) to.set('BurnedInAnnotation', 'NO');
  }
}

const METHOD_CODES = 0x00120064;
const CODE_VALUE = 0x00080100;
const PSEUDONYMS: ReadonlySet<Tag> = new Set([T.PatientName, T.PatientID]);
const SEARCHED: ReadonlySet<string> = new Set(['LO', 'SH', 'ST', 'LT', 'UT', 'UC', 'UR', 'PN']);
/** UIDs of things that are no entities of a patient: coding schemes, context groups, mapping resources (PS3.3 8.1 to 8.7). */
const NEVER_MAPPED: ReadonlySet<Tag> = new Set([0x0008010c, 0x0008010d, 0x00080117, 0x00080118, 0x00080016, 0x00081150]);

const AS_NAME: Row = { action: 'Z', options: '' };
const AS_DATE: Row = { action: 'X', options: 't' };
const UNKNOWN: Row = { action: 'X', options: '' };

/** By VR, what table E.1-1 does not name; an attribute that PS3.6 does not know may hold anything. */
function impliedRow({ tag, vr }: DataElement): Row | undefined {
  if (entryOf(tag) === undefined) return UNKNOWN;
  if (vr === 'PN') return AS_NAME;
  return vr === 'DA' || vr === 'DT' || vr === 'TM' ? AS_DATE : undefined;
}

/** A private element as its creator means it, where it came without a VR; undefined where it cannot be read so. */
function readAs(element: DataElement, vr: DataElement['vr']): DataElement | undefined {
  const { tag, value } = element;
  if (value instanceof BulkReference || value instanceof Fragments) return undefined;
  if (element.vr !== 'UN') return element;
  if (vr === 'SQ' || !(value instanceof Uint8Array)) return undefined;
  return { tag, vr, value: decodeValue(value, vr, false, '') };
}

function isEmpty(value: ElementValue): boolean {
  if (value instanceof BulkReference || value instanceof Fragments) return false;
  return value.length === 0 || (value.length === 1 && value[0] === '');
}

function tagText(tag: Tag): string {
  const hex = tag.toString(16).padStart(8, '0');
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}
