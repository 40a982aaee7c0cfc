import type { Clocks } from '../../electron/associations/index.ts';

/** The defaults of the settings, with what a test changes. Seconds. */
export function clocks(changes: Partial<Clocks> = {}): Clocks {
  return {
    connect: 10,
    association: 30,
    release: 5,
    dimseResponse: 60,
    pduReceive: 60,
    writeProgress: 30,
    idle: 60,
    cancelGrace: 5,
    retrieveStall: 600,
    retrieveStallThirdParty: 3600,
    retrieveTotal: 0,
    ...changes,
  };
}
