import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  memorySource,
  readFrameFragments,
  readPart10,
  readPart10Meta,
  StreamingHeader,
  Tag,
  toDicomJson,
  transferSyntaxOf,
} from '../../../electron/dicom/dataset/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';

const data = process.env.DICOM_TEST_DATA;

/** Defects for which an instance is refused: it names no study, series or SOP instance. */
const REFUSALS: ReadonlySet<string> = new Set(['damaged', 'not-dicom']);

describe.runIf(data !== undefined)('real files', () => {
  const rows = data === undefined ? [] : readFileSync(join(data, 'MANIFEST.tsv'), 'utf8').trim().split('\n').slice(1);
  const files = rows
    .map((row) => row.split('\t'))
    .map(([path = '', , , , , syntax = '', , size = '', , , , dcmdump = '']) => ({ path, syntax, size, dcmdump }));

  it('that dcmdump reads give a header or a typed refusal; header and whole reader agree', () => {
    let headers = 0;
    const surprises: string[] = [];
    for (const { path, dcmdump, size } of files) {
      const bytes = readFileSync(join(data ?? '', path));
      try {
        const meta = readPart10Meta(bytes);
        const stream = new StreamingHeader(meta.transferSyntaxUID);
        stream.push(bytes.subarray(meta.dataSetOffset));
        const header = stream.finish();
        const file = readPart10(memorySource(bytes));
        toDicomJson(file.dataset);
        headers += 1;
        if (file.dataset.uid(Tag.SOPInstanceUID) !== header.sopInstanceUID) surprises.push(`${path}: another SOP Instance UID`);
        if (JSON.stringify(file.dataset.personName(Tag.PatientName)) !== JSON.stringify(header.patientName))
          surprises.push(`${path}: another name`);
        const [rowsThere, , frames] = size.split('x').map(Number);
        if (rowsThere !== undefined && header.rows !== undefined && rowsThere !== header.rows) surprises.push(`${path}: rows`);
        if (frames !== undefined && frames > 0 && header.numberOfFrames !== frames) surprises.push(`${path}: frames`);
        if (file.pixelData?.encapsulated !== true) continue;
        const found = readFrameFragments(file.source, file.pixelData, header.numberOfFrames);
        const empty = found.frames.filter((frame) => frame.length === 0).length;
        // Video is one stream for all frames.
        if (empty > 0 && dcmdump.startsWith('ok') && transferSyntaxOf(header.transferSyntaxUID)?.video !== true)
          surprises.push(`${path}: ${empty} frames not found`);
      } catch (error) {
        if (!(error instanceof PhosphorError) || !REFUSALS.has(error.kind)) surprises.push(`${path}: ${String(error)}`);
      }
    }
    expect(surprises).toEqual([]);
    expect(headers).toBeGreaterThan(files.length * 0.9);
  });

  it('have the transfer syntax that others find', () => {
    const wrong = files.filter(({ path, syntax, dcmdump }) => {
      if (!syntax.startsWith('1.2') || !dcmdump.startsWith('ok')) return false;
      return readPart10Meta(readFileSync(join(data ?? '', path))).transferSyntaxUID !== syntax;
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});
