import { configDefaults, defineConfig } from 'vitest/config';
import { installedElectron } from '../../build/scripts/electron-binary.ts';

export default defineConfig({
  test: {
    include: ['tests/e2e/**/*.e2e.ts'],
    // Without an Electron program there is nothing to test; run.ts says so.
    exclude: [...configDefaults.exclude, ...(installedElectron() === undefined ? ['tests/e2e/electron.e2e.ts'] : [])],
    globalSetup: ['tests/e2e/setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Only what never comes is to fail by the clock: vitest's own second is short on a loaded machine.
    expect: { poll: { timeout: 30_000 } },
  },
});
