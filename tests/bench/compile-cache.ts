import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The environment of a process that stands for the program: like `build/bin/phosphor.mjs` it loads compiled code from Node's cache. Without it each
 * thread strips the types anew, which costs some 10 MB a thread.
 */
export const WITH_COMPILE_CACHE: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
};
