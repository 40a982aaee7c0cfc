import type { Client } from '../../api/index.ts';
import { loadObject } from '../dataset/stored-object.ts';
import { StudyDocuments } from '../dataset/study-documents.ts';
import type { Room } from './bulk-values.ts';
import { isPresentationState } from './read-state.ts';
import { type PresentationState, refersTo } from './state.ts';
import { stateOf } from './stored-state.ts';

/** More states than anybody chooses from. */
const MAX_STATES = 500;

/** The presentation states of the open studies; found by the image that they are about. */
export function presentationStates(client: Pick<Client, 'invoke' | 'instanceRequest'>): StudyDocuments<PresentationState> {
  const room: Room = { left: MAX_BYTES };
  return new StudyDocuments(MAX_STATES, (studies) =>
    studies
      .flatMap(({ series }) => series.flatMap(({ frames }) => frames))
      .filter(({ instance }) => isPresentationState(instance.sopClassUID))
      .map(({ instance: { sopInstanceUID } }) => ({
        sopInstanceUID,
        read: async () => stateOf(await loadObject(client, sopInstanceUID), room),
      })),
  );
}

/** Tables and overlays of all states that are open. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Of some states those that are about a frame (0-based) of an image. */
export function statesOf(states: readonly PresentationState[], sopInstanceUID: string, frame: number): PresentationState[] {
  return states.filter(({ images }) => refersTo(images, sopInstanceUID, frame));
}
