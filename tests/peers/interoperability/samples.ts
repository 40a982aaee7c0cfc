import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readPart10Meta, StreamingHeader } from '../../../electron/dicom/dataset/index.ts';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';

export interface Sample {
  readonly path: string;
  readonly transferSyntaxUID: string;
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly studyInstanceUID: string;
  /** SHA-256 of the data set. */
  readonly sha256: string;
  readonly isOdd: boolean;
}

const MEDIA_DIRECTORY = '1.2.840.10008.1.3.10';

/**
 * Real files, one for each transfer syntax and SOP class that there is, and at least `perSyntax` of each transfer syntax, in rounds in which no instance
 * comes twice.
 */
export function sampleRounds(perSyntax: number): Sample[][] {
  const rounds: Map<string, Sample>[] = [];
  for (const samples of Map.groupBy(realSamples(), ({ transferSyntaxUID }) => transferSyntaxUID).values()) {
    const classes = new Set<string>();
    const isNew = ({ sopClassUID }: Sample) => !classes.has(sopClassUID) && classes.add(sopClassUID) !== undefined;
    const ofNewClass = samples.filter(isNew);
    const others = samples.filter((sample) => !ofNewClass.includes(sample));
    for (const sample of [...ofNewClass, ...others.slice(0, Math.max(0, perSyntax - ofNewClass.length))]) {
      let round = rounds.find((one) => !one.has(sample.sopInstanceUID));
      if (round === undefined) {
        round = new Map();
        rounds.push(round);
      }
      round.set(sample.sopInstanceUID, sample);
    }
  }
  return rounds.map((round) => [...round.values()]);
}

/** Every instance below the folder of real files that can be stored. */
export function realSamples(): Sample[] {
  return filesBelow(realDicomFolder()).flatMap((path) => {
    try {
      const bytes = readFileSync(path);
      const { transferSyntaxUID, dataSetOffset } = readPart10Meta(bytes);
      const header = new StreamingHeader(transferSyntaxUID);
      header.push(bytes.subarray(dataSetOffset));
      const { sopClassUID, sopInstanceUID, studyInstanceUID } = header.finish();
      if (sopClassUID === MEDIA_DIRECTORY || bytes.toString('latin1', 128, 132) !== 'DICM') return [];
      const sha256 = createHash('sha256').update(bytes.subarray(dataSetOffset)).digest('hex');
      return [
        { path, transferSyntaxUID, sopClassUID, sopInstanceUID, studyInstanceUID, sha256, isOdd: (bytes.length - dataSetOffset) % 2 === 1 },
      ];
    } catch {
      return [];
    }
  });
}
