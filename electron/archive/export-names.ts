import { EXPORT_FIELDS, type ExportField, type TemplatePart } from '../../shared/contract/export-fields.ts';

/** Whom a file belongs to, by level: what tells folders of the same name apart. */
export interface Owner {
  readonly patient: string;
  readonly study: string;
  readonly series: string;
  readonly image: string;
}

/** What a template says of one instance: the components of its path, each with whom it stands for. */
export interface NamedPath {
  readonly components: readonly { readonly name: string; readonly owner: string }[];
}

/** Windows gives a path 260 characters in all; the folder that was chosen needs some of them. */
const LONGEST_PATH = 180;
/** Of one name, in UTF-8: file systems allow 255, and a number and an extension may still follow. */
const LONGEST_NAME_BYTES = 200;
const SHORTEST_LIMIT = 16;

/** Fills a template in (see EXPORT_FIELDS). Nothing that a value holds becomes a separator, `..` or a name that some system forbids. */
export function nameOf(
  template: readonly (readonly TemplatePart[])[],
  values: Readonly<Record<ExportField, string>>,
  owner: Owner,
): NamedPath {
  const limit = Math.max(SHORTEST_LIMIT, Math.floor(LONGEST_PATH / template.length));
  return {
    components: template.map((parts) => {
      const text = parts.map((part) => ('text' in part ? part.text : filledIn(values[part.field], part.width, part.field))).join('');
      return { name: safeName(text, limit), owner: ownerOf(parts, owner) };
    }),
  };
}

function filledIn(value: string, width: number, field: ExportField): string {
  const text = field === 'PatientName' || field === 'ReferringPhysicianName' ? value.replace(/[\^=]+/g, ' ') : value;
  return /^\d+$/.test(text) ? text.padStart(width, '0') : text;
}

const LEVELS = ['image', 'series', 'study', 'patient'] as const;

/** A folder belongs to the deepest of those that its name tells apart; one that only groups, by date or modality, to nobody. */
function ownerOf(parts: readonly TemplatePart[], owner: Owner): string {
  const levels = parts.flatMap((part) => ('text' in part ? [] : [EXPORT_FIELDS[part.field]]));
  const level = LEVELS.find((one) => levels.includes(one));
  return level === undefined ? '' : owner[level];
}

/** Forbidden on Windows, macOS or in shells' and archivers' hands; also what cannot be seen (controls, formats, lone surrogates, private use). */
const UNSAFE = /[<>:"/\\|?*\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** Names of devices on Windows, whatever extension follows. */
const RESERVED = /^(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\..*)?$/i;

/** A name that every system takes, at most `limit` UTF-16 units; never empty, `.` or `..`. */
export function safeName(text: string, limit: number): string {
  const plain = tidy(text.normalize('NFC').replace(UNSAFE, '_').replace(/\s+/gu, ' '));
  const name = tidy(cut(plain, limit));
  if (name === '') return '_';
  return RESERVED.test(name) ? `_${name}` : name;
}

/** No space or dot at the end (Windows drops them), none at the beginning (hidden files, `..`). */
function tidy(text: string): string {
  return text.replace(/^[\s.]+/u, '').replace(/[\s.]+$/u, '');
}

function cut(text: string, limit: number): string {
  let [units, bytes, out] = [0, 0, ''];
  for (const character of text) {
    units += character.length;
    bytes += Buffer.byteLength(character);
    if (units > limit || bytes > LONGEST_NAME_BYTES) break;
    out += character;
  }
  return out;
}

/** Names remembered; where more are made, the file system itself still tells which are taken. */
const MAX_REMEMBERED = 200_000;

/**
 * Gives out names below one folder so that no two files, and no two owners' folders, share one: `Doe Jane`, `Doe Jane (2)`. Names that differ in case or
 * in the form of their letters only are the same to some systems, and so here.
 */
export class Names {
  /** Folder + name → whose it is. */
  #taken = new Map<string, string>();
  /** Folder + wanted name + owner → what it became. */
  #given = new Map<string, string>();
  /** Folder + wanted name → the last number. */
  #last = new Map<string, number>();

  /** The path of one file. Asking again gives another one: the file's own name is never given twice. */
  path({ components }: NamedPath, extension: string): string[] {
    if (this.#taken.size > MAX_REMEMBERED) [this.#taken, this.#given, this.#last] = [new Map(), new Map(), new Map()];
    const path: string[] = [];
    for (const [index, { name, owner }] of components.entries()) {
      const isFile = index === components.length - 1;
      path.push(isFile ? this.#file(path.join('/'), name, extension) : this.#folder(path.join('/'), name, owner));
    }
    return path;
  }

  #folder(parent: string, name: string, owner: string): string {
    const wanted = `${parent}\0${folded(name)}\0${owner}`;
    const known = this.#given.get(wanted);
    if (known !== undefined) return known;
    const given = this.#free(parent, name, '', `folder ${owner}`);
    this.#given.set(wanted, given);
    return given;
  }

  #file(parent: string, name: string, extension: string): string {
    return this.#free(parent, name, extension, undefined);
  }

  #free(parent: string, name: string, extension: string, owner: string | undefined): string {
    const counter = `${parent}\0${folded(name)}${extension}`;
    for (let number = this.#last.get(counter) ?? 1; ; number += 1) {
      const candidate = `${name}${number === 1 ? '' : ` (${number})`}${extension}`;
      const key = `${parent}\0${folded(candidate)}`;
      const taken = this.#taken.get(key);
      if (taken !== undefined && (owner === undefined || taken !== owner)) continue;
      this.#taken.set(key, owner ?? 'file');
      this.#last.set(counter, owner === undefined ? number + 1 : number);
      return candidate;
    }
  }
}

const folded = (name: string): string => name.normalize('NFKC').toLowerCase().toUpperCase();
