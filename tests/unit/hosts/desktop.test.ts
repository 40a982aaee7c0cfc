import { EventEmitter } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locateInstance } from '../../../electron/archive/layout.ts';
import { type ElectronParts, type RunDesktopOptions, runDesktop } from '../../../electron/hosts/desktop/run-desktop.ts';
import { createLocalClient } from '../../../electron/hosts/local-client.ts';
import { connectLocalSocket } from '../../../electron/hosts/local-socket.ts';
import type { Sealing } from '../../../electron/workstation/types.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { createFakeWorkstation, type FakeWorkstation, temporaryFolder } from './fake-workstation.ts';

const UID = '1.2.840.99.1';
const BYTES = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 253));

let folder: { path: string; remove: () => Promise<void> };
let workstation: FakeWorkstation;
let electron: ReturnType<typeof recordElectron>;

beforeEach(async () => {
  folder = await temporaryFolder();
  workstation = createFakeWorkstation(join(folder.path, 'archive'));
  const renderer = join(folder.path, 'renderer');
  await mkdir(join(renderer, 'assets'), { recursive: true });
  await writeFile(join(renderer, 'index.html'), '<meta property="csp-nonce" nonce="__CSP_NONCE__">');
  await writeFile(join(renderer, 'assets', 'app.wasm'), 'wasm');
  const file = locateInstance(workstation.archive, UID);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, BYTES);
  electron = recordElectron();
});
afterEach(async () => {
  await electron.quitNow();
  await folder.remove();
});

describe('starting', () => {
  test('the scheme is registered and the sandbox on before Electron is ready; the window is shut in', async () => {
    await start();
    const { calls } = electron;
    const ready = calls.indexOf('app.whenReady');
    for (const before of ['protocol.registerSchemesAsPrivileged', 'app.enableSandbox', 'app.requestSingleInstanceLock', 'app.setPath']) {
      expect(calls.indexOf(before)).toBeGreaterThanOrEqual(0);
      expect(calls.indexOf(before)).toBeLessThan(ready);
    }
    expect(electron.schemes).toEqual([
      { scheme: 'pacs', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
    ]);
    expect(electron.windows[0]?.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
    });
    expect(electron.windows[0]?.options.webPreferences?.preload).toMatch(/preload\.cjs$/);
    expect(electron.windows[0]?.loaded).toBe('pacs://app/');
  });

  test('secrets are sealed by the key ring of the desktop, where it has one', async () => {
    const given: (Sealing | undefined)[] = [];
    const openWorkstation = async ({ sealing }: { sealing?: Sealing }) => {
      given.push(sealing);
      return workstation;
    };
    await start({ openWorkstation });
    const sealed = given[0]?.seal('sesame') ?? '';
    expect(Buffer.from(sealed, 'base64').toString()).toBe('emases');
    expect(given[0]?.unseal(sealed)).toBe('sesame');
    await electron.quitNow();
    electron = recordElectron();
    electron.hasKeyRing = false;
    await start({ openWorkstation });
    expect(given[1]).toBeUndefined();
  });

  test('on a software rasteriser hardware acceleration is off, with a GPU it stays on', async () => {
    await start({ hasGPU: false });
    expect(electron.calls).toContain('app.disableHardwareAcceleration');
    await electron.quitNow();
    electron = recordElectron();
    await start({ hasGPU: true });
    expect(electron.calls).not.toContain('app.disableHardwareAcceleration');
  });

  test('a second start ends at once and brings the first window to the front', async () => {
    electron.isFirst = false;
    await start();
    expect(electron.calls).toContain('app.quit');
    expect(electron.windows).toEqual([]);
    await electron.quitNow();

    electron = recordElectron();
    await start();
    const [window] = electron.windows;
    if (window !== undefined) window.minimized = true;
    electron.app.emit('second-instance');
    expect(window?.calls).toEqual(expect.arrayContaining(['restore', 'focus']));
    expect(electron.windows.length).toBe(1);
  });

  test('`phosphor window` brings the window to the front', async () => {
    await start();
    const socket = await connectLocalSocket(folder.path);
    if (socket === undefined) throw new Error('no local socket');
    const client = createLocalClient(socket);
    expect(await client.window()).toEqual({ focused: true });
    client.close();
    expect(electron.windows[0]?.calls).toContain('focus');
  });

  test('where the database cannot be used or the profile is held, one sentence says so and it ends', async () => {
    await start({
      probeDatabase: () => {
        throw new PhosphorError('unsupported', 'this Electron brings no usable SQLite');
      },
    });
    expect(electron.boxes).toEqual(['This Electron brings no usable SQLite.']);
    expect(electron.calls).toContain('app.exit 1');
    electron.boxes.length = 0;
    await start({ openWorkstation: () => Promise.reject(new PhosphorError('busy', 'held')) });
    expect(electron.boxes).toEqual([expect.stringContaining('Another Phosphor holds this profile')]);
  });

  test('quitting waits for the ordered shutdown', async () => {
    await start();
    const event = electron.willQuit();
    expect(event.prevented).toBe(true);
    await expect.poll(() => electron.calls).toContain('app.quit');
    expect(workstation.closed).toBe(true);
    expect(electron.willQuit().prevented).toBe(false);
  });
});

