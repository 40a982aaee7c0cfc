import { readFileSync } from 'node:fs';
import { elementsOfFile } from '../../electron/archive/instance-elements.ts';
import { type Dataset, encodeDataset, encodeFileMeta, TransferSyntaxUID, toDicomJson } from '../../electron/dicom/dataset/index.ts';
import { Item } from '../../renderer/viewer/dataset/item.ts';
import { StoredObject } from '../../renderer/viewer/dataset/stored-object.ts';

/** A file as the window gets it from the archive: its elements as JSON, its bytes by range. */
export function objectOfFile(path: string): StoredObject {
  const file = readFileSync(path);
  return new StoredObject(elementsOfFile(path, '1.2.3'), (range) =>
    Promise.resolve(range === undefined ? file : file.subarray(range.offset, range.offset + range.length)),
  );
}

/** A data set of a test as the window would read it. */
export function itemOf(dataset: Dataset): Item {
  return new Item(JSON.parse(JSON.stringify(toDicomJson(dataset))));
}

/** A data set as a Part 10 file. */
export function part10Of(dataset: Dataset, transferSyntaxUID: string = TransferSyntaxUID.ExplicitVRLittleEndian): Buffer {
  const meta = { sopClassUID: '1.2.840.10008.5.1.4.1.1.7', sopInstanceUID: '1.2.3.4', transferSyntaxUID };
  return Buffer.concat([encodeFileMeta(meta), encodeDataset(dataset, transferSyntaxUID)]);
}
