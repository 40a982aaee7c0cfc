import { resolve } from 'node:path';
import { aeTitle as aeTitleSchema, type Notice, PhosphorError, port as portSchema, toErrorData } from '../../../shared/contract/index.ts';
import type { DemoFactory, OpenWorkstation, WorkstationOptions } from '../../workstation/types.ts';
import { type Attached, type Held, holdOrAttach } from '../host-session.ts';
import { defaultProfile } from '../profile.ts';
import { sentenceFor } from '../sentences.ts';
import { createOutput, type Output, type Streams } from './output.ts';
import { type CommandLine, helpText, parseCommandLine, UsageError } from './parse-command-line.ts';
import { runCommand } from './run-command.ts';

export interface PhosphorOptions {
  readonly args: readonly string[];
  readonly streams: Streams;
  readonly openWorkstation: OpenWorkstation;
  readonly demo?: DemoFactory;
  readonly version: string;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly interrupted: AbortSignal;
  readonly rendererDirectory?: string;
}

/** `phosphor`: reads the command line, gets at the workstation, carries the command out. Resolves with the exit code, never rejects. */
export async function phosphor(options: PhosphorOptions): Promise<number> {
  const json = options.args.includes('--json');
  const output = createOutput(options.streams, json);
  let host: Held | Attached | undefined;
  try {
    const line = parseCommandLine(options.args);
    if ('help' in line) {
      options.streams.stdout.write(`${helpText(line.help)}\n`);
      return 0;
    }
    host = await openHost(options, line);
    if (host.kind === 'held') await showNotices(host, output);
    return await runCommand({ host, line, output, input: () => options.streams.stdin, interrupted: options.interrupted });
  } catch (thrown) {
    return await fail(output, thrown);
  } finally {
    await leave(host, output, options.interrupted);
  }
}

async function openHost(options: PhosphorOptions, line: CommandLine): Promise<Held | Attached> {
  if (line.options.profile === '') throw new UsageError('--profile needs the name of a folder.');
  const profile = resolve(typeof line.options.profile === 'string' ? line.options.profile : defaultProfile());
  const overrides = overridesFrom(line);
  const host = await holdOrAttach({
    profile,
    open: () =>
      options.openWorkstation({
        profile,
        version: options.version,
        services: 'on-demand',
        ...overrides,
        ...(options.demo === undefined ? {} : { demo: options.demo }),
      }),
    ...(options.rendererDirectory === undefined ? {} : { rendererDirectory: options.rendererDirectory }),
  });
  if (host.kind === 'attached' && Object.keys(overrides).length > 0) {
    host.client.close();
    throw new UsageError(
      'A workstation already holds this profile: --ae-title and --port cannot be changed for one command; end it or leave them out.',
    );
  }
  return host;
}

/** What the workstation has to say besides: a damaged file kept aside, an index that is being read anew. Another process says it itself. */
async function showNotices({ workstation }: Held, output: Output): Promise<void> {
  const shown = new Set<string>();
  const show = ({ noticeId, sentence }: Notice): void => {
    if (shown.has(noticeId)) return;
    shown.add(noticeId);
    output.warn(sentence);
  };
  workstation.subscribe((event) => event.type === 'NoticeRaised' && show(event.notice));
  const { notices } = await workstation.invoke('session.snapshot', {});
  for (const notice of notices) show(notice);
}

function overridesFrom(line: CommandLine): Pick<WorkstationOptions, 'aeTitle' | 'port'> {
  const title = line.options['ae-title'];
  const aeTitle = title === undefined ? undefined : aeTitleSchema.safeParse(title);
  if (aeTitle?.success === false) throw new UsageError(`--ae-title cannot be used: ${aeTitle.error.issues[0]?.message ?? 'not valid'}.`);
  // With `node add`, --port is the PACS's.
  const given = line.command === 'node add' ? undefined : line.options.port;
  const port = given === undefined ? undefined : portSchema.safeParse(Number(given));
  if (port?.success === false) throw new UsageError('--port is a number from 1 to 65535.');
  return { ...(aeTitle === undefined ? {} : { aeTitle: aeTitle.data }), ...(port === undefined ? {} : { port: port.data }) };
}

async function fail(output: Output, thrown: unknown): Promise<number> {
  output.progress('');
  const error = thrown instanceof UsageError ? new PhosphorError('invalid-arguments', thrown.message).data : toErrorData(thrown);
  const sentence = thrown instanceof UsageError ? thrown.message : sentenceFor(error);
  output.warn(sentence);
  await output.record({ ok: false, sentence, error });
  return 1;
}

async function leave(host: Held | Attached | undefined, output: Output, interrupted: AbortSignal): Promise<void> {
  if (host === undefined) return;
  if (host.kind === 'attached') {
    host.client.close();
    return;
  }
  let told: NodeJS.Timeout | undefined;
  if (!interrupted.aborted) {
    told = setTimeout(() => output.warn('Another phosphor command still uses this workstation; waiting for it. Ctrl-C ends it.'), 500);
    const impatient = new Promise<void>((done) => interrupted.addEventListener('abort', () => done(), { once: true }));
    await Promise.race([host.idle(), impatient]);
    clearTimeout(told);
  }
  await host.close().catch((thrown: unknown) => output.warn(sentenceFor(toErrorData(thrown))));
}
