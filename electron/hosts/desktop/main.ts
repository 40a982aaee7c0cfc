import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { app, BrowserWindow, dialog, ipcMain, Menu, protocol, safeStorage, session } from 'electron';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { guardProcess } from '../last-resort.ts';
import { hasGPU } from '../loopback/browser.ts';
import { defaultProfile, rendererDirectory } from '../profile.ts';
import { openWorkstation, startDemoPacs } from '../rooms.ts';
import { productVersion } from '../version.ts';
import { runDesktop } from './run-desktop.ts';

guardProcess();

const { values } = parseArgs({
  options: { profile: { type: 'string' }, 'ae-title': { type: 'string' }, port: { type: 'string' } },
  // Chromium's own switches stand among them.
  strict: false,
});
const text = (value: string | boolean | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const aeTitle = text(values['ae-title']);
const port = Number(text(values.port));

void runDesktop(
  {
    app,
    BrowserWindow,
    Menu,
    dialog,
    ipcMain,
    protocol,
    safeStorage,
    // Its default session exists only once the application is ready.
    get session() {
      return session;
    },
  },
  {
    profile: resolve(text(values.profile) ?? defaultProfile()),
    ...(aeTitle === undefined ? {} : { aeTitle }),
    ...(Number.isInteger(port) && port > 0 && port < 65_536 ? { port } : {}),
    openWorkstation,
    demo: startDemoPacs,
    version: productVersion(),
    rendererDirectory: rendererDirectory(),
    hasGPU: hasGPU(),
    probeDatabase,
  },
);

function probeDatabase(): void {
  try {
    const database = new DatabaseSync(':memory:');
    database.exec('CREATE VIRTUAL TABLE probe USING fts5(word)');
    database.close();
  } catch (thrown) {
    throw new PhosphorError(
      'unsupported',
      'this Electron brings no usable SQLite (node:sqlite with FTS5); use the one that Phosphor came with',
      {},
      { cause: thrown },
    );
  }
}
