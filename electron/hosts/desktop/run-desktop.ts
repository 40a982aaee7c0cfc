import { fileURLToPath } from 'node:url';
import type {
  App,
  BrowserWindowConstructorOptions,
  BrowserWindow as BrowserWindowType,
  Dialog,
  IpcMain,
  Menu,
  Protocol,
  SafeStorage,
  Session,
} from 'electron';
import { toErrorData } from '../../../shared/contract/index.ts';
import type { DemoFactory, OpenWorkstation, Sealing } from '../../workstation/types.ts';
import { type Held, hold } from '../host-session.ts';
import { sentenceFor } from '../sentences.ts';
import { loadStaticSite } from '../static-files.ts';
import { createAppProtocol, ORIGIN, SCHEME } from './app-protocol.ts';
import { serveContract } from './contract-ipc.ts';
import { createInstanceReader, type InstanceReader } from './instance-reader.ts';
import { menuTemplate } from './menu.ts';

/** The few parts of Electron that this host uses; tests hand in a recording. */
export interface ElectronParts {
  readonly app: Pick<
    App,
    | 'whenReady'
    | 'on'
    | 'quit'
    | 'exit'
    | 'setPath'
    | 'requestSingleInstanceLock'
    | 'disableHardwareAcceleration'
    | 'enableSandbox'
    | 'isPackaged'
  >;
  readonly BrowserWindow: new (...args: ConstructorParameters<typeof BrowserWindowType>) => BrowserWindowType;
  readonly Menu: Pick<typeof Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
  readonly dialog: Pick<Dialog, 'showErrorBox'>;
  readonly ipcMain: Pick<IpcMain, 'handle' | 'on' | 'removeHandler' | 'removeAllListeners'>;
  readonly protocol: Pick<Protocol, 'registerSchemesAsPrivileged' | 'handle'>;
  /** Ready once the application is. */
  readonly safeStorage: Pick<SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString'>;
  readonly session: { readonly defaultSession: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'on'> };
}

export interface RunDesktopOptions {
  readonly profile: string;
  readonly aeTitle?: string;
  readonly port?: number;
  readonly openWorkstation: OpenWorkstation;
  readonly demo?: DemoFactory;
  readonly version: string;
  readonly rendererDirectory: string;
  /** Whether this machine has a GPU: with its software stand-in every canvas is ten times slower than with none. */
  readonly hasGPU: boolean;
  /** Throws when this runtime's node:sqlite cannot be used. */
  readonly probeDatabase: () => void;
}

const PRELOAD = fileURLToPath(new URL('./preload.cjs', import.meta.url));

/**
 * The desktop host: a thin shell of Electron around the workstation. Must be called before Electron is ready. Resolves when the first window
 * is shown or the application is on its way out.
 */
export async function runDesktop(electron: ElectronParts, options: RunDesktopOptions): Promise<void> {
  const { app, protocol } = electron;
  // Electron's own data and the single-instance lock belong to this profile.
  app.setPath('userData', `${options.profile}/electron`);
  app.enableSandbox();
  if (!options.hasGPU) app.disableHardwareAcceleration();
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  let shell: Shell | undefined;
  app.on('second-instance', () => shell?.focus());
  forbidNavigation(app);
  await app.whenReady();
  try {
    options.probeDatabase();
    shell = await openShell(electron, options);
  } catch (thrown) {
    electron.dialog.showErrorBox('Phosphor cannot start', sentenceFor(toErrorData(thrown)));
    app.exit(1);
  }
}

interface Shell {
  focus(): void;
}

