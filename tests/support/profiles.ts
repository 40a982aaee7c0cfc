import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { temporaryFolder } from './temporary.ts';
import { phosphor } from './workstation.ts';

/** A PACS as `phosphor node add` takes it. */
interface KnownPacs {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly aeTitle: string;
}

const patterns = new Map<string, Promise<Awaited<ReturnType<typeof temporaryFolder>>>>();

afterAll(async () => {
  for (const pattern of patterns.values()) await (await pattern)[Symbol.asyncDispose]();
});

/** Makes `profile` one that knows a PACS. Only the first for that PACS in a test file is made by the command line, the others are copies of it. */
export async function writeProfile(profile: string, pacs: KnownPacs): Promise<void> {
  await copyOf(JSON.stringify(pacs), profile, async (path) => {
    const to = ['--host', pacs.host, '--port', String(pacs.port), '--ae', pacs.aeTitle];
    const added = await phosphor(['node', 'add', pacs.name, ...to, '--profile', path]);
    expect(added.stderr + added.stdout).not.toContain('    at ');
    expect(added.code, added.stderr).toBe(0);
  });
}

/** Makes a profile by `make` when it is the first of its name in a test file, else by copying that. */
export async function copyOf(name: string, profile: string, make: (profile: string) => Promise<void>): Promise<void> {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    pattern = made(make);
    patterns.set(name, pattern);
  }
  await cp(join((await pattern).path, 'profile'), profile, { recursive: true });
}

async function made(make: (profile: string) => Promise<void>): ReturnType<typeof temporaryFolder> {
  const folder = await temporaryFolder('pattern');
  await make(join(folder.path, 'profile'));
  return folder;
}
