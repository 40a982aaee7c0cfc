// Codes that reports of measurements are written with and read by. Constants only: threads and the window need them without schemas.

export interface Code {
  readonly value: string;
  /** Coding Scheme Designator. */
  readonly scheme: string;
  readonly meaning: string;
}

const code = (scheme: string, value: string, meaning: string): Code => ({ value, scheme, meaning });

/** What a figure of a report measures: concept names of TID 300 and TID 1419 (PS3.16). */
export const FIGURES = {
  length: code('SCT', '410668003', 'Length'),
  longAxis: code('SCT', '103339001', 'Long Axis'),
  shortAxis: code('SCT', '103340004', 'Short Axis'),
  angle: code('SCT', '1483009', 'Angle'),
  cobbAngle: code('SCT', '285285000', 'Cobb angle'),
  area: code('SCT', '42798000', 'Area'),
  mean: code('SCT', '373098007', 'Mean'),
  deviation: code('SCT', '386136009', 'Standard Deviation'),
  minimum: code('SCT', '255605001', 'Minimum'),
  maximum: code('SCT', '56851009', 'Maximum'),
  /** Of one pixel. */
  value: code('SCT', '246205007', 'Quantity'),
} as const satisfies Record<string, Code>;
export type FigureName = keyof typeof FIGURES;

/** Figures that are statistics of pixel values: where the quantity has a name, it is the concept, and these its Derivation (TID 1419). */
export const STATISTICS: ReadonlySet<FigureName> = new Set(['mean', 'deviation', 'minimum', 'maximum']);

/** Quantities of pixel values that have a name, by the unit that they are shown in. */
export const QUANTITIES: Readonly<Partial<Record<string, Code>>> = {
  HU: code('DCM', '112031', 'Attenuation Coefficient'),
  SUV: code('DCM', '126401', 'SUVbw'),
};

/** Units as they are shown → UCUM. */
export const UNITS: Readonly<Partial<Record<string, Code>>> = {
  '': code('UCUM', '1', 'no units'),
  mm: code('UCUM', 'mm', 'millimeter'),
  'mm²': code('UCUM', 'mm2', 'square millimeter'),
  px: code('UCUM', '{pixels}', 'pixels'),
  'px²': code('UCUM', '{square_pixels}', 'square pixels'),
  '°': code('UCUM', 'deg', 'degree'),
  HU: code('UCUM', "[hnsf'U]", 'Hounsfield unit'),
  SUV: code('UCUM', '{SUVbw}g/ml', 'Standardized Uptake Value body weight'),
  'Bq/ml': code('UCUM', 'Bq/ml', 'Becquerels per milliliter'),
  'g/ml SUV': code('UCUM', 'g/ml{SUV}', 'Standardized Uptake Value'),
  counts: code('UCUM', '{counts}', 'counts'),
  'counts/s': code('UCUM', '{counts}/s', 'counts per second'),
  'cm²/ml': code('UCUM', 'cm2/ml', 'square centimeter per milliliter'),
  '%': code('UCUM', '%', 'percent'),
  dB: code('UCUM', 'dB', 'decibel'),
  s: code('UCUM', 's', 'second'),
  Hz: code('UCUM', 'Hz', 'hertz'),
  'dB/s': code('UCUM', 'dB/s', 'decibel per second'),
  'cm/s': code('UCUM', 'cm/s', 'centimeter per second'),
  'cm²': code('UCUM', 'cm2', 'square centimeter'),
  'cm²/s': code('UCUM', 'cm2/s', 'square centimeter per second'),
};

/** Any other unit stands in an annotation, which UCUM leaves to its users. */
export function unitCode(unit: string): Code {
  const plain = unit.replace(/[^\x21-\x7a|~]/g, '_').slice(0, 14);
  return UNITS[unit] ?? code('UCUM', `{${plain}}`, unit);
}

/** Concepts of the document itself (PS3.16 TID 1500, 1410, 1501, 2010). */
export const CONCEPTS = {
  measurementReport: code('DCM', '126000', 'Imaging Measurement Report'),
  imagingMeasurements: code('DCM', '126010', 'Imaging Measurements'),
  measurementGroup: code('DCM', '125007', 'Measurement Group'),
  trackingIdentifier: code('DCM', '112039', 'Tracking Identifier'),
  trackingUniqueIdentifier: code('DCM', '112040', 'Tracking Unique Identifier'),
  imageRegion: code('DCM', '111030', 'Image Region'),
  derivation: code('DCM', '121401', 'Derivation'),
  comment: code('DCM', '121106', 'Comment'),
  ofInterest: code('DCM', '113000', 'Of Interest'),
  keyObjectDescription: code('DCM', '113012', 'Key Object Description'),
} as const satisfies Record<string, Code>;

/** Graphic Type of SCOORD (PS3.3 C.18.6.1.2). */
export const GRAPHIC_TYPES = ['POINT', 'MULTIPOINT', 'POLYLINE', 'CIRCLE', 'ELLIPSE'] as const;
export type GraphicType = (typeof GRAPHIC_TYPES)[number];
