import { type ChildProcess, spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';
import { sourceHash } from './source-hash.ts';

/**
 * `npm run dev`: starts the workstation as `npm start` does (with the same options) and starts it again whenever something it consists of
 * has changed; `start` builds what is stale. Ends when the window is closed or with Ctrl-C.
 */
const WATCHED = ['electron', 'shared', 'renderer', 'vite.config.ts'];
/** Editors write a file in several steps. */
const SETTLE_MS = 200;

let child: ChildProcess | undefined;
let restarting = false;
let timer: NodeJS.Timeout | undefined;
let hash = await sourceHash(ROOT, WATCHED);

function start(): void {
  const started = spawn(process.execPath, [join(ROOT, 'build', 'scripts', 'start.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
  child = started;
  started.once('exit', (code) => {
    child = undefined;
    if (restarting) {
      restarting = false;
      start();
    } else if (code === 0) {
      process.exit(0);
    } else {
      process.stdout.write('It ended with an error; the next change starts it again.\n');
    }
  });
}

async function onChange(): Promise<void> {
  const now = await sourceHash(ROOT, WATCHED);
  if (now === hash) return;
  hash = now;
  process.stdout.write('Something changed: starting again.\n');
  if (child === undefined) start();
  else if (!restarting) {
    restarting = true;
    child.kill('SIGTERM');
  }
}

for (const path of WATCHED) {
  watch(join(ROOT, path), { recursive: !path.includes('.') }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void onChange(), SETTLE_MS);
  });
}
// The terminal sends Ctrl-C to the child as well; it closes in order and takes this process with it.
process.on('SIGINT', () => {
  restarting = false;
  if (child === undefined) process.exit(0);
});
process.on('SIGTERM', () => {
  restarting = false;
  if (child === undefined) process.exit(0);
  child.kill('SIGTERM');
});
start();
