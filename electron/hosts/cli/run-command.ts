import { resolve } from 'node:path';
import {
  type ActionItem,
  type ActionRequest,
  type CommandArgs,
  type Contract,
  type ContractEvent,
  type LocalQuery,
  type LocalStudy,
  type MatchRow,
  type PacsNode,
  PhosphorError,
  pacsNodeDraft,
  type Query,
  query as querySchema,
} from '../../../shared/contract/index.ts';
import { type Attached, contractOf, type Held } from '../host-session.ts';
import { CLEANED_COLUMNS, careCommands, cleanedCells } from './care-commands.ts';
import type { CliCommand } from './command-table.ts';
import { editCommands, printEditItem } from './edit-commands.ts';
import { exportAction } from './export-command.ts';
import { openReport } from './import-report.ts';
import { localKeysFrom, NOTE_COMMANDS } from './note-commands.ts';
import type { Output } from './output.ts';
import { type CommandLine, nearest, UsageError } from './parse-command-line.ts';
import { readSecret, type SecretInput } from './read-secret.ts';
import { runAction } from './run-action.ts';
import { EXPORT_COLUMNS, FILE_COLUMNS, matchTable, NODE_COLUMNS, nodeCells, PROBLEM_COLUMNS, statsLines, TLS_COLUMNS } from './tables.ts';

export interface CommandContext {
  readonly host: Held | Attached;
  readonly line: CommandLine;
  readonly output: Output;
  /** Standard input, where there is one; opened when a command wants it. */
  readonly input: () => SecretInput | undefined;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly interrupted: AbortSignal;
}

type ExitCode = 0 | 1 | 2;

/** Carries one command out on a workstation and resolves with the exit code. Throws PhosphorError or UsageError. */
export function runCommand(context: CommandContext): Promise<ExitCode> {
  return RUN[context.line.command](context);
}

