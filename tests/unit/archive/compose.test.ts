import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Archive, locateInstance } from '../../../electron/archive/index.ts';
import { Dataset, memorySource, readPart10, Tag, tagOf } from '../../../electron/dicom/dataset/index.ts';
import { HeldContents } from '../../../electron/workstation/held-contents.ts';
import { type ComposeContent, composeContent, MAX_CAPTURE } from '../../../shared/contract/index.ts';
import { png } from '../../support/foreign-files.ts';
import { finished, opened, STORE, sample, store, writerOf } from './fixtures.ts';

const STUDY = '1.2.3';
const IMAGE = '1.2.3.4.5.6.1';

async function archiveWithImage(): Promise<Archive> {
  const archive = await opened();
  const writer = writerOf(archive);
  const attributes = { SpecificCharacterSet: 'ISO_IR 100', PatientName: 'Müller^Jörg', StudyID: 'S1', LossyImageCompression: '01' };
  await store(writer, sample(IMAGE, attributes), STORE);
  await archive.settled();
  return archive;
}

const compose = async (archive: Archive, content: ComposeContent, picture?: Uint8Array) => {
  const made = await finished(
    archive.job('compose', {
      studyInstanceUID: STUDY,
      content: composeContent.parse(content),
      ...(picture === undefined ? {} : { picture }),
    }),
  );
  await archive.settled();
  const { dataset } = readPart10(memorySource(fs.readFileSync(locateInstance(archive.location, made.result.sopInstanceUID))));
  return { ...made, dataset };
};

const at = (dataset: Dataset, keyword: string): Dataset[] => [...dataset.items(tagOf(keyword) ?? 0)];
const textOf = (dataset: Dataset, keyword: string): string => dataset.string(tagOf(keyword) ?? 0);

describe('what is made of marks', () => {
  it('is a new series of the study that it is about, under the same patient', async () => {
    const archive = await archiveWithImage();
    const { dataset, items, result } = await compose(archive, {
      kind: 'key-images',
      title: 'Schlüsselbilder',
      images: [{ sopInstanceUID: IMAGE }],
    });
    expect(items).toEqual([{ kind: 'composed', seriesInstanceUID: result.seriesInstanceUID, sopInstanceUID: result.sopInstanceUID }]);
    expect(dataset.string(Tag.PatientName)).toBe('Müller^Jörg');
    expect(dataset.string(Tag.SpecificCharacterSet), 'words of any script fit').toBe('ISO_IR 192');
    expect(dataset.string(Tag.StudyID)).toBe('S1');
    expect(dataset.uid(Tag.StudyInstanceUID)).toBe(STUDY);
    const series = await archive.series(STUDY);
    expect(series.map(({ modality, seriesDescription, seriesNumber }) => [modality, seriesDescription, seriesNumber])).toContainEqual([
      'KO',
      'Schlüsselbilder',
      9001,
    ]);
    await compose(archive, { kind: 'key-images', title: 'again', images: [{ sopInstanceUID: IMAGE }] });
    expect((await archive.series(STUDY)).map(({ seriesNumber }) => seriesNumber)).toContain(9002);
  });

  it('names the image, its frame and its SOP class as the archive knows them', async () => {
    const archive = await archiveWithImage();
    const { dataset } = await compose(archive, { kind: 'key-images', title: 'Key', images: [{ sopInstanceUID: IMAGE, frameNumber: 3 }] });
    const [item] = at(dataset, 'ContentSequence');
    const [reference = new Dataset()] = at(item ?? new Dataset(), 'ReferencedSOPSequence');
    expect(textOf(reference, 'ReferencedSOPInstanceUID')).toBe(IMAGE);
    expect(textOf(reference, 'ReferencedSOPClassUID')).toBe('1.2.840.10008.5.1.4.1.1.2');
    expect(textOf(reference, 'ReferencedFrameNumber')).toBe('3');
    const [study = new Dataset()] = at(dataset, 'CurrentRequestedProcedureEvidenceSequence');
    expect(textOf(study, 'StudyInstanceUID')).toBe(STUDY);
  });

  it('is refused where an image of it is of another study, or nowhere', async () => {
    const archive = await archiveWithImage();
    const images = [{ sopInstanceUID: IMAGE }, { sopInstanceUID: '9.9.9' }];
    await expect(compose(archive, { kind: 'key-images', title: 'Key', images })).rejects.toMatchObject({ kind: 'not-found' });
    expect(await archive.series(STUDY)).toHaveLength(1);
  });
});

describe('a capture', () => {
  const content = { kind: 'capture', title: 'Capture', image: { sopInstanceUID: IMAGE }, columns: 5, rows: 3 } as const;
  const picture = png({ columns: 5, rows: 3, depth: 8, colour: 2 }, (x, y, channel) => x * 10 + y + (channel ?? 0) * 100);

  it('holds the pixels of the picture, says that it is burned in, from which image it is, and that the image was lossy', async () => {
    const archive = await archiveWithImage();
    const { dataset, result } = await compose(archive, content, picture);
    expect(textOf(dataset, 'BurnedInAnnotation')).toBe('YES');
    expect(textOf(dataset, 'LossyImageCompression')).toBe('01');
    expect(textOf(dataset, 'ConversionType')).toBe('WSD');
    const [source = new Dataset()] = at(dataset, 'SourceImageSequence');
    expect(textOf(source, 'ReferencedSOPInstanceUID')).toBe(IMAGE);
    const manifest = await archive.manifest({ studyInstanceUID: STUDY, seriesInstanceUID: result.seriesInstanceUID });
    expect(manifest?.instances[0]?.image).toMatchObject({ rows: 3, columns: 5, photometricInterpretation: 'RGB' });
    const file = fs.readFileSync(locateInstance(archive.location, result.sopInstanceUID));
    expect(file.length % 2).toBe(0);
  });

  it('of a picture that is none, or of another size, is refused', async () => {
    const archive = await archiveWithImage();
    for (const wrong of [
      undefined,
      new Uint8Array(10),
      picture.subarray(0, 40),
      png({ columns: 6, rows: 3, depth: 8, colour: 2 }, () => 0),
    ]) {
      await expect(compose(archive, content, wrong)).rejects.toMatchObject({ kind: 'damaged' });
    }
    expect(await archive.series(STUDY)).toHaveLength(1);
  });

  it('is held in memory for one action, within bounds', () => {
    const held = new HeldContents();
    const contentId = held.hold(content);
    held.addPicture(contentId, Buffer.from('ab').toString('base64'));
    held.addPicture(contentId, Buffer.from('cd').toString('base64'));
    expect(Buffer.from(held.take(contentId)?.picture ?? []).toString()).toBe('abcd');
    expect(held.take(contentId)).toBeUndefined();
    expect(() => held.addPicture(contentId, 'YWI=')).toThrow(expect.objectContaining({ kind: 'not-found' }));
    const many = Array.from({ length: 16 }, () => held.hold(content));
    expect(() => held.hold(content)).toThrow(expect.objectContaining({ kind: 'limit-exceeded' }));
    expect(held.take(many[0] ?? '', Date.now() + 7_200_000), 'an hour at most').toBeUndefined();
    expect(composeContent.safeParse({ ...content, columns: 65_535, rows: Math.ceil(MAX_CAPTURE / 65_535) }).success).toBe(false);
  });
});
