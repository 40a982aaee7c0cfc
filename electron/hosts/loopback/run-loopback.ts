import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { toErrorData } from '../../../shared/contract/phosphor-error.ts';
import type { DemoFactory, OpenWorkstation } from '../../workstation/types.ts';
import { type Attached, type Held, holdOrAttach } from '../host-session.ts';
import { sentenceFor } from '../sentences.ts';
import { type BrowserFlags, findBrowser, hasDisplay, hasGPU, openBrowser } from './browser.ts';

export interface RunLoopbackOptions {
  readonly profile: string;
  readonly aeTitle?: string;
  readonly port?: number;
  readonly openWorkstation: OpenWorkstation;
  readonly demo?: DemoFactory;
  readonly version: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Prints one line for the person who started it. */
  readonly say: (line: string) => void;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. */
  readonly interrupted: AbortSignal;
}

/** How long a browser may take to end after it was asked to. */
const BROWSER_END_MS = 3000;

/**
 * The workstation in an app window of an installed browser: runs until the window is closed or the process is interrupted. Where no window can
 * be shown it says how to open one and keeps serving. Resolves with the exit code.
 */
export async function runLoopback(options: RunLoopbackOptions): Promise<0 | 1> {
  const { say, environment, interrupted } = options;
  const profile = resolve(options.profile);
  const { aeTitle, port, demo } = options;
  let host: Held | Attached;
  try {
    host = await holdOrAttach({
      profile,
      open: () =>
        options.openWorkstation({
          profile,
          version: options.version,
          ...(aeTitle === undefined ? {} : { aeTitle }),
          ...(port === undefined ? {} : { port }),
          ...(demo === undefined ? {} : { demo }),
        }),
    });
  } catch (thrown) {
    say(sentenceFor(toErrorData(thrown)));
    return 1;
  }

  const browser = hasDisplay(environment) ? findBrowser(environment) : undefined;
  const userData = join(profile, 'browser');
  const flags: BrowserFlags = { userData, isRoot: process.getuid?.() === 0, hasGPU: hasGPU() };
  try {
    await mkdir(userData, { recursive: true, mode: 0o700 });
    if (host.kind === 'attached') return await showSecondWindow(host, browser, flags, say);
    if (browser === undefined) {
      say(
        hasDisplay(environment)
          ? 'No Chromium, Chrome or Edge is installed.'
          : 'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set).',
      );
      say('Phosphor is running. Open this page in a Chromium of this machine and user within 30 seconds:');
      say(`    ${await host.launchPage()}`);
      say(`\`npx phosphor window --profile ${profile}\` writes a new one at any time. Ctrl-C ends Phosphor.`);
      await aborted(interrupted);
      return 0;
    }
    if (flags.isRoot) say('Running as root: the browser is started with --no-sandbox.');
    return await showWindow(openBrowser(browser, await host.launchPage(), flags), interrupted, say);
  } catch (thrown) {
    say(sentenceFor(toErrorData(thrown)));
    return 1;
  } finally {
    if (host.kind === 'attached') host.client.close();
    else await host.close().catch((thrown: unknown) => say(sentenceFor(toErrorData(thrown))));
  }
}

/** Another Phosphor holds the profile: its window comes to the front, or one more window is opened on it. */
async function showSecondWindow(
  host: Attached,
  browser: string | undefined,
  flags: BrowserFlags,
  say: (line: string) => void,
): Promise<0 | 1> {
  const answer = await host.client.window();
  if ('focused' in answer) {
    say('Phosphor is already open; its window was brought to the front.');
    return 0;
  }
  if (browser === undefined) {
    say(`Phosphor is already running. Open this page in a browser of this machine within 30 seconds: ${answer.launchPage}`);
    return 0;
  }
  say('Phosphor is already running; a window on it was opened.');
  // With the same data folder the running browser takes the window over and this process ends.
  openBrowser(browser, answer.launchPage, flags).unref();
  return 0;
}

async function showWindow(window: ChildProcess, interrupted: AbortSignal, say: (line: string) => void): Promise<0 | 1> {
  const ended = new Promise<'closed' | 'failed'>((done) => {
    window.once('error', () => done('failed'));
    window.once('exit', () => done('closed'));
  });
  const how = await Promise.race([ended, aborted(interrupted)]);
  if (how === 'failed') {
    say('The browser could not be started; set PHOSPHOR_BROWSER to a Chromium, Chrome or Edge that works.');
    return 1;
  }
  if (how === 'interrupted') {
    window.kill('SIGTERM');
    const hung = setTimeout(() => window.kill('SIGKILL'), BROWSER_END_MS);
    await ended;
    clearTimeout(hung);
  }
  return 0;
}

function aborted(signal: AbortSignal): Promise<'interrupted'> {
  return new Promise((done) => {
    if (signal.aborted) done('interrupted');
    signal.addEventListener('abort', () => done('interrupted'), { once: true });
  });
}
