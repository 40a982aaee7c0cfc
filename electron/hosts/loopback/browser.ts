import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Programs that can show an app window, best first. */
const CANDIDATES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable'],
  darwin: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'],
};

/** The installed Chromium, Chrome or Edge (or the one that PHOSPHOR_BROWSER names), if there is one. */
export function findBrowser(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const named = environment.PHOSPHOR_BROWSER;
  if (named !== undefined && named !== '') return named;
  const folders =
    platform === 'win32'
      ? [environment.ProgramFiles, environment['ProgramFiles(x86)'], environment.LOCALAPPDATA]
      : (environment.PATH ?? '').split(delimiter);
  for (const candidate of CANDIDATES[platform] ?? []) {
    if (candidate.startsWith('/')) {
      if (existsSync(candidate)) return candidate;
      continue;
    }
    for (const folder of folders) {
      if (folder === undefined || folder === '') continue;
      const path = join(folder, candidate);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** Whether a window can be shown at all. */
export function hasDisplay(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true;
  return (environment.DISPLAY ?? '') !== '' || (environment.WAYLAND_DISPLAY ?? '') !== '';
}

export interface BrowserFlags {
  /** The browser's own data, apart from the user's browsing. */
  readonly userData: string;
  readonly isRoot: boolean;
  /** Without a GPU its software stand-in makes every canvas ten times slower than none. */
  readonly hasGPU: boolean;
}

/** Command line of an app window on a launch page. The token is in the page, never here. */
export function browserArguments(launchPage: string, { userData, isRoot, hasGPU }: BrowserFlags): string[] {
  return [
    `--app=${pathToFileURL(launchPage).href}`,
    `--user-data-dir=${userData}`,
    '--class=phosphor',
    '--window-size=1440,900',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-sync',
    '--disable-background-networking',
    '--disable-features=Translate,MediaRouter',
    '--password-store=basic',
    ...(hasGPU ? [] : ['--disable-gpu']),
    ...(isRoot ? ['--no-sandbox'] : []),
  ];
}

/** Opens the window. The process ends when its last window is closed, or at once when a running one with the same data took over. */
export function openBrowser(browser: string, launchPage: string, flags: BrowserFlags): ChildProcess {
  return spawn(browser, browserArguments(launchPage, flags), { stdio: 'ignore' });
}

/** Whether this machine has a GPU that a browser can use (Linux: a render node). */
export function hasGPU(platform: NodeJS.Platform = process.platform): boolean {
  return platform !== 'linux' || existsSync('/dev/dri/renderD128');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
