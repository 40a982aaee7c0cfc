import { ensureNode } from './node-guard.mjs';

// `node build/bin/run.mjs start …`: what package.json's scripts call, so that a wrong Node is noticed before it reads any TypeScript.
await ensureNode(import.meta.url);
const [name = ''] = process.argv.splice(2, 1);
if (!/^[a-z]+$/.test(name)) {
  process.stderr.write('usage: node build/bin/run.mjs start|dev|test|check|bench|torture|conformance|bundle|pack\n');
  process.exit(1);
}
await import(new URL(`../scripts/${name}.ts`, import.meta.url).href);
