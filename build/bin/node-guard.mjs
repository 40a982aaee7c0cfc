import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The one guard of every script: plain JavaScript that any Node can read. On a Node that cannot run the sources it runs the script on the
 * project's own Node and ends with its exit code, or says in one line what is needed and ends with 1. Resolves only on a usable Node.
 *
 * @param {string} script file URL of the script that was started
 * @returns {Promise<void>}
 */
export async function ensureNode(script) {
  if (isUsable(process.versions.node)) return;
  const own = fileURLToPath(new URL(`../../node_modules/.bin/node${process.platform === 'win32' ? '.exe' : ''}`, import.meta.url));
  if (!existsSync(own) || process.env.PHOSPHOR_NODE === 'own') {
    process.stderr.write(
      `Phosphor needs Node 24 (24.9 or newer); this is ${process.versions.node}. \`npm ci\` brings it along on Linux (x64); elsewhere install it.\n`,
    );
    process.exit(1);
  }
  const child = spawn(own, [fileURLToPath(script), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PHOSPHOR_NODE: 'own' },
  });
  // The terminal sends Ctrl-C to both; the child decides what it means. What is sent to this process alone is passed on.
  process.on('SIGINT', () => undefined);
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (status) => resolve(status ?? 1));
  });
  process.exit(code);
}

/**
 * @param {string} version as in process.versions.node
 * @returns {boolean}
 */
export function isUsable(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 24 && minor >= 9) || major >= 26;
}