describe('the window can do nothing but its work', () => {
  test('navigation, second windows, webviews, permissions and downloads are refused', async () => {
    await start();
    const contents = electron.contents();
    for (const [name, url] of [
      ['will-navigate', 'https://evil.example/'],
      ['will-navigate', 'file:///etc/passwd'],
      ['will-navigate', 'pacs://app/instances/1.2'],
      ['will-redirect', 'pacs://app/'],
      ['will-attach-webview', ''],
    ] as const) {
      expect(contents.ask(name, url), `${name} ${url}`).toBe(true);
    }
    expect(contents.ask('will-navigate', 'pacs://app/')).toBe(false);
    for (const url of [
      'https://evil.example/',
      'pacs://app/',
      'pacs://app/#window=../../etc',
      'pacs://app/#window=6d0a2c3e-0000-4000-8000-000000000000&x',
      'pacs://app.evil.example/#window=6d0a2c3e-0000-4000-8000-000000000000',
    ]) {
      expect(contents.openWindow(url), url).toEqual({ action: 'deny' });
    }
    expect(electron.permission('media')).toEqual([false, false]);
    expect(electron.permission('clipboard-read')).toEqual([false, false]);
    expect(electron.permission('clipboard-sanitized-write', 'https://evil.example')).toEqual([false, false]);
    expect(electron.download('https://evil.example/file')).toBe(true);
    expect(electron.download('blob:https://evil.example/1')).toBe(true);
    // A report or a video that the window made: the system asks where to put it.
    expect(electron.download('blob:pacs://app/1')).toBe(false);
  });

  test('a window for one series opens as shut in as the first; pictures go to the clipboard', async () => {
    await start();
    const contents = electron.contents();
    const url = 'pacs://app/#window=6d0a2c3e-0000-4000-8000-000000000000';
    const answer = contents.openWindow(url) as { action: string; overrideBrowserWindowOptions?: { webPreferences?: object } };
    expect(answer.action).toBe('allow');
    expect(answer.overrideBrowserWindowOptions?.webPreferences).toEqual(electron.windows[0]?.options.webPreferences);
    expect(electron.permission('clipboard-sanitized-write')).toEqual([true, true]);
    for (let more = 0; more < 7; more++) electron.contents();
    expect(contents.openWindow(url), 'not without end').toEqual({ action: 'deny' });
  });
});

