/** A part of a CDA document as text: a heading, a line, or a row of a table. */
export interface CdaBlock {
  readonly kind: 'heading' | 'line' | 'row';
  readonly cells: readonly string[];
}

const MAX_BLOCKS = 20_000;

/**
 * The readable text of an HL7 CDA document: titles and narrative blocks in their order. The XML is parsed, never put into a page; a document that
 * cannot be parsed gives undefined.
 */
export function readCda(xml: string, parse: (text: string) => Document = parseXml): { title: string; blocks: CdaBlock[] } | undefined {
  const document = parse(xml);
  const root = document.documentElement;
  if (root === null || document.getElementsByTagName('parsererror').length > 0) return undefined;
  const title = textOf([...root.children].find(({ localName }) => localName === 'title'));
  const blocks: CdaBlock[] = [];
  const body = [...root.children].filter(({ localName }) => localName === 'component');
  for (const part of body.length > 0 ? body : [root]) walk(part, blocks, 0);
  return { title, blocks };
}

function parseXml(text: string): Document {
  return new DOMParser().parseFromString(text, 'application/xml');
}

const LINES: ReadonlySet<string> = new Set([
  'paragraph',
  'item',
  'caption',
  'content',
  'list',
  'text',
  'nonXMLBody',
  'linkHtml',
  'footnote',
]);

function walk(element: Element, blocks: CdaBlock[], depth: number): void {
  if (blocks.length >= MAX_BLOCKS || depth > 100) return;
  const { localName } = element;
  if (localName === 'title') push(blocks, 'heading', [textOf(element)]);
  else if (localName === 'tr') push(blocks, 'row', [...element.children].map(textOf));
  else if (localName === 'entry') return;
  else if (LINES.has(localName) && ![...element.children].some(({ localName: name }) => isBlock(name)))
    push(blocks, 'line', [textOf(element)]);
  else for (const child of element.children) walk(child, blocks, depth + 1);
}

const isBlock = (name: string): boolean =>
  name === 'table' || name === 'tr' || name === 'title' || (LINES.has(name) && name !== 'content' && name !== 'linkHtml');

function push(blocks: CdaBlock[], kind: CdaBlock['kind'], cells: readonly string[]): void {
  if (cells.some((cell) => cell !== '')) blocks.push({ kind, cells });
}

function textOf(element: Element | undefined): string {
  return (element?.textContent ?? '').replace(/\s+/g, ' ').trim().slice(0, 20_000);
}
