import { measurementReport } from '../../../electron/archive/compose-measurements.ts';
import { type Dataset, toDicomJson } from '../../../electron/dicom/dataset/index.ts';
import { Item } from '../../../renderer/viewer/dataset/item.ts';
import type { Point } from '../../../renderer/viewer/geometry.ts';
import { groupOf } from '../../../renderer/viewer/reports/groups.ts';
import { readDicomJson } from '../../../shared/contract/dicom-json.ts';
import { composeContent, type ImageModule } from '../../../shared/contract/index.ts';
import { type Annotation, type AnnotationKind, type GreyPixels, measure } from '../../../shared/marks/index.ts';

/** The one image that the marks of these tests are on. */
export const IMAGE = '1.2.3.1.1';
export const CT = '1.2.840.10008.5.1.4.1.1.2';
export const images = new Map([[IMAGE, { sopInstanceUID: IMAGE, sopClassUID: CT, seriesInstanceUID: '1.2.3.1' }]]);

export const mark = (kind: AnnotationKind, at: Point[], name = ''): Annotation => ({
  id: crypto.randomUUID(),
  kind,
  studyInstanceUID: '1.2.3',
  seriesInstanceUID: '1.2.3.1',
  sopInstanceUID: IMAGE,
  frame: 0,
  points: at,
  name,
});

/** The report of measurements (TID 1500) that the program makes of marks. */
export function reportOf(annotations: readonly Annotation[], image: ImageModule, frame: GreyPixels): ReturnType<typeof measurementReport> {
  const groups = annotations.flatMap(
    (annotation) => groupOf(annotation, measure(annotation, image, 'CT', frame), { sopInstanceUID: IMAGE }, annotation.kind) ?? [],
  );
  const content = composeContent.parse({ kind: 'measurements', title: 'Measurements', groups });
  if (content.kind !== 'measurements') throw new Error('not measurements');
  return measurementReport(content, '1.2.3', images, '2.25.7');
}

/** A data set as the window gets it. */
export function itemOf(dataset: Dataset): Item {
  return new Item(readDicomJson(JSON.stringify(toDicomJson(dataset))));
}
