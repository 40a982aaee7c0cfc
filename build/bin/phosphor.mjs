#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { ensureNode } from './node-guard.mjs';

await ensureNode(import.meta.url);
module.enableCompileCache?.();
// A clone runs the sources; where only the bundle was installed, that.
const source = new URL('../../electron/hosts/cli/main.ts', import.meta.url);
const bundled = new URL('../../dist/main/electron/hosts/cli/main.js', import.meta.url);
const { main } = await import((existsSync(source) ? source : bundled).href);
await main();
