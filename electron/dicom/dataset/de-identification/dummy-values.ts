import { Buffer } from 'node:buffer';
import { type DataElement, Dataset, type ElementValue } from '../dataset.ts';
import { traitsOf, type VR } from '../vr.ts';

/** A value that says nothing, valid for the VR (action D of PS3.15 E.1). Not for UI and SQ. */
export function dummyValue({ tag, vr }: Pick<DataElement, 'tag' | 'vr'>, dataset: Dataset): ElementValue {
  if (tag === DOCUMENT && dataset.string(MIME_TYPE).toLowerCase() === 'application/pdf') return emptyPDF();
  const text = TEXTS[vr];
  if (text !== undefined) return [text];
  const traits = traitsOf(vr);
  if (traits?.kind === 'number') return [0];
  if (traits?.kind === 'big') return [0n];
  return new Uint8Array(Math.max(2, traits?.unit ?? 2));
}

const TEXTS: Readonly<Partial<Record<VR, string>>> = {
  AE: 'REMOVED',
  AS: '000D',
  CS: 'REMOVED',
  DA: '19000101',
  DS: '0',
  DT: '19000101000000',
  IS: '0',
  LO: 'REMOVED',
  LT: 'REMOVED',
  PN: 'REMOVED',
  SH: 'REMOVED',
  ST: 'REMOVED',
  TM: '000000',
  UC: 'REMOVED',
  UR: 'urn:removed',
  UT: 'REMOVED',
};

/** In the place of a report's content: one comment. */
export function dummyContentItem(): Dataset {
  const concept = Dataset.of({ CodeValue: '121106', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Comment' });
  return Dataset.of({ RelationshipType: 'CONTAINS', ValueType: 'TEXT', ConceptNameCodeSequence: [concept], TextValue: 'REMOVED' });
}

/** In the place of the annotations of a presentation state: one point in a corner, in the same layer (PS3.3 C.10.5). */
export function dummyGraphicAnnotation(original: Dataset | undefined): Dataset {
  const point = Dataset.of({
    GraphicAnnotationUnits: 'PIXEL',
    GraphicDimensions: 2,
    NumberOfGraphicPoints: 1,
    GraphicData: [1, 1],
    GraphicType: 'POINT',
    GraphicFilled: 'N',
  });
  return Dataset.of({ GraphicLayer: original?.string(GRAPHIC_LAYER) || 'REMOVED', GraphicObjectSequence: [point] });
}

const GRAPHIC_LAYER = 0x00700002;

/** A PDF of one blank page. */
function emptyPDF(): Uint8Array {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>',
  ];
  let text = '%PDF-1.4\n';
  const offsets: number[] = [];
  objects.forEach((body, index) => {
    offsets.push(text.length);
    text += `${index + 1} 0 obj${body}endobj\n`;
  });
  const start = text.length;
  text += `xref\n0 4\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}`;
  return Buffer.from(`${text}trailer<</Size 4/Root 1 0 R>>\nstartxref\n${start}\n%%EOF\n`, 'latin1');
}

export const CONTENT_SEQUENCE = 0x0040a730;
export const GRAPHIC_ANNOTATION_SEQUENCE = 0x00700001;
export const CONTENT_ITEM_SEQUENCES: ReadonlySet<number> = new Set([CONTENT_SEQUENCE, 0x00400555, 0x00400612]);
export const DOCUMENT = 0x00420011;
export const DOCUMENT_LENGTH = 0x00420015;
const MIME_TYPE = 0x00420012;
