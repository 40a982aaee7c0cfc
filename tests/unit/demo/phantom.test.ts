import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeHeadCT } from '../../../electron/demo/phantom/ct-head.ts';
import { generateSyntheticStudies } from '../../../electron/demo/phantom/index.ts';
import { PEOPLE, type Person } from '../../../electron/demo/phantom/people.ts';
import type { StudyPlan } from '../../../electron/demo/phantom/study.ts';
import { writeUltrasoundCine } from '../../../electron/demo/phantom/ultrasound.ts';
import { memorySource, readPart10, StreamingHeader, Tag } from '../../../electron/dicom/dataset/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'phosphor-phantom-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const plan = (key: string, person: Person): StudyPlan => ({
  key,
  person,
  date: '20260101',
  time: '080000',
  description: 'Test',
  accession: 'T1',
  referrer: 'Test^Doctor',
  bodyPart: 'HEAD',
  age: '050Y',
});

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const hashOf = (files: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
};

describe('the head CT', () => {
  const folder = join(directory, 'head');
  let files: string[] = [];
  let counted = 0;
  beforeAll(() => {
    writeHeadCT(folder, plan('test-head', PEOPLE.astrid), { slices: 6, haemorrhage: true }, () => {
      counted += 1;
    });
    files = filesOf(folder);
  });

  it('has as many images as asked for, in one series, evenly spaced upwards', () => {
    expect([files.length, counted]).toEqual([6, 6]);
    const images = files.map((file) => readPart10(memorySource(readFileSync(file))).dataset);
    expect(new Set(images.map((image) => image.uid(Tag.SeriesInstanceUID))).size).toBe(1);
    expect(new Set(images.map((image) => image.uid(Tag.SOPInstanceUID))).size).toBe(6);
    const heights = images.map((image) => image.numbers(Tag.ImagePositionPatient)[2] ?? Number.NaN);
    const gaps = heights.slice(1).map((height, index) => height - (heights[index] ?? 0));
    for (const gap of gaps) expect(gap).toBeCloseTo(166 / 6, 2);
  });

  it('shows air around, bone, brain and blood in Hounsfield units', () => {
    const file = readPart10(memorySource(readFileSync(files[3] ?? '')));
    const { offset = 0, length = 0 } = file.pixelData ?? {};
    const bytes = file.source.read(offset, length);
    const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length));
    expect(samples.length).toBe(512 * 512);
    const share = (low: number, high: number): number => samples.filter((value) => value >= low && value <= high).length / samples.length;
    expect(samples[5]).toBeLessThan(-950);
    expect(share(-1024, -900)).toBeGreaterThan(0.3);
    expect(share(15, 55)).toBeGreaterThan(0.2);
    expect(share(400, 1400)).toBeGreaterThan(0.03);
  });

  it('is the same to the byte in every run', () => {
    const again = join(directory, 'head-again');
    writeHeadCT(again, plan('test-head', PEOPLE.astrid), { slices: 6, haemorrhage: true }, () => undefined);
    expect(hashOf(filesOf(again))).toBe(hashOf(files));
  });

  it('is read by dcmdump and dcm2pnm without a complaint', () => {
    const dump = execFileSync('dcmdump', ['-q', '+U8', files[0] ?? ''], { encoding: 'utf8' });
    expect(dump).toContain('[Sjöberg^Åsa^Margareta]');
    expect(() => execFileSync('dcm2pnm', ['+Ww', '40', '80', files[0] ?? '', join(directory, 'out.pgm')], { stdio: 'pipe' })).not.toThrow();
  });
});

describe('the people', () => {
  it.each(Object.values(PEOPLE))('$name survives its character set', (person: Person) => {
    const folder = join(directory, person.id);
    writeHeadCT(folder, plan(`name-${person.id}`, person), { slices: 1, haemorrhage: false }, () => undefined);
    const bytes = readFileSync(filesOf(folder)[0] ?? '');
    const file = readPart10(memorySource(bytes));
    const { alphabetic, ideographic, phonetic } = file.dataset.personName(Tag.PatientName);
    expect([alphabetic, ideographic, phonetic].filter((group) => group !== undefined).join('=')).toBe(person.name);
    const header = new StreamingHeader(file.meta.transferSyntaxUID);
    header.push(bytes.subarray(file.meta.dataSetOffset));
    expect(header.finish().patientName.alphabetic).toBe(alphabetic);
  });
});

describe('the ultrasound cine', () => {
  it('is a colour loop of 40 frames that move', () => {
    const folder = join(directory, 'us');
    writeUltrasoundCine(folder, plan('test-us', PEOPLE.maria));
    const file = readPart10(memorySource(readFileSync(filesOf(folder)[0] ?? '')));
    expect(file.dataset.number(Tag.NumberOfFrames)).toBe(40);
    expect(file.dataset.number(Tag.FrameTime)).toBe(33.3);
    const frame = 640 * 480 * 3;
    expect(file.pixelData?.length).toBe(frame * 40);
    const at = (index: number): string =>
      createHash('sha256')
        .update(file.source.read((file.pixelData?.offset ?? 0) + index * frame, frame))
        .digest('hex');
    expect(new Set([0, 8, 16, 24, 32].map(at)).size).toBe(5);
  });
});

describe('synthetic studies', () => {
  const options = { patients: 4, studiesPerPatient: 2, seriesPerStudy: 2, instancesPerSeries: 25, rows: 64, columns: 48, seed: 5 };

  it('come in the numbers asked for, with different pictures, and quickly', () => {
    const folder = join(directory, 'synthetic');
    const summary = generateSyntheticStudies(options, folder);
    expect(summary.instances).toBe(400);
    expect(summary.studies.length).toBe(8);
    expect(filesOf(folder)).toEqual([...summary.files].sort());
    const headers = summary.files.map((file) => readPart10(memorySource(readFileSync(file))).dataset);
    expect(new Set(headers.map((header) => header.uid(Tag.SOPInstanceUID))).size).toBe(400);
    expect(new Set(headers.map((header) => header.uid(Tag.StudyInstanceUID)))).toEqual(
      new Set(summary.studies.map((study) => study.studyInstanceUID)),
    );
    expect(headers[0]?.number(Tag.Columns)).toBe(48);
  });

  it('are others for another seed and the same for the same', () => {
    const one = generateSyntheticStudies({ ...options, patients: 1 }, join(directory, 'one'));
    const same = generateSyntheticStudies({ ...options, patients: 1 }, join(directory, 'same'));
    const other = generateSyntheticStudies({ ...options, patients: 1, seed: 6 }, join(directory, 'other'));
    expect(hashOf(same.files)).toBe(hashOf(one.files));
    expect(other.studies[0]?.studyInstanceUID).not.toBe(one.studies[0]?.studyInstanceUID);
  });
});