const RUN: Readonly<Record<CliCommand, (context: CommandContext) => Promise<ExitCode>>> = {
  async 'node add'({ host, line, output }) {
    const draft = nodeDraft(line);
    const { node } = await contractOf(host).invoke('nodes.add', { node: draft });
    output.say(`${node.name} is known as ${node.aeTitle} at ${node.host}:${node.port}. \`phosphor echo ${node.name}\` tests it.`);
    if (node.userIdentity !== undefined && node.userIdentity.type !== 'username') {
      output.say(`It wants to see who calls: \`phosphor node secret ${node.name}\` stores what proves that.`);
    }
    await output.record({ ok: true, node });
    return 0;
  },

  async 'node list'({ host, output }) {
    const { nodes } = await contractOf(host).invoke('session.snapshot', {});
    for (const node of nodes) await output.record(node);
    if (nodes.length === 0) output.say('No PACS is known yet; `phosphor node add --help` shows how to add one.');
    else await output.rows(NODE_COLUMNS, nodes.map(nodeCells));
    await output.record({ ok: true, nodes: nodes.length });
    return 0;
  },

  async 'node remove'({ host, line, output }) {
    const node = await nodeNamed(contractOf(host), line.positionals[0] ?? '');
    await contractOf(host).invoke('nodes.remove', { nodeId: node.nodeId });
    output.say(`${node.name} is forgotten.`);
    await output.record({ ok: true });
    return 0;
  },

  async 'node secret'({ host, line, output, input }) {
    const contract = contractOf(host);
    const node = await nodeNamed(contract, line.positionals[0] ?? '');
    const secret =
      line.options.remove === true ? null : await secretFrom(input, output, `Secret for ${node.name} (not shown), then Enter:`);
    await contract.invoke('nodes.setSecret', { nodeId: node.nodeId, secret });
    output.say(secret === null ? `The secret for ${node.name} is forgotten.` : `The secret for ${node.name} is stored.`);
    await output.record({ ok: true });
    return 0;
  },

  async 'caller add'({ host, line, output, input }) {
    const username = line.positionals[0] ?? '';
    const passcode = await secretFrom(input, output, `Passcode of ${username} (not shown), then Enter:`);
    const contract = contractOf(host);
    await contract.invoke('callers.set', { username, passcode });
    output.say(`${username} may call with this passcode.`);
    const { settings } = await contract.invoke('session.snapshot', {});
    if (settings.callers.userIdentity === 'ignored') {
      output.warn('So far nobody is asked for one: set callers.userIdentity to "checked" or "required" in settings.jsonc.');
    }
    await output.record({ ok: true });
    return 0;
  },

  async 'caller list'({ host, output }) {
    const { usernames } = await contractOf(host).invoke('callers.list', {});
    for (const username of usernames) output.say(username);
    if (usernames.length === 0) output.say('No caller has a passcode yet; `phosphor caller add --help` shows how to add one.');
    await output.record({ ok: true, usernames });
    return 0;
  },

  async 'caller remove'({ host, line, output }) {
    const contract = contractOf(host);
    const username = line.positionals[0] ?? '';
    const { usernames } = await contract.invoke('callers.list', {});
    if (!usernames.includes(username)) throw new PhosphorError('not-found', `no caller is called "${username}"`);
    await contract.invoke('callers.set', { username, passcode: null });
    output.say(`${username} is forgotten.`);
    await output.record({ ok: true });
    return 0;
  },

  async echo(context) {
    const { nodeId } = await nodeNamed(contractOf(context.host), context.line.positionals[0] ?? '');
    return await act(context, { command: 'echo', nodeId });
  },

  async find(context) {
    const { nodeId } = await nodeNamed(contractOf(context.host), context.line.positionals[0] ?? '');
    return await act(context, { command: 'find', nodeId, query: queryFrom(context.line) });
  },

  async retrieve(context) {
    const { line, host } = context;
    refuseMethod(line);
    const contract = contractOf(host);
    const to = line.options.to;
    if (typeof to === 'string') {
      const { settings } = await contract.invoke('session.snapshot', {});
      if (to.trim() !== settings.aeTitle) {
        throw new UsageError(`Retrieving to another station is not available yet; leave --to out to retrieve to ${settings.aeTitle}.`);
      }
    }
    const { nodeId } = await nodeNamed(contract, line.positionals[0] ?? '');
    const series = line.options.series;
    return await act(context, {
      command: 'retrieve',
      nodeId,
      studyInstanceUID: String(line.options.study),
      ...(typeof series === 'string' ? { seriesInstanceUID: series } : {}),
    });
  },

  async import(context) {
    const { report: file } = context.line.options;
    const report = typeof file === 'string' ? openReport(resolve(file)) : undefined;
    const paths = context.line.positionals.map((path) => resolve(path));
    try {
      return await act(context, { command: 'import', paths }, (items) => report?.add(items));
    } finally {
      await report?.end();
    }
  },
  export: async (context) => act(context, await exportAction(context)),
  'archive verify': (context) => act(context, { command: 'verify', ...restart(context) }),
  'archive rebuild': (context) => act(context, { command: 'rebuild', ...restart(context) }),
  ...careCommands((context, action) => act(context, action)),
  ...editCommands((context, action) => act(context, action)),
  ...NOTE_COMMANDS,

  async 'tls check'({ host, output }) {
    const { findings } = await contractOf(host).invoke('tls.selfTest', {});
    for (const finding of findings) await output.record(finding);
    await output.rows(
      TLS_COLUMNS,
      findings.map(({ severity, subject, sentence }) => [severity, TLS_SUBJECTS[subject], sentence]),
    );
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    if (errors > 0) output.say(errors === 1 ? '1 thing must be put right.' : `${errors} things must be put right.`);
    await output.record({ ok: errors === 0, findings: findings.length, errors });
    return errors === 0 ? 0 : 1;
  },

  async 'archive stats'({ host, output }) {
    const stats = await contractOf(host).invoke('archive.stats', {});
    for (const text of statsLines(stats)) output.say(text);
    await output.record({ ok: true, ...stats });
    return 0;
  },

  async list({ host, line, output, interrupted }) {
    const { level, ...asked } = queryFrom(line);
    const keys = { ...asked, ...localKeysFrom(line) };
    let matches = 0;
    for await (const study of localStudies(contractOf(host), keys)) {
      for (const row of await rowsOf(contractOf(host), study, level, keys.seriesInstanceUID)) {
        matches += 1;
        await print(output, row);
      }
      if (interrupted.aborted) return 1;
    }
    if (matches === 0) output.say('Nothing in the local archive matches.');
    await output.record({ ok: true, matches });
    return 0;
  },

  async listen({ host, output, interrupted }) {
    const contract = contractOf(host);
    const { listener } = await contract.invoke('listener.start', {});
    if (listener.state !== 'listening') {
      output.warn(listener.sentence ?? 'The receiver could not be started.');
      await output.record({ ok: false, listener });
      return 1;
    }
    const { aeTitle, host: address, port, tlsPort } = listener;
    const secured = tlsPort === undefined ? '' : `, by TLS on port ${tlsPort}`;
    const where = address === '::' || address === '0.0.0.0' ? 'all addresses of this computer' : address;
    output.say(`Receiving as ${aeTitle} on port ${port}${secured}, on ${where}. Ctrl-C ends.`);
    await output.record({ type: 'listening', ...listener });
    const failure = await untilOver(contract, host, interrupted);
    if (failure !== undefined) output.warn(failure);
    await output.record(failure === undefined ? { ok: true } : { ok: false, sentence: failure });
    return failure === undefined ? 0 : 1;
  },

  async window({ host, output, interrupted }) {
    if (host.kind === 'attached') {
      const answer = await host.client.window();
      if ('focused' in answer) output.say('The window was brought to the front.');
      else output.say(answer.launchPage);
      await output.record({ ok: true, ...answer });
      return 0;
    }
    const launchPage = await host.launchPage();
    output.say(launchPage);
    await output.record({ ok: true, launchPage });
    output.warn(
      'Open this page in a browser on this machine within 30 seconds; `phosphor window` in another shell writes a new one. Ctrl-C ends.',
    );
    await untilOver(host.workstation, host, interrupted);
    return 0;
  },
};

