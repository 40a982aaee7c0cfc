import { conformance } from '../../tests/conformance/run.ts';

/** `npm run conformance -- --data DIR [--json]`: what the viewer and the archive make of a folder of images, beside its tables of references. */
process.exit(await conformance());
