import { torture } from '../../tests/torture/run.ts';

/** `npm run torture -- NAME… [--json] [--seed N] [--scale X | --short]`. Peers that never hang up must not keep the program that plays them. */
process.exit(await torture());
