import type { Code, ContentItem, ContentValue, Reference } from '../../renderer/viewer/objects/sr/content.ts';

/** Our content tree written as DCMTK's `dsrdump -q` writes one: the lines of the tree, without the document's head. */
export function dsrdumpLines(root: ContentItem, charactersAreBytes: boolean): string[] {
  const lines: string[] = [];
  const write = (item: ContentItem, depth: number): void => {
    lines.push(`${'  '.repeat(depth)}<${lineOf(item, charactersAreBytes)}>${observed(item.observed)}`);
    for (const child of item.children) write(child, depth + 1);
  };
  write(root, 0);
  return lines;
}

const RELATIONSHIPS: Readonly<Record<string, string>> = {
  CONTAINS: 'contains',
  'HAS OBS CONTEXT': 'has obs context',
  'HAS ACQ CONTEXT': 'has acq context',
  'HAS CONCEPT MOD': 'has concept mod',
  'HAS PROPERTIES': 'has properties',
  'INFERRED FROM': 'inferred from',
  'SELECTED FROM': 'selected from',
};

function lineOf(item: ContentItem, charactersAreBytes: boolean): string {
  const relationship = item.relationship === '' ? '' : `${RELATIONSHIPS[item.relationship] ?? item.relationship} `;
  if (item.value.kind === 'elsewhere') return `${relationship}${item.value.position}`;
  const concept = item.concept === undefined ? '' : `(,,"${item.concept.meaning}")`;
  return `${relationship}${item.valueType}:${concept}=${valueText(item.value, item.valueType, charactersAreBytes)}`;
}

function valueText(value: ContentValue, valueType: string, charactersAreBytes: boolean): string {
  switch (value.kind) {
    case 'text':
      return `"${valueType === 'TEXT' ? escaped(shortened(value.text, charactersAreBytes)) : value.text}"`;
    case 'name':
      return `"${value.name.Alphabetic ?? ''}"`;
    case 'code':
      return codeText(value.code);
    case 'number':
      return `"${value.values[0] ?? ''}" ${value.unit === undefined ? '' : codeText(value.unit)}`;
    case 'coordinates': {
      const size = value.dimensions;
      const first = value.points.slice(0, size).join('/');
      return `(${value.graphic},${first}${value.points.length > size ? ',...' : ''})`;
    }
    case 'times':
      return `(${value.range},${value.values[0] ?? ''}${value.values.length > 1 ? ',...' : ''})`;
    case 'container':
      return value.continuous ? 'CONTINUOUS' : 'SEPARATE';
    case 'reference':
      return referenceText(value.reference);
    case 'elsewhere':
      return value.position;
  }
}

function codeText({ value, scheme, version, meaning }: Code): string {
  return `(${value},${scheme}${version === '' ? '' : `[${version}]`},"${meaning}")`;
}

/** Names that DCMTK gives the SOP classes of the files at hand. */
const CLASSES: Readonly<Record<string, string>> = {
  '1.2.840.10008.5.1.4.1.1.2': 'CT image',
  '1.2.840.10008.5.1.4.1.1.4': 'MR image',
  '1.2.840.10008.5.1.4.1.1.11.1': 'GSPS',
  '1.2.840.10008.5.1.4.1.1.88.11': 'BasicTextSRStorage',
  '1.2.840.10008.5.1.4.1.1.9.2.1': 'HemodynamicWaveformStorage',
};

function referenceText({ sopClassUID, frames, channels, presentation }: Reference): string {
  const list =
    frames.length > 0
      ? `,${frames[0]}${frames.length > 1 ? ',...' : ''}`
      : channels.length > 0
        ? `,${channels.slice(0, 2).join('/')}${channels.length > 2 ? ',...' : ''}`
        : '';
  const state = presentation === undefined ? '' : `,(${CLASSES[presentation.sopClassUID] ?? presentation.sopClassUID},)`;
  return `(${CLASSES[sopClassUID] ?? sopClassUID},${list})${state}`;
}

/** DCMTK cuts after 27 bytes. */
function shortened(text: string, charactersAreBytes: boolean): string {
  if (charactersAreBytes) return text.length > 30 ? `${text.slice(0, 27)}...` : text;
  const bytes = Buffer.from(text);
  return bytes.length > 30 ? `${bytes.subarray(0, 27).toString()}...` : text;
}

function escaped(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

function observed(at: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(at);
  if (parts === null) return '';
  const [, year, month, day, hour, minute, second] = parts;
  return ` {${year}-${month}-${day} ${hour}:${minute}:${second}}`;
}
