import { torture } from '../../tests/torture/run.ts';

/** `npm run torture -- NAME… [--json] [--seed N] [--scale X | --short]`. */
process.exitCode = await torture();
