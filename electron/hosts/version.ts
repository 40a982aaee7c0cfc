import { createRequire } from 'node:module';

/** The version of this build, as in package.json. */
export function productVersion(): string {
  const isSource = import.meta.url.endsWith('.ts');
  const manifest: unknown = createRequire(import.meta.url)(isSource ? '../../package.json' : '../../../../package.json');
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0';
}
