import { join } from 'node:path';
import { buildRenderer } from './build-renderer.ts';
import { bundleMain } from './bundle-main.ts';
import { pack } from './pack-application.ts';
import { ROOT } from './root.ts';

/** `npm run pack`: the unpacked application for this system in release/. ELECTRON_OVERRIDE_DIST_PATH names an Electron that is already here. */
try {
  await buildRenderer();
  await bundleMain();
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const folder = await pack({
    output: join(ROOT, 'release'),
    ...(override === undefined || override === '' ? {} : { electronDist: override }),
  });
  process.stdout.write(`${folder}\n`);
} catch (thrown) {
  process.stderr.write(`Packing failed: ${thrown instanceof Error ? thrown.message : 'unknown reason'}\n`);
  process.exitCode = 1;
}
