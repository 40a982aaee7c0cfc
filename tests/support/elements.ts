import { type DataElement, Dataset } from '../../electron/dicom/dataset/index.ts';
import { encodeValue } from '../../electron/dicom/dataset/values.ts';

/** One element at any depth: where it is, its VR, its value as little endian bytes of even length. */
export interface FlatElement {
  readonly path: string;
  readonly vr: string;
  readonly bytes: Uint8Array;
}

const LENGTH_TO_END = 0x00080001;

/** Everything that a data set says, but what belongs to its encoding (group lengths, Length to End). */
export function elementsOf(dataset: Dataset, inherited = '', prefix = ''): FlatElement[] {
  const characterSet = dataset.has(0x00080005) ? dataset.strings(0x00080005).join('\\') : inherited;
  return dataset.elements().flatMap((element): FlatElement[] => {
    const path = prefix + element.tag.toString(16).padStart(8, '0');
    if (element.tag % 0x10000 === 0 || element.tag === LENGTH_TO_END) return [];
    if (element.vr !== 'SQ') return [{ path, vr: element.vr, bytes: bytesOf(element, characterSet) }];
    const items: readonly unknown[] = Array.isArray(element.value) ? element.value : [];
    const none = new Uint8Array(0);
    const inside = items.flatMap((item, i): FlatElement[] => [
      { path: `${path}[${i}]`, vr: 'SQ', bytes: none },
      ...(item instanceof Dataset ? elementsOf(item, characterSet, `${path}[${i}].`) : []),
    ]);
    return [{ path, vr: 'SQ', bytes: none }, ...inside];
  });
}

function bytesOf(element: DataElement, characterSet: string): Uint8Array {
  const bytes = element.value instanceof Uint8Array ? element.value : (encodeValue(element, false, characterSet) ?? new Uint8Array(0));
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Uint8Array.of(0)]);
}

/** All bytes of a stream. */
export async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** The first thing that differs, VRs aside; undefined where two data sets say the same. */
export function firstDifference(one: readonly FlatElement[], other: readonly FlatElement[]): string | undefined {
  for (let i = 0; i < Math.max(one.length, other.length); i += 1) {
    const [a, b] = [one[i], other[i]];
    if (a?.path !== b?.path) return `${a?.path ?? 'nothing'} / ${b?.path ?? 'nothing'}`;
    if (a !== undefined && b !== undefined && !sameValue(a, b)) return `${a.path}: ${a.vr} / ${b.vr} differ in value`;
  }
  return undefined;
}

/** Text is read without its padding, the same bytes as UN with it. */
function sameValue(a: FlatElement, b: FlatElement): boolean {
  if (Buffer.compare(a.bytes, b.bytes) === 0) return true;
  const oneIsUnknown = a.vr !== b.vr && (a.vr === 'UN' || b.vr === 'UN');
  return oneIsUnknown && withoutPadding(a) === withoutPadding(b);
}

function withoutPadding({ bytes }: FlatElement): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\0 ]+$/, '');
}
