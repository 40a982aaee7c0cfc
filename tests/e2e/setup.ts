import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the whole run for what every file may use: the first that needs the generated studies writes them there. */
    readonly sharedFolder: string;
  }
}

/** One folder for the run, below the system's temporary folder, removed at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'phosphor-e2e-shared-'));
  project.provide('sharedFolder', folder);
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
