import { bench } from '../../tests/bench/run.ts';

/** `npm run bench -- NAME [--json] [--runs N] [--scale X | --short]`. */
process.exitCode = await bench();
