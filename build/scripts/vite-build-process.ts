import { join } from 'node:path';
import { productionBuild } from './production-build.ts';
import { ROOT } from './root.ts';

/** The child of buildRenderer: builds dist/renderer and ends. */
await productionBuild({ configFile: join(ROOT, 'vite.config.ts'), logLevel: process.argv.includes('--quiet') ? 'error' : 'info' });
