import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Most tests start threads or processes of the program: stripping the types of the same sources each time took longer than the tests.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('./node_modules/.cache/compiled', import.meta.url));

/** Folders whose files take long: begun last, one of them would be waited for alone. */
const LONG = [
  'tests/peers/',
  'tests/move-models/',
  'tests/unit/viewer/',
  'tests/unit/archive/',
  'tests/unit/workstation/',
  'tests/unit/demo/',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONG.findIndex((folder) => moduleId.includes(folder));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['tests/unit/**/*.test.ts', 'tests/move-models/**/*.test.ts', 'tests/peers/**/*.test.ts'],
    pool: 'forks',
    // Many tests wait for a peer, a clock or the disk: one worker more than cores leaves none idle.
    maxWorkers: Math.min(availableParallelism() + 1, 4),
    sequence: { sequencer: LongestFirst },
    // Only what hangs is to fail by the clock, on a loaded machine too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
