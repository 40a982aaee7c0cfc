import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import {
  BASIC_PROFILE,
  type DeIdentificationOptions,
  dataSetPieces,
  deIdentify,
  ProjectKey,
} from '../../../electron/dicom/dataset/de-identification/index.ts';
import { Dataset, memorySource, type Part10File, readPart10, Tag } from '../../../electron/dicom/dataset/index.ts';
import { transferSyntaxOf } from '../../../electron/dicom/dataset/transfer-syntaxes.ts';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';

const KEY = new ProjectKey('trial', Buffer.alloc(32, 7));
const FOLDER = realDicomFolder();
const LARGEST = 8 * 1024 * 1024;

/** Everything off that takes away, everything on that keeps: the most that may stay. */
const GENEROUS: DeIdentificationOptions = {
  retainUIDs: false,
  dates: 'shift',
  retainPatientCharacteristics: true,
  retainDeviceIdentity: true,
  retainInstitutionIdentity: true,
  cleanDescriptors: true,
  cleanStructuredContent: true,
  cleanGraphics: true,
  retainSafePrivate: true,
};

const files = filesBelow(FOLDER).flatMap((path) => {
  const bytes = readFileSync(path);
  if (bytes.length > LARGEST) return [];
  try {
    const file = readPart10(memorySource(bytes));
    return file.dataset.uid(Tag.SOPInstanceUID) === '' || file.dataset.uid(Tag.SOPClassUID) === '' ? [] : [{ path, file }];
  } catch {
    return [];
  }
});

async function headerAfter(file: Part10File, options: DeIdentificationOptions): Promise<Buffer> {
  const { dataset } = deIdentify({ dataset: file.dataset, key: KEY, options });
  // Deflated bytes say nothing to a search.
  const deflated = transferSyntaxOf(file.meta.transferSyntaxUID)?.deflated === true;
  const transferSyntaxUID = deflated ? '1.2.840.10008.1.2.1' : file.meta.transferSyntaxUID;
  const pieces: Uint8Array[] = [];
  for await (const piece of dataSetPieces(dataset, { source: file.source, pixelData: undefined, transferSyntaxUID })) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Told from the data set alone, without the tables: names of persons, numbers of patient and order, UIDs of entities, the birth date. */
function identifyingValues(root: Dataset): Set<string> {
  const found = new Set<string>();
  const stack = [root];
  for (let dataset = stack.pop(); dataset !== undefined; dataset = stack.pop()) {
    for (const { tag, vr } of dataset) {
      if (vr === 'SQ') stack.push(...dataset.items(tag));
      else if (vr === 'PN') for (const value of dataset.strings(tag)) for (const part of value.split(/[=^\s,;.]+/)) found.add(part);
      else if (NUMBERS.has(tag)) for (const value of dataset.strings(tag)) found.add(value);
    }
  }
  for (const tag of UIDS) found.add(root.uid(tag));
  return new Set([...found].filter((value) => [...value].length >= 4 && !value.startsWith('1.2.840.10008.') && !OURS.has(value)));
}

/** Words of what we write ourselves: dummy values, and the names of the options used. */
const OURS = new Set(['REMOVED', 'Patient']);

const NUMBERS = new Set([0x00100020, 0x00101000, 0x00080050, 0x00380010, 0x00100030, 0x00101090]);
const UIDS = [Tag.SOPInstanceUID, Tag.StudyInstanceUID, Tag.SeriesInstanceUID, 0x00200052];
const ENCODINGS = ['utf8', 'latin1', 'utf16le', 'iso88592', 'iso88595', 'iso88597', 'iso88598', 'gb18030', 'euc-kr', 'shiftjis', 'euc-jp'];

function survivors(values: ReadonlySet<string>, bytes: Buffer): string[] {
  return [...values].filter((value) =>
    ENCODINGS.some((encoding) => {
      const needle = iconv.encode(value, encoding);
      // A character that the encoding lacks becomes `?`.
      if (iconv.decode(needle, encoding) !== value) return false;
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
        const around = [bytes[at - 1] ?? 0, bytes[at + needle.length] ?? 0];
        if (!around.some((byte) => /[A-Za-z0-9]/.test(String.fromCharCode(byte)))) return true;
      }
      return false;
    }),
  );
}

describe('de-identified real files', () => {
  it('there are real files to try', () => expect(files.length).toBeGreaterThan(20));

  for (const [name, options] of [
    ['the Basic Profile', BASIC_PROFILE],
    ['every option that keeps something', GENEROUS],
  ] as const) {
    it(`hold no name, number or UID of the original in any encoding, under ${name}`, async () => {
      const left: string[] = [];
      for (const { path, file } of files) {
        const found = survivors(identifyingValues(file.dataset), await headerAfter(file, options));
        if (found.length > 0) left.push(`${relative(FOLDER, path)}: ${found.join(' ')}`);
      }
      expect(left).toEqual([]);
    });
  }

  it('still describe the same image, and can be read', async () => {
    for (const { path, file } of files) {
      const { dataset } = deIdentify({ dataset: file.dataset, key: KEY, options: BASIC_PROFILE });
      const pieces: Uint8Array[] = [];
      const { source, pixelData, meta } = file;
      for await (const piece of dataSetPieces(dataset, { source, pixelData, transferSyntaxUID: meta.transferSyntaxUID }))
        pieces.push(piece);
      const again = readPart10(memorySource(asFile(file, Buffer.concat(pieces))));
      expect(again.truncated, path).toBe(false);
      for (const tag of [Tag.Rows, Tag.Columns, Tag.BitsStored, Tag.PhotometricInterpretation, Tag.NumberOfFrames]) {
        expect(again.dataset.string(tag), path).toBe(file.dataset.string(tag));
      }
      expect(again.dataset.string(0x00120062), path).toBe('YES');
      expect((again.pixelData?.length ?? 0) > 0, path).toBe((file.pixelData?.length ?? 0) > 0);
    }
  });
});

/** With the File Meta Information that tells the transfer syntax. */
function asFile(file: Part10File, dataSet: Buffer): Buffer {
  const meta = new Dataset();
  meta.set(Tag.TransferSyntaxUID, file.meta.transferSyntaxUID);
  const element = Buffer.alloc(8);
  const uid = Buffer.from(file.meta.transferSyntaxUID.padEnd(Math.ceil(file.meta.transferSyntaxUID.length / 2) * 2, '\0'), 'latin1');
  element.writeUInt16LE(0x0002, 0);
  element.writeUInt16LE(0x0010, 2);
  element.write('UI', 4, 'latin1');
  element.writeUInt16LE(uid.length, 6);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element, uid, dataSet]);
}
