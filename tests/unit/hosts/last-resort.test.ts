import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const GUARD = fileURLToPath(new URL('../../../electron/hosts/last-resort.ts', import.meta.url));

test.each([
  ['thrown in a timer', `setTimeout(() => JSON.parse('DOE^JANE'))`, /SyntaxError/],
  ['a promise that nobody waits for', `Promise.reject(new RangeError('DOE^JANE'))`, /RangeError at \S+:\d+:\d+/],
  ['something that is no error', `setTimeout(() => { throw 'DOE^JANE' })`, /string/],
])('a mistake that nobody caught ends the process without a word of what it was about: %s', async (_how, mistake, told) => {
  const program = `import { guardProcess } from ${JSON.stringify(GUARD)}; guardProcess(); ${mistake}; setTimeout(() => {}, 30_000);`;
  const ended = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const { code, stdout, stderr } = await ended.then(
    (output) => ({ ...output, code: 0 }),
    (failed: { code: number; stdout: string; stderr: string }) => failed,
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(told);
  expect(stdout + stderr).not.toContain('DOE');
});
