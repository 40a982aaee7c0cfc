import { expect, test } from 'vitest';
import { importsOf, judge } from '../../../build/scripts/layers.ts';

test.each([
  ['electron/archive/archive.ts', '../dicom/dataset/index.ts'],
  ['electron/archive/archive.ts', './layout.ts'],
  ['electron/dicom/services/find.ts', '../network/index.ts'],
  ['electron/hosts/desktop/main.ts', 'electron'],
  ['electron/hosts/desktop/main.ts', '../profile.ts'],
  ['electron/hosts/cli/main.ts', '../loopback/browser.ts'],
  ['electron/workstation/compose.ts', '../../shared/contract/index.ts'],
  ['renderer/app/App.tsx', '../../shared/contract/index.ts'],
  ['renderer/app/App.tsx', 'react'],
  ['shared/codecs/decode.ts', 'dcmjs-codecs'],
  ['shared/codecs/decode.ts', '../contract/errors.ts'],
  ['shared/contract/model.ts', 'zod'],
])('%s may import %s', (file, imported) => {
  expect(judge(file, imported)).toBeUndefined();
});

test.each([
  ['electron/dicom/dataset/reader.ts', '../network/index.ts'],
  ['electron/dicom/network/pdu.ts', 'node:net'],
  ['electron/dicom/dataset/reader.ts', 'node:fs/promises'],
  ['electron/archive/archive.ts', '../associations/index.ts'],
  ['electron/actions/engine.ts', '../workstation/index.ts'],
  ['electron/workstation/compose.ts', '../demo/demo-pacs.ts'],
  ['electron/demo/demo-pacs.ts', '../hosts/profile.ts'],
  ['electron/hosts/loopback/main.ts', 'electron'],
  ['electron/hosts/profile.ts', '../../renderer/api/client.ts'],
  ['electron/archive/archive.ts', '../../tests/support/x.ts'],
  ['electron/archive/archive.ts', '../../package.json'],
  ['renderer/app/App.tsx', '../../electron/hosts/profile.ts'],
  ['renderer/app/App.tsx', 'node:fs'],
  ['renderer/app/App.tsx', 'electron'],
  ['shared/contract/model.ts', 'react'],
  ['shared/contract/model.ts', '../codecs/index.ts'],
  ['shared/codecs/decode.ts', 'node:fs'],
  ['electron/stray.ts', './archive/archive.ts'],
])('%s must not import %s', (file, imported) => {
  expect(judge(file, imported)).toBeTypeOf('string');
});

test('every way to import is seen, comments are not', () => {
  const source = `
import a from './a.ts';
import type { B } from './b.ts';
import {
  c,
} from './c.ts';
import './d.css';
export * from './e.ts';
const f = await import('./f.ts');
new Worker(new URL('./g-thread.ts', import.meta.url));
// import h from './h.ts';
/* import i from './i.ts'; */
`;
  expect(importsOf(source).sort()).toEqual(['./a.ts', './b.ts', './c.ts', './d.css', './e.ts', './f.ts', './g-thread.ts']);
});
