import { bench } from '../../tests/bench/run.ts';

/** `npm run bench -- NAME [--json] [--runs N]`. */
process.exitCode = await bench();
