import {
  bulkRangesOf,
  type DicomJson,
  type DicomJsonAttribute,
  type DicomJsonName,
  type FileRange,
} from '../../../shared/contract/dicom-json.ts';

/**
 * A data set or an item of a sequence, read by tag (`GGGGEEEE`, upper case). Getters never throw for what is absent or of another kind: they give
 * '' / undefined / [].
 */
export class Item {
  readonly json: DicomJson;

  constructor(json: DicomJson) {
    this.json = json;
  }

  has(tag: string): boolean {
    return Object.hasOwn(this.json, tag);
  }

  attribute(tag: string): DicomJsonAttribute | undefined {
    return this.has(tag) ? this.json[tag] : undefined;
  }

  /** Tags in ascending order. */
  tags(): string[] {
    return Object.keys(this.json).sort();
  }

  /** First value as text; numbers as decimals, names as a person writes them. */
  string(tag: string): string {
    return this.strings(tag)[0] ?? '';
  }

  strings(tag: string): string[] {
    return (this.attribute(tag)?.Value ?? []).flatMap((value) => {
      if (value === null) return [''];
      if (typeof value !== 'object') return [String(value)];
      return isName(value) ? [writtenName(value)] : [];
    });
  }

  /** First value as a finite number, text included. */
  number(tag: string): number | undefined {
    return this.numbers(tag)[0];
  }

  /** All values as numbers; [] as soon as one is none. */
  numbers(tag: string): number[] {
    const values = (this.attribute(tag)?.Value ?? []).map((value) =>
      typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN,
    );
    return values.every(Number.isFinite) ? values : [];
  }

  /** The groups of a person name: alphabetic, ideographic, phonetic. */
  nameGroups(tag: string): DicomJsonName | undefined {
    const value = this.attribute(tag)?.Value?.[0];
    return typeof value === 'object' && value !== null && isName(value) ? value : undefined;
  }

  /** Items of a sequence. */
  sequence(tag: string): Item[] {
    const attribute = this.attribute(tag);
    if (attribute?.vr !== 'SQ') return [];
    return (attribute.Value ?? []).flatMap((value) => (typeof value === 'object' && value !== null ? [new Item(value as DicomJson)] : []));
  }

  first(tag: string): Item | undefined {
    return this.sequence(tag)[0];
  }

  /** Where the bytes of a value lie in the file; [] when they are here or nowhere. */
  ranges(tag: string): FileRange[] {
    const uri = this.attribute(tag)?.BulkDataURI;
    return uri === undefined ? [] : bulkRangesOf(uri);
  }

  /** Bytes that came with the header, little endian; undefined when they are left in the file or there are none. */
  inlineBytes(tag: string): Uint8Array | undefined {
    const base64 = this.attribute(tag)?.InlineBinary;
    if (base64 === undefined) return undefined;
    try {
      return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    } catch {
      return undefined;
    }
  }
}

/** `Doe^Jane^^Dr` as "Doe, Jane, Dr"; the ideographic group where there is no alphabetic one. */
export function writtenName(name: DicomJsonName): string {
  const group = name.Alphabetic ?? name.Ideographic ?? name.Phonetic ?? '';
  return group
    .split('^')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(', ');
}

function isName(value: object): value is DicomJsonName {
  return 'Alphabetic' in value || 'Ideographic' in value || 'Phonetic' in value;
}
