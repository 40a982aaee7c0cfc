import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedElectron } from '../../build/scripts/electron-binary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What is read of vitest's own report. */
interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly testResults: readonly {
    readonly name: string;
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

/** Runs the scenarios of a person's clicks, one file after the other (each measures, so nothing may run beside it). */
export async function runE2E(): Promise<E2EResult> {
  const report = join(tmpdir(), `phosphor-e2e-${process.pid}.json`);
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
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
    const failures = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => `${fullName} (${relative(ROOT, name)})`),
    );
    const failed = (numFailedTests ?? 0) + (numPendingTests ?? 0);
    const notRun =
      installedElectron() === undefined
        ? ['the real Electron window: no Electron program is installed (ELECTRON_OVERRIDE_DIST_PATH names one elsewhere)']
        : [];
    return { passed: numPassedTests ?? 0, failed: code === 0 ? failed : Math.max(1, failed), failures, notRun };
  } finally {
    await rm(report, { force: true });
  }
}
