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
  startEndToEnd(): Promise<EndToEndRun>;
}
interface EndToEndRun extends AsyncDisposable {
  beside(): Promise<Results>;
  alone(): Promise<Results>;
}

interface Results {
  passed: number;
  failed: number;
  /** Names of those that failed. */
  failures: string[];
  /** What did not run and why, one sentence each. */
  notRun: string[];
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
  const all: Results = { passed: 0, failed: 0, failures: [], notRun: [] };
  const endToEnd = join(ROOT, 'tests', 'e2e', 'run.ts');
  if (filters.length > 0) {
    add(all, await unitAndPeers(filters));
    all.notRun.push('end-to-end tests: only some test files were asked for');
  } else if (existsSync(endToEnd)) {
    // A window waits much of its time, and so do many of the others: side by side they use the cores. What measures comes when all is quiet.
    const { startEndToEnd } = (await import(pathToFileURL(endToEnd).href)) as EndToEnd;
    await using run = await startEndToEnd();
    for (const results of await Promise.all([unitAndPeers([]), guarded(run.beside)])) add(all, results);
    add(all, await guarded(run.alone));
  } else {
    add(all, await unitAndPeers([]));
  }
  const { passed, failed, failures, notRun } = all;
  if (installedElectron() === undefined && !notRun.some((line) => line.includes('Electron'))) {
    notRun.push('the real Electron window: no Electron program is installed (ELECTRON_OVERRIDE_DIST_PATH names one elsewhere)');
  }

  say('');
  for (const line of notRun) say(`not run: ${line}`);
  for (const line of failures) say(`failed: ${line}`);
  say(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function unitAndPeers(filters: string[]): Promise<Results> {
  const vitest = await startVitest('test', filters, { run: true, watch: false, root: ROOT });
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const failures = tests
    .filter((one) => one.result().state === 'failed')
    .map((one) => `${one.fullName} (${one.module.moduleId.slice(ROOT.length + 1)})`);
  // A file that could not be loaded, or a fault outside every test, fails too.
  const broken = modules.filter((module) => module.errors().length > 0).map((module) => module.moduleId.slice(ROOT.length + 1));
  const faults = broken.length + vitest.state.getUnhandledErrors().length;
  await vitest.close();
  return {
    passed: tests.filter((one) => one.result().state === 'passed').length,
    failed: failures.length + faults,
    failures: [...failures, ...broken],
    notRun: tests
      .filter((one) => one.result().state === 'skipped')
      .map((one) => `${one.fullName}: skipped in ${one.module.moduleId.slice(ROOT.length + 1)}`),
  };
}

async function guarded(run: () => Promise<Results>): Promise<Results> {
  try {
    return await run();
  } catch (thrown) {
    say(`The end-to-end run broke off: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : 'unknown reason'}`);
    return { passed: 0, failed: 1, failures: [], notRun: [] };
  }
}

function add(all: Results, { passed, failed, failures, notRun }: Results): void {
  all.passed += passed;
  all.failed += failed;
  all.failures.push(...failures);
  all.notRun.push(...notRun);
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
