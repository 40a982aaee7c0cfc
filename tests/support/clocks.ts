import type { Clocks } from '../../electron/associations/index.ts';
import { DEFAULT_SETTINGS } from '../../electron/workstation/settings-text.ts';

/** The defaults of the settings, with what a test changes. Seconds. */
export function clocks(changes: Partial<Clocks> = {}): Clocks {
  return { ...DEFAULT_SETTINGS.clocks, ...changes };
}
