import type { PersonName } from '../../../shared/contract/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { type Tag, tagOf, vrOf } from './dictionary.ts';
import { formatPersonName, parsePersonName } from './person-name.ts';
import { traitsOf, type VR } from './vr.ts';

/** Bytes that were left where they are: a range of the source that was read. */
export class BulkReference {
  readonly offset: number;
  readonly length: number;

  constructor(offset: number, length: number) {
    this.offset = offset;
    this.length = length;
  }
}

/** Encapsulated pixel data inside a data set (PS3.5 A.4): its items in order, the offset table first, as ranges of the source. */
export class Fragments {
  readonly items: readonly BulkReference[];

  constructor(items: readonly BulkReference[]) {
    this.items = items;
  }
}

/**
 * What an element holds, by the kind of its VR: text → decoded strings (PN still as `A=I=P`), binary numbers → numbers (AT: tags),
 * SV and UV → bigint, SQ → items, OB OW … UN → bytes in the byte order of the file's little endian form, or references to bulk.
 */
export type ElementValue =
  | readonly string[]
  | readonly number[]
  | readonly bigint[]
  | readonly Dataset[]
  | Uint8Array
  | BulkReference
  | Fragments;

export interface DataElement {
  readonly tag: Tag;
  readonly vr: VR;
  readonly value: ElementValue;
}

/** What a caller may hand in; single values stand for lists of one. */
export type ValueInput = ElementValue | string | number | bigint | Dataset | PersonName;

/**
 * A data set in memory: identifiers, command sets, headers, small instances. Elements come out in ascending tag order whatever the
 * order they went in. Getters never throw: an absent, empty or differently typed element reads as '' / undefined / [].
 */
export class Dataset {
  readonly #elements = new Map<Tag, DataElement>();
  #sorted = true;
  #last = -1;

  /** From keywords (PS3.6): `Dataset.of({ PatientName: 'Doe^Jane', Rows: 512 })`. Throws `invalid-arguments` for an unknown keyword. */
  static of(values: Readonly<Record<string, ValueInput>>): Dataset {
    const dataset = new Dataset();
    for (const [keyword, value] of Object.entries(values)) dataset.set(keyword, value);
    return dataset;
  }

  get size(): number {
    return this.#elements.size;
  }

  has(tag: Tag): boolean {
    return this.#elements.has(tag);
  }

  get(tag: Tag): DataElement | undefined {
    return this.#elements.get(tag);
  }

  delete(tag: Tag): boolean {
    return this.#elements.delete(tag);
  }

  /**
   * Sets an element by tag or keyword. The VR comes from the dictionary unless given. Numbers for text VRs are written as text, dictionary
   * text for number VRs is refused. Throws `invalid-arguments` when value and VR do not go together.
   */
  set(tagOrKeyword: Tag | string, input: ValueInput, vr?: VR): this {
    const tag = typeof tagOrKeyword === 'number' ? tagOrKeyword : tagOf(tagOrKeyword);
    if (tag === undefined) throw new PhosphorError('invalid-arguments', `no such attribute: ${tagOrKeyword}`);
    const actual = vr ?? vrOf(tag);
    this.setElement({ tag, vr: actual, value: toValue(input, actual) });
    return this;
  }

  /** Puts an element as it is, for readers. */
  setElement(element: DataElement): void {
    if (element.tag < this.#last) this.#sorted = false;
    else this.#last = element.tag;
    this.#elements.set(element.tag, element);
  }

  /** All elements in ascending tag order. */
  elements(): DataElement[] {
    const all = [...this.#elements.values()];
    return this.#sorted ? all : all.sort((a, b) => a.tag - b.tag);
  }

  [Symbol.iterator](): Iterator<DataElement> {
    return this.elements()[Symbol.iterator]();
  }

  /** First value as trimmed text; numbers as decimal text; '' where there is none. */
  string(tag: Tag): string {
    return this.strings(tag)[0] ?? '';
  }

  /** All values as trimmed text. An element without value gives []. */
  strings(tag: Tag): string[] {
    const element = this.#elements.get(tag);
    if (element === undefined || !Array.isArray(element.value)) return [];
    const values: readonly unknown[] = element.value;
    if (values.length === 1 && values[0] === '') return [];
    return values.filter((one) => !(one instanceof Dataset)).map((one) => (typeof one === 'string' ? trim(one, element.vr) : String(one)));
  }

  /** First value as a finite number (IS and DS parsed), else undefined. */
  number(tag: Tag): number | undefined {
    return this.numbers(tag)[0];
  }

  /** All values that are finite numbers; [] as soon as one is not. */
  numbers(tag: Tag): number[] {
    const element = this.#elements.get(tag);
    if (element === undefined || !Array.isArray(element.value)) return [];
    const values: readonly unknown[] = element.value;
    const numbers = values.map(toNumber);
    return numbers.every((one) => one !== undefined) ? numbers : [];
  }

  /** UID without padding, '' where there is none. */
  uid(tag: Tag): string {
    return this.string(tag);
  }

  personName(tag: Tag): PersonName {
    return parsePersonName(this.string(tag));
  }

  /** Items of a sequence. */
  items(tag: Tag): readonly Dataset[] {
    const value = this.#elements.get(tag)?.value;
    return Array.isArray(value) ? value.filter((one) => one instanceof Dataset) : [];
  }

  /** Raw bytes of an OB, OW … UN element that is in memory. */
  bytes(tag: Tag): Uint8Array | undefined {
    const value = this.#elements.get(tag)?.value;
    return value instanceof Uint8Array ? value : undefined;
  }

  bulk(tag: Tag): BulkReference | undefined {
    const value = this.#elements.get(tag)?.value;
    return value instanceof BulkReference ? value : undefined;
  }
}

function trim(text: string, vr: VR): string {
  // Leading spaces mean something in ST, LT and UT only (PS3.5 §6.2); trailing NULs are common padding faults.
  const end = text.replace(/[\0 ]+$/, '');
  return vr === 'LT' || vr === 'ST' || vr === 'UT' || vr === 'UC' ? end : end.replace(/^ +/, '');
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim().replace(/\0+$/, '');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function toValue(input: ValueInput, vr: VR): ElementValue {
  if (input instanceof Uint8Array || input instanceof BulkReference || input instanceof Fragments) return input;
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  const kind = traitsOf(vr)?.kind;
  if (kind === 'text') return list.map((one) => toText(one, vr));
  if (kind === 'number' && list.every((one) => typeof one === 'number')) return list;
  if (kind === 'big') return list.map((one) => (typeof one === 'bigint' ? one : BigInt(Number(one))));
  if (kind === 'sequence' && list.every((one) => one instanceof Dataset)) return list;
  throw new PhosphorError('invalid-arguments', `value does not fit VR ${vr}`);
}

function toText(value: unknown, vr: VR): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return vr === 'DS' ? decimalString(value) : String(value);
  if (typeof value === 'object' && value !== null && 'alphabetic' in value) {
    return formatPersonName(value as PersonName);
  }
  throw new PhosphorError('invalid-arguments', `value does not fit VR ${vr}`);
}

/** A number in at most 16 characters, the limit of DS (PS3.5 §6.2). */
function decimalString(value: number): string {
  const plain = String(value);
  if (plain.length <= 16) return plain;
  for (let digits = 15; digits > 0; digits -= 1) {
    const text = String(Number(value.toPrecision(digits)));
    if (text.length <= 16) return text;
  }
  return value.toExponential(8);
}
