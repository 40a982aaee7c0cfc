import type { SUV } from '../../shared/contract/index.ts';
import { type Dataset, Tag } from '../dicom/dataset/index.ts';
import { ImageTag } from './image-tags.ts';

/**
 * Factor from modality values to standardised uptake values by body weight, for PET images (QIBA's vendor-neutral rule): weight over the
 * dose that is left at the time which the image's decay correction refers to. Undefined for other modalities; a reason where something is missing.
 */
export function suvOf(dataset: Dataset): SUV | undefined {
  if (dataset.string(Tag.Modality) !== 'PT') return undefined;
  const units = dataset.string(ImageTag.Units);
  if (units === 'GML') return { factor: 1 };
  if (units === 'CNTS') return countsFactor(dataset);
  if (units !== 'BQML') return { reason: 'The units of the image are not those of an activity concentration.' };
  return concentrationFactor(dataset, 1);
}

/** Philips writes counts, and how they become uptake or activity. */
function countsFactor(dataset: Dataset): SUV {
  const direct = dataset.number(ImageTag.PhilipsSUVScaleFactor);
  if (direct !== undefined && direct > 0) return { factor: direct };
  const activity = dataset.number(ImageTag.PhilipsActivityConcentrationScaleFactor);
  if (activity !== undefined && activity > 0) return concentrationFactor(dataset, activity);
  return { reason: 'The image counts events, and nothing says what activity they mean.' };
}

function concentrationFactor(dataset: Dataset, becquerels: number): SUV {
  const corrections = new Set(dataset.strings(ImageTag.CorrectedImage));
  if (!corrections.has('ATTN') || !(corrections.has('DECY') || corrections.has('DECAY'))) {
    return { reason: 'The image is not corrected for attenuation and decay.' };
  }
  const weight = dataset.number(ImageTag.PatientWeight);
  if (weight === undefined || weight <= 0) return { reason: "The patient's weight is missing." };
  const [drug] = dataset.items(ImageTag.RadiopharmaceuticalInformationSequence);
  const dose = drug?.number(ImageTag.RadionuclideTotalDose);
  const halfLife = drug?.number(ImageTag.RadionuclideHalfLife);
  if (drug === undefined || dose === undefined || dose <= 0 || halfLife === undefined || halfLife <= 0) {
    return { reason: 'The injected dose or its half-life is missing.' };
  }
  const correction = dataset.string(ImageTag.DecayCorrection);
  if (correction === 'ADMIN') return factor(becquerels, weight, dose);
  if (correction !== 'START') return { reason: 'It is not said to which time the decay correction refers.' };
  const seconds = secondsSinceInjection(dataset, drug);
  if (seconds === undefined) return { reason: 'The time of injection or of the scan is missing or contradictory.' };
  return factor(becquerels, weight, dose * 2 ** (-seconds / halfLife));
}

function factor(becquerels: number, weightKilograms: number, dose: number): SUV {
  const value = (becquerels * weightKilograms * 1000) / dose;
  return Number.isFinite(value) && value > 0 ? { factor: value } : { reason: 'The injected dose cannot be right.' };
}

/** From injection to the start of the scan. Series Time counts where it is not after the acquisition; else a vendor's own start of scan. */
function secondsSinceInjection(dataset: Dataset, drug: Dataset): number | undefined {
  const seriesDate = dataset.string(Tag.SeriesDate) || dataset.string(Tag.StudyDate);
  const series = instant(seriesDate, dataset.string(ImageTag.SeriesTime));
  const acquisition = instant(dataset.string(ImageTag.AcquisitionDate) || seriesDate, dataset.string(ImageTag.AcquisitionTime));
  const vendor = dataset.string(ImageTag.GEPETScanDateTime);
  const isAfter = series !== undefined && acquisition !== undefined && series > acquisition;
  const scan = series === undefined || isAfter ? instant(vendor.slice(0, 8), vendor.slice(8)) : series;
  if (scan === undefined) return undefined;
  const whole = drug.string(ImageTag.RadiopharmaceuticalStartDateTime);
  const injected = instant(whole.slice(0, 8), whole.slice(8)) ?? instant(seriesDate, drug.string(ImageTag.RadiopharmaceuticalStartTime));
  if (injected === undefined) return undefined;
  const seconds = scan - injected;
  return seconds >= 0 && seconds < 7 * 86_400 ? seconds : undefined;
}

/** Seconds of DA and TM, the fraction kept; both have to be there. Times of one file share their time zone. */
function instant(date: string, time: string): number | undefined {
  const day = /^(\d{4})(\d{2})(\d{2})/.exec(date);
  const clock = /^(\d{2})(\d{2})?(\d{2}(?:\.\d{1,6})?)?/.exec(time);
  if (day === null || clock === null) return undefined;
  const [, year, month, dayOfMonth] = day.map(Number);
  const days = Date.UTC(year ?? 0, (month ?? 1) - 1, dayOfMonth ?? 1) / 1000;
  return days + Number(clock[1]) * 3600 + Number(clock[2] ?? 0) * 60 + Number(clock[3] ?? 0);
}
