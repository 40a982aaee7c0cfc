import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { hasDisplay } from '../../electron/hosts/loopback/browser.ts';
import { defaultProfile } from '../../electron/hosts/profile.ts';
import { buildRenderer } from './build-renderer.ts';
import { downloadElectron, installedElectron } from './electron-binary.ts';
import { ROOT } from './root.ts';

/** `npm start`: builds what is stale, then opens the desktop window, or the same renderer in an installed browser, and says why. */
async function start(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'string') {
    say(options);
    return 1;
  }
  if (await buildRenderer()) say('The window was built.');
  const electron = await chooseElectron(options.host);
  if ('path' in electron) {
    const { bundleMain } = await import('./bundle-main.ts');
    await bundleMain();
    return await runElectron(electron.path, options);
  }
  if (options.host === 'desktop') {
    say(`The desktop window cannot be opened: ${electron.reason}.`);
    return 1;
  }
  if (options.host === undefined && hasDisplay()) say(`Opening the window in a browser: ${electron.reason}.`);
  const loopback = await import('../../electron/hosts/loopback/main.ts');
  return await loopback.main(options);
}

interface StartOptions {
  readonly host: 'desktop' | 'loopback' | undefined;
  readonly profile: string;
  readonly aeTitle?: string;
  readonly port?: number;
}

function readOptions(): StartOptions | string {
  try {
    const { values } = parseArgs({
      options: { host: { type: 'string' }, profile: { type: 'string' }, 'ae-title': { type: 'string' }, port: { type: 'string' } },
    });
    const { host } = values;
    if (host !== undefined && host !== 'desktop' && host !== 'loopback') return '--host is desktop or loopback.';
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) return '--port is a number from 1 to 65535.';
    if (values.profile === '') return '--profile needs the name of a folder.';
    const aeTitle = values['ae-title'];
    return {
      host,
      profile: values.profile ?? defaultProfile(),
      ...(aeTitle === undefined ? {} : { aeTitle }),
      ...(port === undefined ? {} : { port }),
    };
  } catch {
    return 'npm start takes --host=desktop|loopback, --profile=DIR, --ae-title=TITLE and --port=PORT (after `npm start --`).';
  }
}

async function chooseElectron(host: StartOptions['host']): Promise<{ path: string } | { reason: string }> {
  if (host === 'loopback') return { reason: 'asked for' };
  const installed = installedElectron();
  if (!hasDisplay()) return { reason: 'there is no display' };
  return installed === undefined ? await downloadElectron(say) : { path: installed };
}

async function runElectron(path: string, { profile, aeTitle, port }: StartOptions): Promise<number> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) say('Running as root: Electron is started with --no-sandbox.');
  const child = spawn(
    path,
    [
      ...(isRoot ? ['--no-sandbox'] : []),
      ROOT,
      `--profile=${profile}`,
      ...(aeTitle === undefined ? [] : [`--ae-title=${aeTitle}`]),
      ...(port === undefined ? [] : [`--port=${port}`]),
    ],
    { stdio: 'inherit' },
  );
  // The terminal sends Ctrl-C to both; Electron decides when it is done.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(
  await start().catch((thrown: unknown) => {
    process.stderr.write(`Phosphor could not be started: ${thrown instanceof Error ? thrown.message : 'unknown reason'}\n`);
    return 1;
  }),
);