describe('pacs://app', () => {
  test('the page comes under a strict policy with a fresh nonce', async () => {
    await start();
    const response = await electron.request('pacs://app/');
    const policy = response.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe-inline');
    expect(await response.text()).toContain(`nonce="${nonce}"`);
    expect((await electron.request('pacs://app/assets/app.wasm')).headers.get('content-type')).toBe('application/wasm');
  });

  test.each([
    'pacs://app/../x',
    'pacs://app/assets/',
    'pacs://other/',
    'pacs://app/%2e%2e/x',
    'pacs://app/instances/..%2f..%2fx',
    'pacs://app/instances/1.9',
  ])('nothing is found at %s', async (url) => {
    await start();
    expect((await electron.request(url)).status).toBe(404);
  });

  test('a stored instance is streamed whole and in ranges', async () => {
    await start();
    const whole = await electron.request(`pacs://app/instances/${UID}`);
    expect([whole.status, Buffer.from(await whole.arrayBuffer()).equals(BYTES)]).toEqual([200, true]);
    const part = await electron.request(`pacs://app/instances/${UID}`, { Range: 'bytes=1000000-2500000' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 1000000-2500000/3000000']);
    expect(Buffer.from(await part.arrayBuffer()).equals(BYTES.subarray(1_000_000, 2_500_001))).toBe(true);
    const beyond = await electron.request(`pacs://app/instances/${UID}`, { Range: 'bytes=3000000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */3000000']);
  });

  test('a window that turns away in the middle of many files leaves none open', async () => {
    await start();
    for (let index = 0; index < 100; index += 1) {
      const response = await electron.request(`pacs://app/instances/${UID}`);
      expect(response.status).toBe(200);
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
    }
  });
});

describe('the contract', () => {
  test('our page asks and hears events', async () => {
    await start();
    const page = electron.page();
    expect(await page.invoke('archive.stats', {})).toMatchObject({ ok: true, result: { studies: 2 } });
    page.send('phosphor:listen');
    workstation.publish({ type: 'NodesChanged', nodes: [] });
    expect(page.heard).toEqual([['phosphor:event', { type: 'NodesChanged', seq: 1, nodes: [] }]]);
  });

  test.each([
    ['another origin', 'https://evil.example/', false],
    ['a frame inside our page', 'pacs://app/', true],
    ['a page that only looks like ours', 'pacs://app.evil.example/', false],
  ])('%s is refused', async (_who, url, inFrame) => {
    await start();
    const page = electron.page(url, inFrame);
    expect(await page.invoke('archive.stats', {})).toMatchObject({ ok: false, error: { kind: 'rejected' } });
    page.send('phosphor:listen');
    workstation.publish({ type: 'NodesChanged', nodes: [] });
    expect([page.heard, workstation.calls]).toEqual([[], []]);
  });

  test('what is not in the contract is refused', async () => {
    await start();
    const page = electron.page();
    for (const [command, args] of [
      ['constructor', {}],
      ['archive.stats', { x: 1 }],
      [7, {}],
      ['archive.stats', undefined],
    ] as const) {
      expect(await page.invoke(command, args)).toMatchObject({ ok: false, error: { kind: 'invalid-arguments' } });
    }
    expect(workstation.calls).toEqual([]);
  });

  test('a window that does not keep up is sent a bounded number of events and told to ask', async () => {
    await start();
    const page = electron.page();
    page.send('phosphor:listen');
    for (let index = 0; index < 5000; index += 1) workstation.publish({ type: 'NodesChanged', nodes: [] });
    expect(page.heard.length).toBe(2048);
    page.send('phosphor:acknowledge', 2048);
    expect(page.heard.at(-1)).toEqual(['phosphor:skipped']);
    page.send('phosphor:acknowledge', -1);
    page.send('phosphor:acknowledge', 'many');
  });
});

// ---------------------------------------------------------------------------------------------------------------------

async function start(changes: Partial<RunDesktopOptions> = {}): Promise<void> {
  await runDesktop(electron.parts, {
    profile: folder.path,
    openWorkstation: async () => workstation,
    version: '0',
    rendererDirectory: join(folder.path, 'renderer'),
    hasGPU: true,
    probeDatabase: () => undefined,
    ...changes,
  });
}

class FakeWindow extends EventEmitter {
  readonly calls: string[] = [];
  loaded = '';
  minimized = false;
  readonly options: Electron.BrowserWindowConstructorOptions;

  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
  }

  async loadURL(url: string): Promise<void> {
    this.loaded = url;
  }
  isMinimized = (): boolean => this.minimized;
  restore = (): unknown => this.calls.push('restore');
  show = (): unknown => this.calls.push('show');
  focus = (): unknown => this.calls.push('focus');
}

/** Records the few calls that the host makes of Electron, and lets a test act as Electron and as pages. */
function recordElectron() {
  const calls: string[] = [];
  const windows: FakeWindow[] = [];
  const boxes: string[] = [];
  const app = new EventEmitter();
  const ipc = new EventEmitter();
  const session = new EventEmitter();
  const state = { isFirst: true, hasKeyRing: true, schemes: [] as unknown[] };
  let invoke: (event: unknown, ...args: unknown[]) => Promise<unknown> = () => Promise.reject(new Error('nothing handles'));
  let handler: (request: Request) => Promise<Response> = () => Promise.reject(new Error('nothing handles'));
  let requestPermission: (contents: unknown, permission: string, callback: (granted: boolean) => void) => void = () => undefined;
  let checkPermission: (contents: unknown, permission: string, origin: string) => boolean = () => true;
  const record =
    (name: string) =>
    (...args: unknown[]): void => {
      calls.push(args.length > 0 && name === 'app.exit' ? `${name} ${String(args[0])}` : name);
    };

  const parts = {
    safeStorage: {
      isEncryptionAvailable: () => state.hasKeyRing,
      encryptString: (text: string) => Buffer.from(text).reverse(),
      decryptString: (sealed: Buffer) => Buffer.from(sealed).reverse().toString(),
    },
    app: Object.assign(app, {
      isPackaged: true,
      whenReady: async () => record('app.whenReady')(),
      quit: record('app.quit'),
      exit: record('app.exit'),
      setPath: record('app.setPath'),
      enableSandbox: record('app.enableSandbox'),
      disableHardwareAcceleration: record('app.disableHardwareAcceleration'),
      requestSingleInstanceLock: () => {
        record('app.requestSingleInstanceLock')();
        return state.isFirst;
      },
    }),
    BrowserWindow: class extends FakeWindow {
      constructor(options: Electron.BrowserWindowConstructorOptions) {
        super(options);
        windows.push(this);
      }
    },
    Menu: { buildFromTemplate: (template: unknown) => template, setApplicationMenu: record('Menu.setApplicationMenu') },
    dialog: { showErrorBox: (_title: string, text: string) => boxes.push(text) },
    ipcMain: Object.assign(ipc, {
      handle: (_channel: string, given: typeof invoke) => {
        invoke = given;
      },
      removeHandler: record('ipcMain.removeHandler'),
    }),
    protocol: {
      registerSchemesAsPrivileged: (schemes: unknown[]) => {
        record('protocol.registerSchemesAsPrivileged')();
        state.schemes = schemes;
      },
      handle: (_scheme: string, given: typeof handler) => {
        handler = given;
      },
    },
    session: {
      defaultSession: Object.assign(session, {
        setPermissionRequestHandler: (given: typeof requestPermission) => {
          requestPermission = given;
        },
        setPermissionCheckHandler: (given: typeof checkPermission) => {
          checkPermission = given;
        },
      }),
    },
  };

  const preventable = (url = '') => {
    const event = { url, prevented: false, preventDefault: () => void Object.assign(event, { prevented: true }) };
    return event;
  };

  return Object.assign(state, {
    parts: parts as unknown as ElectronParts,
    app,
    calls,
    windows,
    boxes,
    request: (url: string, headers: Record<string, string> = {}) => handler(new Request(url, { headers })),
    willQuit() {
      const event = preventable();
      app.emit('will-quit', event);
      return event;
    },
    permission(name: string, origin = 'pacs://app') {
      let granted = true;
      requestPermission({ getURL: () => `${origin}/` }, name, (answer) => {
        granted = answer;
      });
      return [granted, checkPermission({}, name, origin)];
    },
    download(url: string) {
      const event = preventable();
      session.emit('will-download', event, { getURL: () => url });
      return event.prevented;
    },
    contents() {
      const contents = new EventEmitter();
      let open: (details: { url: string }) => unknown = () => ({ action: 'allow' });
      app.emit(
        'web-contents-created',
        {},
        Object.assign(contents, {
          setWindowOpenHandler: (given: (details: { url: string }) => unknown) => {
            open = given;
          },
        }),
      );
      return {
        openWindow: (url: string) => open({ url }),
        ask(name: string, url: string) {
          const event = preventable(url);
          contents.emit(name, event);
          return event.prevented;
        },
      };
    },
    /** A page as the main process sees it: its top frame, or a frame inside it. */
    page(url = 'pacs://app/', inFrame = false) {
      const heard: unknown[][] = [];
      const sender = Object.assign(new EventEmitter(), { isDestroyed: () => false, send: (...message: unknown[]) => heard.push(message) });
      const event = { sender, senderFrame: { url, parent: inFrame ? {} : null } };
      return {
        heard,
        invoke: (command: unknown, args: unknown) => invoke(event, command, args),
        send: (channel: string, ...args: unknown[]) => ipc.emit(channel, event, ...args),
      };
    },
    async quitNow() {
      if (app.listenerCount('will-quit') === 0) return;
      const quit = calls.filter((call) => call === 'app.quit').length;
      const event = preventable();
      app.emit('will-quit', event);
      if (!event.prevented) return;
      await expect.poll(() => calls.filter((call) => call === 'app.quit').length).toBeGreaterThan(quit);
      app.removeAllListeners();
    },
  });
}
