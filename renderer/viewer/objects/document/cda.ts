/** A part of a CDA document as text: a heading, a line, a row of a table, or a file in it, by its media type. */
export interface CdaBlock {
  readonly kind: 'heading' | 'line' | 'row' | 'file';
  readonly cells: readonly string[];
}

export interface CdaText {
  readonly title: string;
  readonly blocks: readonly CdaBlock[];
  /** There is more than these. */
  readonly cut: boolean;
}

/** What is parsed in the window's own thread. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_BLOCKS = 5_000;
const MAX_DEPTH = 100;
const MAX_CHARACTERS = 20_000;

/**
 * The readable text of an HL7 CDA document: titles and narrative blocks in their order. The XML is parsed, never put into a page. A document with a
 * document type declaration is refused, as CDA has none: only there can entities be declared, which expand without measure or name other files.
 */
export function readCda(bytes: Uint8Array): CdaText | 'broken' | 'too-large' {
  if (bytes.length > MAX_BYTES) return 'too-large';
  const text = decodeXml(bytes);
  if (/<!DOCTYPE/i.test(text)) return 'broken';
  const document = new DOMParser().parseFromString(text, 'application/xml');
  const root = document.documentElement;
  if (root === null || document.getElementsByTagName('parsererror').length > 0) return 'broken';
  const title = textOf([...root.children].find(({ localName }) => localName === 'title'));
  const found: Found = { blocks: [], cut: false };
  const body = [...root.children].filter(({ localName }) => localName === 'component');
  for (const part of body.length > 0 ? body : [root]) walk(part, found, 0);
  return { title, ...found };
}

/** By its byte order mark or by what its first line says (XML 1.0, appendix F). */
function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  const declaration = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  const name = /^[^<]{0,3}<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/.exec(declaration)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(name).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

interface Found {
  readonly blocks: CdaBlock[];
  cut: boolean;
}

const LINES: ReadonlySet<string> = new Set(['paragraph', 'item', 'caption', 'content', 'list', 'text', 'linkHtml', 'footnote']);
/** What is for programs, and what would be markup elsewhere. */
const SILENT: ReadonlySet<string> = new Set(['entry', 'script', 'style', 'templateId', 'id', 'code']);

function walk(element: Element, found: Found, depth: number): void {
  if (found.blocks.length >= MAX_BLOCKS || depth > MAX_DEPTH) {
    found.cut = true;
    return;
  }
  const { localName } = element;
  if (SILENT.has(localName)) return;
  if (element.getAttribute('representation') === 'B64') push(found, 'file', [element.getAttribute('mediaType') ?? '']);
  else if (localName === 'title') push(found, 'heading', [textOf(element)]);
  else if (localName === 'tr') push(found, 'row', [...element.children].slice(0, 100).map(textOf));
  else if (LINES.has(localName)) walkMixed(element, found, depth);
  else for (const child of element.children) walk(child, found, depth + 1);
}

/** Text and paragraphs may stand side by side in one element: each run of text is a line. */
function walkMixed(element: Element, found: Found, depth: number): void {
  let run = '';
  const end = () => {
    push(found, 'line', [tidy(run)]);
    run = '';
  };
  for (const node of element.childNodes) {
    if (!(node instanceof Element)) {
      if (node instanceof Text) run += node.data;
    } else if (isBlock(node.localName) || node.localName === 'br' || [...node.children].some(({ localName }) => isBlock(localName))) {
      end();
      walk(node, found, depth + 1);
    } else if (!SILENT.has(node.localName)) run += node.textContent ?? '';
  }
  end();
}

const isBlock = (name: string): boolean =>
  name === 'table' || name === 'tr' || name === 'title' || (LINES.has(name) && name !== 'content' && name !== 'linkHtml');

function push(found: Found, kind: CdaBlock['kind'], cells: readonly string[]): void {
  if (kind === 'file' || cells.some((cell) => cell !== '')) found.blocks.push({ kind, cells });
  if (cells.some((cell) => cell.length >= MAX_CHARACTERS)) found.cut = true;
}

function textOf(element: Element | undefined): string {
  return tidy(element?.textContent ?? '');
}

function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_CHARACTERS);
}