const TLS_SUBJECTS = {
  certificate: 'certificate',
  privateKey: 'key',
  trustAnchors: 'trust',
  chain: 'chain',
  handshake: 'handshake',
} as const;

/** Studies of the local archive page by page, newest first. */
async function* localStudies(contract: Contract, keys: LocalQuery): AsyncGenerator<LocalStudy> {
  const limit = 500;
  for (let offset = 0; ; offset += limit) {
    const page = await contract.invoke('archive.search', { query: keys, sort: { by: 'studyDate', descending: true }, offset, limit });
    yield* page.studies;
    if (page.studies.length < limit) return;
  }
}

async function rowsOf(
  contract: Contract,
  study: LocalStudy,
  level: Query['level'],
  series: string | undefined,
): Promise<(MatchRow | LocalStudy)[]> {
  const { studyInstanceUID } = study;
  switch (level) {
    case 'patient':
    case 'study':
      return [study];
    case 'series': {
      const found = await contract.invoke('archive.series', { studyInstanceUID });
      return found.series.filter((row) => series === undefined || row.seriesInstanceUID === series);
    }
    case 'image': {
      const args: CommandArgs<'archive.instances'> = { studyInstanceUID, ...(series === undefined ? {} : { seriesInstanceUID: series }) };
      const found = await contract.invoke('archive.instances', args);
      return found.instances.map((instance) => ({ level: 'image', studyInstanceUID, ...instance }));
    }
  }
}

async function act(
  { host, output, interrupted }: CommandContext,
  action: ActionRequest,
  also: (items: readonly ActionItem[]) => Promise<void> | undefined = () => undefined,
): Promise<ExitCode> {
  return await runAction({
    contract: contractOf(host),
    action,
    output,
    interrupted,
    onItems: async (items) => {
      for (const item of items) await printItem(output, item);
      await also(items);
    },
    ...(host.kind === 'attached' ? { onLost: (listener: () => void) => host.client.onLost(listener) } : {}),
  });
}

async function printItem(output: Output, item: ActionItem): Promise<void> {
  switch (item.kind) {
    case 'match':
      await print(output, item.row);
      break;
    case 'file':
      await output.record(item);
      // A person wants to know what did not go in; the rest is in the summary.
      if (item.result !== 'imported' && item.result !== 'known') {
        await output.rows(FILE_COLUMNS, [[item.result, item.error?.kind ?? '', item.path]]);
      }
      break;
    case 'export-failed':
      await output.record(item);
      await output.rows(EXPORT_COLUMNS, [[item.level, item.error.kind, item.name]]);
      break;
    case 'cleaned':
      await output.record(item);
      await output.rows(CLEANED_COLUMNS, [cleanedCells(item)]);
      break;
    case 'change':
    case 'pixel-warning':
    case 'instance-failed':
      await printEditItem(output, item);
      break;
    case 'problem':
      await output.record(item);
      await output.rows(PROBLEM_COLUMNS, [[item.problem, item.sopInstanceUID ?? '', item.file]]);
      break;
  }
}

const restart = ({ line }: CommandContext) => (line.options.restart === true ? { restart: true } : {});

async function print(output: Output, row: MatchRow | LocalStudy): Promise<void> {
  await output.record(row);
  const { columns, cells } = matchTable(row);
  await output.rows(columns, [cells]);
}

/** Resolves when the person has had enough (undefined), or with a sentence when the receiver or the workstation failed. */
function untilOver(contract: Contract, host: Held | Attached, interrupted: AbortSignal): Promise<string | undefined> {
  return new Promise((done) => {
    const onEvent = (event: ContractEvent): void => {
      if (event.type === 'ListenerChanged' && event.listener.state === 'failed') finish(event.listener.sentence ?? 'The receiver failed.');
    };
    const unsubscribe = contract.subscribe(onEvent);
    const finish = (sentence: string | undefined): void => {
      unsubscribe();
      done(sentence);
    };
    if (interrupted.aborted) finish(undefined);
    interrupted.addEventListener('abort', () => finish(undefined), { once: true });
    if (host.kind === 'attached') host.client.onLost(() => finish('The workstation that held this profile ended.'));
  });
}

