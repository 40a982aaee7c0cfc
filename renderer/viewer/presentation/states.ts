import type { FileRange } from '../../../shared/contract/dicom-json.ts';
import type { Client } from '../../api/index.ts';
import { loadObject, type StoredObject, swapped } from '../dataset/stored-object.ts';
import { StudyDocuments } from '../dataset/study-documents.ts';
import { bulkOfState, isPresentationState, readState } from './read-state.ts';
import { type PresentationState, refersTo } from './state.ts';

/** More states than anybody chooses from. */
const MAX_STATES = 500;

/** The presentation states of the open studies; found by the image that they are about. */
export function presentationStates(client: Pick<Client, 'invoke' | 'instanceRequest'>): StudyDocuments<PresentationState> {
  return new StudyDocuments(MAX_STATES, (studies) =>
    studies
      .flatMap(({ series }) => series.flatMap(({ frames }) => frames))
      .filter(({ instance }) => isPresentationState(instance.sopClassUID))
      .map(({ instance: { sopInstanceUID } }) => ({ sopInstanceUID, read: () => stateOf(client, sopInstanceUID) })),
  );
}

async function stateOf(client: Pick<Client, 'invoke' | 'instanceRequest'>, sopInstanceUID: string): Promise<PresentationState | undefined> {
  const object = await loadObject(client, sopInstanceUID);
  const tables = new Map<string, Uint8Array>();
  // Those of a deflated data set are named as not applied.
  for (const range of object.header.deflatedFrom === undefined ? bulkOfState(object.root) : [])
    tables.set(nameOf(range), await tableOf(object, range));
  return readState(object.root, (range) => tables.get(nameOf(range)));
}

async function tableOf(object: StoredObject, range: FileRange): Promise<Uint8Array> {
  if (range.length > MAX_TABLE_BYTES) return new Uint8Array(0);
  const bytes = (await object.span([range]))(range);
  return object.header.bigEndian === true ? swapped(bytes, 2) : bytes;
}

/** 65,536 entries of 16 bits. */
const MAX_TABLE_BYTES = 131_072;

function nameOf({ offset, length }: FileRange): string {
  return `${offset},${length}`;
}

/** Of some states those that are about a frame (0-based) of an image. */
export function statesOf(states: readonly PresentationState[], sopInstanceUID: string, frame: number): PresentationState[] {
  return states.filter(({ images }) => refersTo(images, sopInstanceUID, frame));
}
