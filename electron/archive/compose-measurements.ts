import type { MeasurementContent, MeasurementGroup, ReportFigure } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { CONCEPTS, type Code, FIGURES, QUANTITIES, STATISTICS, unitCode } from '../../shared/contract/report-codes.ts';
import { Dataset } from '../dicom/dataset/index.ts';
import { codeItem, contentItem, evidence, imageItem, type KnownImage, scoordItem } from './compose-document.ts';

const COMPREHENSIVE_SR = '1.2.840.10008.5.1.4.1.1.88.33';
const dcm = (value: string, meaning: string): Code => ({ scheme: 'DCM', value, meaning });
const LANGUAGE = dcm('121049', 'Language of Content Item and Descendants');
const ENGLISH: Code = { scheme: 'RFC5646', value: 'en', meaning: 'English' };
const OBSERVER_TYPE = dcm('121005', 'Observer Type');
const DEVICE = dcm('121007', 'Device');
const DEVICE_UID = dcm('121012', 'Device Observer UID');
const DEVICE_NAME = dcm('121013', 'Device Observer Name');
const PROCEDURE_REPORTED = dcm('121058', 'Procedure reported');
const IMAGING_PROCEDURE: Code = { scheme: 'SCT', value: '363679005', meaning: 'Imaging procedure' };
const IMAGE_LIBRARY = dcm('111028', 'Image Library');
const IMAGE_LIBRARY_GROUP = dcm('126200', 'Image Library Group');

type Images = ReadonlyMap<string, KnownImage>;

/** Attributes of a Comprehensive SR with a Measurement Report (PS3.3 A.35.3, PS3.16 TID 1500). `deviceUID` names this archive as the observer. */
export function measurementReport(
  { groups }: MeasurementContent,
  studyInstanceUID: string,
  images: Images,
  deviceUID: string,
): { sopClassUID: string; modality: string; attributes: Dataset } {
  const library = [...images.values()].map((image) => imageItem('CONTAINS', image, image));
  const content = [
    contentItem('HAS CONCEPT MOD', 'CODE', LANGUAGE, { ConceptCodeSequence: [codeItem(ENGLISH)] }),
    contentItem('HAS OBS CONTEXT', 'CODE', OBSERVER_TYPE, { ConceptCodeSequence: [codeItem(DEVICE)] }),
    contentItem('HAS OBS CONTEXT', 'UIDREF', DEVICE_UID, { UID: deviceUID }),
    contentItem('HAS OBS CONTEXT', 'TEXT', DEVICE_NAME, { TextValue: 'Phosphor' }),
    contentItem('HAS CONCEPT MOD', 'CODE', PROCEDURE_REPORTED, { ConceptCodeSequence: [codeItem(IMAGING_PROCEDURE)] }),
    contentItem('CONTAINS', 'CONTAINER', IMAGE_LIBRARY, {}, [contentItem('CONTAINS', 'CONTAINER', IMAGE_LIBRARY_GROUP, {}, library)]),
    contentItem(
      'CONTAINS',
      'CONTAINER',
      CONCEPTS.imagingMeasurements,
      {},
      groups.map((group) => groupItem(group, images)),
    ),
  ];
  return {
    sopClassUID: COMPREHENSIVE_SR,
    modality: 'SR',
    attributes: Dataset.of({
      CompletionFlag: 'COMPLETE',
      VerificationFlag: 'UNVERIFIED',
      PerformedProcedureCodeSequence: [],
      ReferencedPerformedProcedureStepSequence: [],
      CurrentRequestedProcedureEvidenceSequence: evidence(studyInstanceUID, images.values()),
      ValueType: 'CONTAINER',
      ConceptNameCodeSequence: [codeItem(CONCEPTS.measurementReport)],
      ContinuityOfContent: 'SEPARATE',
      ContentTemplateSequence: [Dataset.of({ MappingResource: 'DCMR', TemplateIdentifier: '1500' })],
      ContentSequence: content,
    }),
  };
}

/** TID 1410 where there is a region, else TID 1501. */
function groupItem({ trackingUID, name, image: reference, region, figures, comment }: MeasurementGroup, images: Images): Dataset {
  const image = images.get(reference.sopInstanceUID);
  if (image === undefined) throw new PhosphorError('not-found', 'an image that is referred to is not in the study');
  const children = [
    contentItem('HAS OBS CONTEXT', 'TEXT', CONCEPTS.trackingIdentifier, { TextValue: name || trackingUID }),
    contentItem('HAS OBS CONTEXT', 'UIDREF', CONCEPTS.trackingUniqueIdentifier, { UID: trackingUID }),
  ];
  if (region !== undefined) children.push(scoordItem('CONTAINS', CONCEPTS.imageRegion, region, image, reference));
  for (const figure of figures) {
    // Readers that know no TID 1410 look for coordinates below the figure, as TID 300 has them.
    const graphics = figure.graphic ?? (figure.what === 'area' && region !== undefined ? [region] : []);
    const on = graphics.map((graphic) => scoordItem('INFERRED FROM', undefined, graphic, image, reference));
    children.push(figureItem(figure, on));
  }
  if (comment !== undefined) {
    const at = comment.graphic === undefined ? [] : [scoordItem('INFERRED FROM', undefined, comment.graphic, image, reference)];
    children.push(contentItem('CONTAINS', 'TEXT', CONCEPTS.comment, { TextValue: comment.text }, at));
  }
  const template = Dataset.of({ MappingResource: 'DCMR', TemplateIdentifier: region === undefined ? '1501' : '1410' });
  return contentItem('CONTAINS', 'CONTAINER', CONCEPTS.measurementGroup, { ContentTemplateSequence: [template] }, children);
}

/** TID 300; statistics of a quantity that has a name as TID 1419 has them. */
function figureItem({ what, value, unit }: ReportFigure, children: readonly Dataset[]): Dataset {
  const quantity = STATISTICS.has(what) || what === 'value' ? QUANTITIES[unit] : undefined;
  const derivation =
    quantity === undefined || what === 'value'
      ? []
      : [contentItem('HAS CONCEPT MOD', 'CODE', CONCEPTS.derivation, { ConceptCodeSequence: [codeItem(FIGURES[what])] })];
  const measured = Dataset.of({ MeasurementUnitsCodeSequence: [codeItem(unitCode(unit))], NumericValue: value });
  return contentItem('CONTAINS', 'NUM', quantity ?? FIGURES[what], { MeasuredValueSequence: [measured] }, [...derivation, ...children]);
}
