import type { KeyImageContent } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { CONCEPTS } from '../../shared/contract/report-codes.ts';
import { Dataset } from '../dicom/dataset/index.ts';
import { codeItem, contentItem, evidence, imageItem, type KnownImage } from './compose-document.ts';

const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';

/** Attributes of a Key Object Selection Document (PS3.3 A.35.4, PS3.16 TID 2010). */
export function keyObjectSelection(
  { images: references, description }: KeyImageContent,
  studyInstanceUID: string,
  images: ReadonlyMap<string, KnownImage>,
): { sopClassUID: string; modality: string; attributes: Dataset } {
  const words =
    description === undefined || description === ''
      ? []
      : [contentItem('CONTAINS', 'TEXT', CONCEPTS.keyObjectDescription, { TextValue: description })];
  const items = references.map((reference) => {
    const image = images.get(reference.sopInstanceUID);
    if (image === undefined) throw new PhosphorError('not-found', 'an image that is referred to is not in the study');
    return imageItem('CONTAINS', image, reference);
  });
  return {
    sopClassUID: KEY_OBJECT_SELECTION,
    modality: 'KO',
    attributes: Dataset.of({
      ReferencedPerformedProcedureStepSequence: [],
      CurrentRequestedProcedureEvidenceSequence: evidence(studyInstanceUID, images.values()),
      ValueType: 'CONTAINER',
      ConceptNameCodeSequence: [codeItem(CONCEPTS.ofInterest)],
      ContinuityOfContent: 'SEPARATE',
      ContentTemplateSequence: [Dataset.of({ MappingResource: 'DCMR', TemplateIdentifier: '2010' })],
      ContentSequence: [...words, ...items],
    }),
  };
}
