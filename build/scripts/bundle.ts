import { buildRenderer } from './build-renderer.ts';
import { bundleMain } from './bundle-main.ts';

/** `npm run bundle`: dist/renderer and dist/main, each only where its sources have changed. */
const [renderer, main] = [await buildRenderer({ quiet: false }), await bundleMain()];
process.stdout.write(`renderer ${renderer ? 'built' : 'up to date'}, main side ${main ? 'built' : 'up to date'}\n`);
