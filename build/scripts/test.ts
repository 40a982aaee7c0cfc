import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startVitest } from 'vitest/node';
import { buildRenderer } from './build-renderer.ts';
import { installedElectron } from './electron-binary.ts';
import { installPackages, missingPackages } from './needed-programs.ts';
import { ROOT } from './root.ts';

/** What tests/e2e/run.ts exports. */
interface EndToEnd {
  runE2E(): Promise<{ passed: number; failed: number; failures: string[]; notRun: string[] }>;
}

/** `npm test`: sets up what the tests need, runs all of them, and ends by naming what did not run and why. */
async function test(): Promise<number> {
  const missing = missingPackages();
  if (missing.length > 0) {
    say(`Installing ${missing.join(', ')} for the tests …`);
    if (!installPackages(missing) || missingPackages().length > 0) {
      say(`The tests need these Debian packages: sudo apt-get install -y ${missingPackages().join(' ')}`);
      return 1;
    }
  }
  if (await buildRenderer()) say('The window was built.');

  const filters = process.argv.slice(2);
  const vitest = await startVitest('test', filters, { run: true, watch: false, root: ROOT });
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  let passed = tests.filter((one) => one.result().state === 'passed').length;
  const failures = tests
    .filter((one) => one.result().state === 'failed')
    .map((one) => `${one.fullName} (${one.module.moduleId.slice(ROOT.length + 1)})`);
  let failed = failures.length;
  // A file that could not be loaded, or a fault outside every test, fails too.
  failed += modules.filter((module) => module.errors().length > 0).length + vitest.state.getUnhandledErrors().length;
  const notRun = tests
    .filter((one) => one.result().state === 'skipped')
    .map((one) => `${one.fullName}: skipped in ${one.module.moduleId.slice(ROOT.length + 1)}`);
  await vitest.close();

  if (filters.length > 0) {
    notRun.push('end-to-end tests: only some test files were asked for');
  } else {
    const endToEnd = join(ROOT, 'tests', 'e2e', 'run.ts');
    if (existsSync(endToEnd)) {
      const { runE2E } = (await import(pathToFileURL(endToEnd).href)) as EndToEnd;
      try {
        const result = await runE2E();
        passed += result.passed;
        failed += result.failed;
        failures.push(...result.failures);
        notRun.push(...result.notRun);
      } catch (thrown) {
        failed += 1;
        say(`The end-to-end run broke off: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : 'unknown reason'}`);
      }
    }
  }
  if (installedElectron() === undefined && !notRun.some((line) => line.includes('Electron'))) {
    notRun.push('the real Electron window: no Electron program is installed (ELECTRON_OVERRIDE_DIST_PATH names one elsewhere)');
  }

  say('');
  for (const line of notRun) say(`not run: ${line}`);
  for (const line of failures) say(`failed: ${line}`);
  say(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(
  await test().catch((thrown: unknown) => {
    process.stderr.write(`The tests could not be run: ${thrown instanceof Error ? thrown.message : 'unknown reason'}\n`);
    return 1;
  }),
);
