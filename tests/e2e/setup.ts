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

/** One folder for the run: the one that run.ts gives to all of its runs, else one of its own, removed at the end. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.PHOSPHOR_E2E_SHARED;
  if (given !== undefined) {
    project.provide('sharedFolder', given);
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'phosphor-e2e-shared-'));
  project.provide('sharedFolder', folder);
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
