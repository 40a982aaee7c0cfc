import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Most tests start threads or processes of the program: stripping the types of the same sources each time took longer than the tests.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('./node_modules/.cache/compiled', import.meta.url));

export default defineConfig({
  test: {
    include: ['tests/unit/**/*.test.ts', 'tests/move-models/**/*.test.ts', 'tests/peers/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
