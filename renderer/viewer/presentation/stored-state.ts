import type { StoredObject } from '../dataset/stored-object.ts';
import { type Room, readBulk } from './bulk-values.ts';
import { readState } from './read-state.ts';
import type { PresentationState } from './state.ts';

/** A stored presentation state; undefined for another object. Its long values are taken from `room`. */
export async function stateOf(object: StoredObject, room: Room): Promise<PresentationState | undefined> {
  return readState(object.root, await readBulk(object, room));
}
