import { build, type Configuration, Platform } from 'electron-builder';
import { configuration } from '../electron-builder.ts';
import { ROOT } from './root.ts';

export interface PackOptions {
  readonly output: string;
  /** Folder of an Electron for this system; without it electron-builder downloads one. */
  readonly electronDist?: string;
  /** Changes for this run (tests: no fuses on a program that is none). */
  readonly changes?: Partial<Configuration>;
}

/** Packs dist/ into the unpacked application of this system (target `dir`). Resolves with the output folder. */
export async function pack({ output, electronDist, changes = {} }: PackOptions): Promise<string> {
  await build({
    projectDir: ROOT,
    targets: Platform.current().createTarget('dir'),
    config: {
      ...configuration,
      ...changes,
      directories: { ...configuration.directories, output },
      ...(electronDist === undefined ? {} : { electronDist }),
    },
  });
  return output;
}
