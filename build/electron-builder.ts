import { join } from 'node:path';
import type { Configuration } from 'electron-builder';
import { ROOT } from './scripts/root.ts';

/**
 * How the application is packed: the bundle alone (no node_modules, no sources) in one asar that Electron checks before it runs, with the
 * fuses that leave an attacker no second way in.
 */
export const configuration: Configuration = {
  appId: 'org.phosphor.workstation',
  productName: 'Phosphor',
  copyright: '',
  directories: { output: join(ROOT, 'release'), buildResources: join(ROOT, 'build', 'resources') },
  files: ['dist/main/**', 'dist/renderer/**', 'package.json', '!**/node_modules/**', '!**/.sources', '!**/*.map'],
  asar: true,
  npmRebuild: false,
  nodeGypRebuild: false,
  publish: null,
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  linux: {
    target: ['dir', 'deb', 'AppImage'],
    category: 'MedicalSoftware',
    executableName: 'phosphor-workstation',
    maintainer: 'Phosphor',
  },
  win: { target: ['dir', 'nsis'] },
  mac: { target: ['dir', 'dmg'], category: 'public.app-category.medical' },
};
