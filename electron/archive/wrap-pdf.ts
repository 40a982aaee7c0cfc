import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { Dataset } from '../dicom/dataset/index.ts';
import type { ForeignFile, Wrapped } from './wrap.ts';

const ENCAPSULATED_PDF = '1.2.840.10008.5.1.4.1.1.104.1';
const TAIL = 4096;

/** A PDF as Encapsulated PDF (PS3.3 A.45.1). Nothing in it is interpreted. Throws PhosphorError `damaged` where its end is missing. */
export function wrapPDF({ source, title }: ForeignFile): Wrapped {
  const tail = Buffer.from(source.read(Math.max(0, source.size - TAIL), Math.min(TAIL, source.size)));
  if (!tail.includes('%%EOF')) throw new PhosphorError('damaged', 'the PDF has no end');
  return {
    sopClassUID: ENCAPSULATED_PDF,
    transferSyntaxUID: '1.2.840.10008.1.2.1',
    modality: 'DOC',
    attributes: Dataset.of({
      ConversionType: 'WSD',
      AcquisitionDateTime: '',
      // Nobody has looked: a document of a patient names him.
      BurnedInAnnotation: 'YES',
      DocumentTitle: title,
      ConceptNameCodeSequence: [],
      MIMETypeOfEncapsulatedDocument: 'application/pdf',
      EncapsulatedDocumentLength: source.size,
    }),
    content: { kind: 'document' },
  };
}
