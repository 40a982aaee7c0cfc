import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkLayers } from './layers.ts';
import { ROOT } from './root.ts';

/** `npm run check`: format and lint, types of both sides, layers, unused files, exports and packages. Every step runs; any failure fails. */
const STEPS: readonly { name: string; run: () => Promise<boolean> }[] = [
  { name: 'format and lint', run: () => tool('biome', ['ci', '--error-on-warnings', '.']) },
  { name: 'types, main side', run: () => tool('tsc', ['-p', '.']) },
  { name: 'types, renderer', run: () => tool('tsc', ['-p', 'renderer']) },
  { name: 'layers', run: layers },
  { name: 'unused exports, files, packages', run: () => tool('knip', ['--no-progress']) },
];

let failed = 0;
for (const { name, run } of STEPS) {
  const started = performance.now();
  const passed = await run();
  if (!passed) failed += 1;
  process.stdout.write(`${passed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
}
process.exit(failed === 0 ? 0 : 1);

async function layers(): Promise<boolean> {
  const violations = await checkLayers(ROOT);
  for (const { file, imported, why } of violations) process.stdout.write(`${file}: imports ${imported}: ${why}\n`);
  return violations.length === 0;
}

/** Runs a project's own tool; its output is shown when it fails. */
function tool(name: string, args: readonly string[]): Promise<boolean> {
  const program = join(ROOT, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);
  if (!existsSync(program)) {
    process.stdout.write(`${name} is not installed; run npm ci\n`);
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', () => resolve(false));
    child.once('close', (code) => {
      if (code !== 0) process.stdout.write(output.slice(-60_000));
      resolve(code === 0);
    });
  });
}