async function openShell(electron: ElectronParts, options: RunDesktopOptions): Promise<Shell> {
  const { app, session, protocol, Menu } = electron;
  const site = await loadStaticSite(options.rendererDirectory);
  let window: BrowserWindowType | undefined;
  const focus = (): void => {
    window ??= openWindow(electron, () => {
      window = undefined;
    });
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };
  const sealing = keyRing(electron.safeStorage);
  const held = await hold({
    profile: options.profile,
    rendererDirectory: options.rendererDirectory,
    open: () =>
      options.openWorkstation({
        profile: options.profile,
        version: options.version,
        ...(sealing === undefined ? {} : { sealing }),
        ...(options.aeTitle === undefined ? {} : { aeTitle: options.aeTitle }),
        ...(options.port === undefined ? {} : { port: options.port }),
        ...(options.demo === undefined ? {} : { demo: options.demo }),
      }),
    onWindow: async () => {
      focus();
      return { focused: true };
    },
  });
  const reader = createInstanceReader(held.workstation.archive);

  session.defaultSession.setPermissionRequestHandler((contents, permission, callback) =>
    callback(PERMITTED.has(permission) && contents.getURL().startsWith(`${ORIGIN}/`)),
  );
  session.defaultSession.setPermissionCheckHandler((_contents, permission, origin) => PERMITTED.has(permission) && isOurs(origin));
  // What the window itself makes, a report or a video: the system asks where to put it.
  session.defaultSession.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${ORIGIN}/`)) event.preventDefault();
  });
  protocol.handle(SCHEME, createAppProtocol(site, reader));
  const endIPC = serveContract(electron.ipcMain, held.workstation, ORIGIN);
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, app.isPackaged)));
  closeInOrder(app, endIPC, reader, held);
  app.on('window-all-closed', () => app.quit());
  app.on('activate', focus);
  focus();
  return { focus };
}

/** Pictures and texts go to the clipboard, and further windows to other screens; a page of ours asks for nothing else. */
const PERMITTED: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'window-management']);

function isOurs(origin: string): boolean {
  return origin === ORIGIN || origin === `${ORIGIN}/`;
}

/** The key ring of this desktop; undefined where it has none (then the profile's own file is all there is). */
function keyRing(safeStorage: ElectronParts['safeStorage']): Sealing | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined;
  return {
    seal: (secret) => safeStorage.encryptString(secret).toString('base64'),
    unseal: (sealed) => safeStorage.decryptString(Buffer.from(sealed, 'base64')),
  };
}

/** What every window of ours is, whoever opens it. */
const SHUT_IN: BrowserWindowConstructorOptions = {
  minWidth: 640,
  minHeight: 480,
  backgroundColor: '#0c0d0e',
  title: 'Phosphor',
  webPreferences: {
    preload: PRELOAD,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
    spellcheck: false,
  },
};

function openWindow({ BrowserWindow }: ElectronParts, onClosed: () => void): BrowserWindowType {
  const window = new BrowserWindow({ ...SHUT_IN, width: 1440, height: 900, minWidth: 960, minHeight: 600, show: false });
  window.once('ready-to-show', () => window.show());
  window.once('closed', onClosed);
  void window.loadURL(`${ORIGIN}/`);
  return window;
}

/** A window for one series: our own page with a random name, nothing else (renderer/app/popped-out.ts). */
const SERIES_WINDOW = new RegExp(`^${ORIGIN}/#window=[0-9a-f-]{36}$`);
const MAX_WINDOWS = 8;

/** No page but ours, no window but ours for a series, no webview, whatever content asks for. */
function forbidNavigation(app: ElectronParts['app']): void {
  let open = 0;
  app.on('web-contents-created', (_created, contents) => {
    open += 1;
    contents.once('destroyed', () => {
      open -= 1;
    });
    contents.setWindowOpenHandler(({ url }) =>
      SERIES_WINDOW.test(url) && open < MAX_WINDOWS ? { action: 'allow', overrideBrowserWindowOptions: SHUT_IN } : { action: 'deny' },
    );
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.on('will-navigate', (event) => {
      if (event.url !== `${ORIGIN}/`) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
  });
}

/** Quitting waits for the workstation's ordered shutdown, once. */
function closeInOrder(app: ElectronParts['app'], endIPC: () => void, reader: InstanceReader, held: Held): void {
  let state: 'open' | 'closing' | 'closed' = 'open';
  app.on('will-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'closing') return;
    state = 'closing';
    endIPC();
    void Promise.allSettled([reader.close(), held.close()]).then(() => {
      state = 'closed';
      app.quit();
    });
  });
}
