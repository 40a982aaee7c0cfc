import { type Archive, locateInstance } from '../../../electron/archive/index.ts';

export * from './fixtures.ts';

/** The stored file of an instance. */
export function locate(archive: Archive, sopInstanceUID: string): string {
  return locateInstance(archive.location, sopInstanceUID);
}
