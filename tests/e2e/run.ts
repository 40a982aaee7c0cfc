import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedElectron } from '../../build/scripts/electron-binary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What is read of vitest's own report. */
interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface E2EResult {
  readonly passed: number;
  readonly failed: number;
  /** Names of those that failed. */
  readonly failures: string[];
  /** What did not run and why, one sentence each. */
  readonly notRun: string[];
}

/** What measures: nothing may run beside it. */
const ALONE = 'tests/e2e/full-speed.e2e.ts';

/** The scenarios of a person's clicks, one file after the other. */
export interface EndToEndRun extends AsyncDisposable {
  /** Those that may run beside other tests. */
  beside(): Promise<E2EResult>;
  /** Those that measure: to be run when everything else has ended. */
  alone(): Promise<E2EResult>;
}

export async function startEndToEnd(): Promise<EndToEndRun> {
  const shared = await mkdtemp(join(tmpdir(), 'phosphor-e2e-run-'));
  return {
    beside: async () => {
      const result = await run(shared, ['--exclude', ALONE]);
      if (installedElectron() === undefined)
        result.notRun.push('the real Electron window: no Electron program is installed (ELECTRON_OVERRIDE_DIST_PATH names one elsewhere)');
      return result;
    },
    alone: () => run(shared, [ALONE]),
    [Symbol.asyncDispose]: () => rm(shared, { recursive: true, force: true, maxRetries: 5 }),
  };
}

async function run(shared: string, files: readonly string[]): Promise<E2EResult> {
  const report = join(shared, 'report.json');
  const child = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'tests/e2e/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...files,
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, PHOSPHOR_E2E_SHARED: shared } },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  await rm(report);
  const failures: string[] = [];
  const notRun: string[] = [];
  for (const { name, status, assertionResults } of testResults) {
    const path = relative(ROOT, name);
    const named = (wanted: string) => assertionResults.filter((one) => one.status === wanted).map(({ fullName }) => fullName);
    const failed = named('failed').map((fullName) => `${fullName} (${path})`);
    // What fails outside of its tests fails as a file: then its tests did not run for that.
    if (status === 'failed') failures.push(...(failed.length === 0 ? [path] : failed));
    else notRun.push(...named('skipped').map((fullName) => `${fullName}: skipped in ${path}`));
  }
  const failed = numFailedTests ?? 0;
  return { passed: numPassedTests ?? 0, failed: code === 0 ? failed : Math.max(1, failed), failures, notRun };
}