async function nodeNamed(contract: Contract, name: string): Promise<PacsNode> {
  const { nodes } = await contract.invoke('session.snapshot', {});
  const found = nodes.find((node) => node.name === name || node.nodeId === name) ?? only(nodes.filter((node) => same(node.name, name)));
  if (found !== undefined) return found;
  const names = nodes.map((node) => node.name);
  const near = nearest(name, names);
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : names.length === 0
        ? 'none is known yet; `phosphor node add --help` shows how to add one'
        : '`phosphor node list` shows those that are known';
  throw new PhosphorError('not-found', `no PACS is called "${name}"; ${hint}`);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function only<T>(values: readonly T[]): T | undefined {
  return values.length === 1 ? values[0] : undefined;
}

function nodeDraft(line: CommandLine): CommandArgs<'nodes.add'>['node'] {
  refuseMethod(line);
  const draft = pacsNodeDraft.safeParse({
    name: line.positionals[0],
    host: line.options.host,
    port: Number(line.options.port),
    aeTitle: line.options.ae,
    method: 'move',
    ...(line.options['max-pdu'] === undefined ? {} : { maxPDULength: Number(line.options['max-pdu']) }),
    ...(line.options.charset === undefined ? {} : { fallbackCharacterSet: line.options.charset }),
    ...identityOf(line),
    ...tlsOf(line),
  });
  if (draft.success) return draft.data;
  const issue = draft.error.issues[0];
  const option = OPTION_OF[issue?.path.join('.') ?? ''] ?? 'the command';
  throw new UsageError(`${option} cannot be used: ${issue?.message ?? 'not valid'}.`);
}

const OPTION_OF: Readonly<Record<string, string>> = {
  name: 'NAME',
  host: '--host',
  port: '--port',
  aeTitle: '--ae',
  maxPDULength: '--max-pdu',
  fallbackCharacterSet: '--charset',
  'userIdentity.type': '--identity',
  'userIdentity.username': '--username',
  'tls.serverName': '--tls-name',
};

function identityOf(line: CommandLine) {
  const { identity: type, username } = line.options;
  if (type === undefined && username !== undefined) throw new UsageError('--username belongs to --identity username or passcode.');
  const isNamed = type === 'username' || type === 'passcode';
  if (isNamed && username === undefined) throw new UsageError(`--identity ${type} needs --username U.`);
  if (!isNamed && username !== undefined) throw new UsageError('--username belongs to --identity username or passcode.');
  if (type === undefined) return {};
  return { userIdentity: { type, positiveResponseRequested: false, ...(username === undefined ? {} : { username }) } };
}

function tlsOf(line: CommandLine) {
  const { tls, 'tls-name': serverName, 'tls-any-name': anyName } = line.options;
  if (tls === undefined && serverName === undefined && anyName === undefined) return {};
  if (serverName !== undefined && anyName !== undefined) throw new UsageError('Give --tls-name or --tls-any-name, not both.');
  return { tls: { checkName: anyName === undefined, ...(serverName === undefined ? {} : { serverName }) } };
}

async function secretFrom(open: CommandContext['input'], output: Output, prompt: string): Promise<string> {
  const input = open();
  if (input === undefined) throw new PhosphorError('invalid-arguments', 'there is no standard input to read the secret from');
  return await readSecret(input, output, prompt);
}

function refuseMethod(line: CommandLine): void {
  const { method } = line.options;
  if (method === undefined || method === 'move') return;
  if (method === 'get' || method === 'auto')
    throw new UsageError(`Retrieving by --method ${method} is not available yet; use --method move.`);
  throw new UsageError('--method is move, get or auto.');
}

const QUERY_KEYS = {
  'patient-name': 'patientName',
  'patient-id': 'patientID',
  date: 'studyDate',
  modality: 'modality',
  accession: 'accessionNumber',
  study: 'studyInstanceUID',
  series: 'seriesInstanceUID',
} as const;

function queryFrom(line: CommandLine): Query {
  const keys: Record<string, unknown> = { level: line.options.level ?? 'study' };
  const optionOf: Record<string, string> = { level: 'level' };
  for (const [option, key] of Object.entries(QUERY_KEYS) as [keyof typeof QUERY_KEYS, string][]) {
    optionOf[key] = option;
    if (line.options[option] !== undefined) keys[key] = line.options[option];
  }
  const checked = querySchema.safeParse(keys);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const option = optionOf[String(issue?.path[0])] ?? 'query';
  throw new UsageError(
    `--${option} cannot be used: ${option === 'level' ? 'it is patient, study, series or image' : (issue?.message ?? 'not valid')}.`,
  );
}
