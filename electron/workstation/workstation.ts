import { openArchive } from '../archive/index.ts';
import { createAssociationPool, moveMessageIds, startListener } from '../associations/index.ts';
import { composeWorkstation } from './compose.ts';
import type { OpenWorkstation } from './types.ts';

/** Opens the workstation over its real rooms. One process per profile. */
export const openWorkstation: OpenWorkstation = (options) =>
  composeWorkstation(options, { openArchive, createAssociationPool, startListener, messageIds: moveMessageIds });
