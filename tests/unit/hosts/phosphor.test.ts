import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOutput } from '../../../electron/hosts/cli/output.ts';
import { phosphor } from '../../../electron/hosts/cli/phosphor.ts';
import { readSecret } from '../../../electron/hosts/cli/read-secret.ts';
import { type Held, hold } from '../../../electron/hosts/host-session.ts';
import { localSocketPath } from '../../../electron/hosts/profile.ts';
import { type ActionComplete, type Outcome, PhosphorError } from '../../../shared/contract/index.ts';
import { createFakeWorkstation, type FakeWorkstation, temporaryFolder } from './fake-workstation.ts';

let folder: { path: string; remove: () => Promise<void> };
let workstation: FakeWorkstation;
let other: Held | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
  workstation = createFakeWorkstation(folder.path);
});
afterEach(async () => {
  await other?.close();
  other = undefined;
  await folder.remove();
});

test('a node can be added, listed and removed; the last line of JSON is the result', async () => {
  expect(await run('node add MAIN --host 127.0.0.1 --port 104 --ae MAINPACS')).toMatchObject({ code: 0 });
  const listed = await run('node list --json');
  expect(listed.records).toMatchObject([
    { name: 'MAIN', host: '127.0.0.1', port: 104, aeTitle: 'MAINPACS' },
    { ok: true, nodes: 1 },
  ]);
  expect((await run('node list')).stdout).toMatch(/Name\s+AE title\s+Host\s+Port\s+Method\nMAIN\s+MAINPACS\s+127\.0\.0\.1\s+104\s+move/);
  expect(await run('node remove MAIN --json')).toMatchObject({ code: 0, records: [{ ok: true }] });
  expect((await run('node list')).stdout).toContain('phosphor node add --help');
});

test.each<[Outcome, number]>([
  ['success', 0],
  ['partial', 2],
  ['unconfirmed', 2],
  ['failed', 1],
  ['rejected', 1],
  ['aborted', 1],
  ['timed-out', 1],
  ['cancelled', 1],
])('an action that ends as %s gives exit code %i and its ActionComplete as the last line', async (outcome, code) => {
  await addNode();
  completeWith({ outcome });
  const result = await run('echo MAIN --json');
  expect(result.code).toBe(code);
  expect(result.records.at(-1)).toMatchObject({ type: 'ActionComplete', outcome });
});

test('matches are printed as they come, each batch is credited, the diagnosis goes to stderr', async () => {
  await addNode();
  const row = {
    level: 'image',
    studyInstanceUID: '1.2',
    seriesInstanceUID: '1.3',
    sopInstanceUID: '1.4',
    instanceNumber: 7,
  } as const;
  workstation.onAction((actionId, action, tag) => {
    workstation.publish({ type: 'ActionItems', actionId, tag, items: [{ kind: 'match', row }] });
    workstation.publish({ type: 'ActionItems', actionId, tag, items: [{ kind: 'match', row: { ...row, sopInstanceUID: '1.5' } }] });
    workstation.publish({
      ...complete(actionId, tag),
      action,
      outcome: 'failed',
      diagnosis: { sentence: 'MAIN ran out of resources.', nextStep: 'Ask for less.', copyable: 'PHOSPHOR 11112' },
    });
  });
  const json = await run('find MAIN --level image --study 1.2 --json');
  expect(json.records).toMatchObject([row, { sopInstanceUID: '1.5' }, { type: 'ActionComplete' }]);
  expect(json.stderr).toBe('MAIN ran out of resources.\nAsk for less.\n    PHOSPHOR 11112\n');
  expect(workstation.calls.filter((call) => call.command === 'actions.credit').length).toBe(2);
  expect(workstation.calls.find((call) => call.command === 'actions.request')?.args).toMatchObject({
    action: { command: 'find', query: { level: 'image', studyInstanceUID: '1.2' } },
  });
  expect((await run('find MAIN --level image')).stdout).toMatch(/No\s+SOP Instance UID.*\n\s+7\s+1\.4/);
});

test('text from a peer cannot steer the terminal', async () => {
  await addNode();
  workstation.onAction((actionId, action, tag) => {
    const row = { level: 'image', studyInstanceUID: '1.2', seriesInstanceUID: '1.3', sopInstanceUID: '1.4', sopClassUID: '1.5' } as const;
    workstation.publish({ type: 'ActionItems', actionId, tag, items: [{ kind: 'match', row }] });
    workstation.publish({
      ...complete(actionId, tag),
      action,
      outcome: 'failed',
      diagnosis: { sentence: 'It said \u001b[2J\u202eevil', error: { kind: 'peer-status', message: 'x', retryable: false } },
    });
  });
  const { stdout, stderr } = await run('find MAIN --level image');
  expect(stderr).toContain('evil');
  for (const character of ['\u001b', '\u202e']) expect(`${stdout}${stderr}`).not.toContain(character);
});

test.each([
  ['retrieve MAIN --study 1.2 --method get', 'not available yet'],
  ['retrieve MAIN --study 1.2 --method auto', 'not available yet'],
  ['retrieve MAIN --study 1.2 --method ftp', 'move, get or auto'],
  ['retrieve MAIN --study 1.2 --to OTHER', 'leave --to out to retrieve to PHOSPHOR'],
  ['node add X --host h --port 104 --ae A --method get', 'not available yet'],
  ['node add X --host h --port 0 --ae A', '--port cannot be used'],
  ['node add X --host h --port 1 --ae A --max-pdu 1', '--max-pdu cannot be used'],
  ['node add X --host h --port 1 --ae A --identity oath', '--identity cannot be used'],
  ['node add X --host h --port 1 --ae A --identity passcode', 'needs --username'],
  ['node add X --host h --port 1 --ae A --tls-name h --tls-any-name', 'not both'],
  ['node add X --host h --port 104 --ae ABCDEFGHIJKLMNOPQ', '--ae cannot be used'],
  ['find MAIN --date 2026-01-01', '--date cannot be used'],
  ['find MAIN --level slice', 'patient, study, series or image'],
  ['echo MIAN', 'did you mean "MAIN"?'],
  ['list --port 0', '--port is a number'],
])('%s is refused with one sentence and exit code 1', async (line, sentence) => {
  await addNode();
  const { code, stderr, records } = await run(`${line} --json`);
  expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
  expect(stderr).toContain(sentence);
  expect(records.at(-1)).toMatchObject({ ok: false });
  expect(workstation.calls.some((call) => call.command === 'actions.request')).toBe(false);
});

test('retrieving to our own title is retrieving to ourselves', async () => {
  await addNode();
  completeWith({ outcome: 'success' });
  expect((await run('retrieve MAIN --study 1.2 --series 1.3 --to PHOSPHOR --method move')).code).toBe(0);
  expect(workstation.calls.find((call) => call.command === 'actions.request')?.args).toMatchObject({
    action: { command: 'retrieve', studyInstanceUID: '1.2', seriesInstanceUID: '1.3' },
  });
});

test('a secret is read from standard input, reaches the workstation and is printed nowhere', async () => {
  await addNode();
  const node = await run('node secret MAIN --json', undefined, undefined, undefined, 'sésame\n');
  expect(node).toMatchObject({ code: 0, records: [{ ok: true }] });
  const caller = await run('caller add SCANNER', undefined, undefined, undefined, 'sésame');
  expect(caller.code).toBe(0);
  expect(caller.stderr).toContain('callers.userIdentity');
  const given = workstation.calls.filter(({ command }) => command === 'nodes.setSecret' || command === 'callers.set');
  expect(given.map(({ args }) => args)).toMatchObject([{ secret: 'sésame' }, { username: 'SCANNER', passcode: 'sésame' }]);
  for (const { stdout, stderr } of [node, caller]) expect(`${stdout}${stderr}`).not.toContain('sésame');
  expect((await run('caller list')).stdout).toBe('SCANNER\n');
  expect((await run('caller remove SCANNER')).code).toBe(0);
  expect((await run('caller remove SCANNER')).code).toBe(1);
  expect((await run('node secret MAIN --remove')).code).toBe(0);
  expect(workstation.calls.at(-1)).toMatchObject({ command: 'nodes.setSecret', args: { secret: null } });
});

test('no secret, or one that is too long, is refused', async () => {
  await addNode();
  for (const input of ['', '\n', 'x'.repeat(65_536)]) {
    expect((await run('node secret MAIN', undefined, undefined, undefined, input)).code).toBe(1);
  }
  expect(workstation.calls.some(({ command }) => command === 'nodes.setSecret')).toBe(false);
});

test('a person types a secret unseen, mends it with the backspace and ends it with Enter', async () => {
  const raw: boolean[] = [];
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
  const lines: string[] = [];
  const output = {
    ...createOutput({ stdout: new PassThrough(), stderr: new PassThrough() }, false),
    warn: (line: string) => lines.push(line),
  };
  const reading = readSecret(keyboard, output, 'Secret:');
  for (const key of ['s', 'e', 'x', '\u007f', 'same\r', 'rest']) keyboard.write(key);
  expect(await reading).toBe('sesame');
  expect([raw, lines]).toEqual([[true, false], ['Secret:']]);
});

test('a node is added with what it wants to see of us, and how it is called', async () => {
  const options = '--max-pdu 65536 --identity passcode --username jane --tls-any-name';
  const added = await run(`node add MAIN --host h --port 104 --ae A ${options}`);
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining('phosphor node secret MAIN')]);
  expect(workstation.calls.find(({ command }) => command === 'nodes.add')?.args).toMatchObject({
    node: {
      maxPDULength: 65_536,
      userIdentity: { type: 'passcode', username: 'jane', positiveResponseRequested: false },
      tls: { checkName: false },
    },
  });
});

test('Ctrl-C cancels the action and still waits for its end', async () => {
  await addNode();
  const interruption = new AbortController();
  workstation.onAction(() => interruption.abort());
  const { invoke } = workstation;
  workstation.invoke = async (command, args) => {
    if (command === 'actions.cancel') {
      const { actionId } = args as { actionId: string };
      const asked = workstation.calls.find((call) => call.command === 'actions.request')?.args as { tag: string };
      workstation.publish({ ...complete(actionId, asked.tag), outcome: 'cancelled' });
    }
    return await invoke(command, args);
  };
  const result = await run('echo MAIN --json', interruption);
  expect(result.code).toBe(1);
  expect(result.records.at(-1)).toMatchObject({ outcome: 'cancelled' });
});

test('while another process holds the profile, it is spoken to', async () => {
  other = await hold({ profile: folder.path, open: async () => workstation });
  const socket = localSocketPath(folder.path);
  expect((await stat(socket)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder.path, 'run'))).mode & 0o777).toBe(0o700);
  await addNode();
  completeWith({ outcome: 'success' });
  const open = () => Promise.reject(new PhosphorError('busy', 'held'));
  expect(await run('echo MAIN --json', undefined, open)).toMatchObject({ code: 0 });
  expect(workstation.closed).toBe(false);
  const refused = await run('echo MAIN --port 4000', undefined, open);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('already holds this profile')]);
});

test('when the workstation that was spoken to ends, the command says so and fails', async () => {
  other = await hold({ profile: folder.path, open: async () => workstation });
  await addNode();
  workstation.onAction(() => void other?.close());
  const { code, stderr } = await run('echo MAIN', undefined, () => Promise.reject(new PhosphorError('busy', 'held')));
  expect([code, stderr]).toEqual([1, 'The workstation that held this profile ended; run the command again.\n']);
});

test('without a window built, `phosphor window` says what to do', async () => {
  const { code, stderr } = await run('window', undefined, undefined, join(folder.path, 'nothing-built'));
  expect([code, stderr]).toEqual([1, expect.stringContaining('npm start')]);
});

test('a fault of ours shows a sentence, no stack and nothing of what it was about', async () => {
  const { code, stderr } = await run('archive stats', undefined, () => Promise.reject(new TypeError('DOE^JANE is not a function')));
  expect([code, stderr]).toEqual([1, expect.stringContaining('please report it')]);
  expect(stderr).not.toMatch(/DOE|at .*:\d+/);
});

// ---------------------------------------------------------------------------------------------------------------------

async function run(
  line: string,
  interruption = new AbortController(),
  open?: () => Promise<never>,
  rendererDirectory?: string,
  input?: string,
) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const text = [stdout, stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  });
  const code = await phosphor({
    args: [...line.split(' '), '--profile', folder.path],
    streams: { stdout, stderr, ...(input === undefined ? {} : { stdin: Readable.from(input === '' ? [] : [input]) }) },
    openWorkstation: open ?? (async () => workstation),
    version: '0',
    interrupted: interruption.signal,
    ...(rendererDirectory === undefined ? {} : { rendererDirectory }),
  });
  await new Promise((resolve) => setImmediate(resolve));
  const out = text[0]?.() ?? '';
  const records = line.includes('--json')
    ? out
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one) as Record<string, unknown>)
    : [];
  return { code, stdout: out, stderr: text[1]?.() ?? '', records };
}

async function addNode(): Promise<void> {
  await workstation.invoke('nodes.add', { node: { name: 'MAIN', host: '127.0.0.1', port: 104, aeTitle: 'MAINPACS', method: 'move' } });
}

function completeWith(change: Partial<ActionComplete>): void {
  workstation.onAction((actionId, action, tag) => workstation.publish({ ...complete(actionId, tag), action, ...change }));
}

function complete(actionId: string, tag: ActionComplete['tag']): Omit<ActionComplete, 'seq'> {
  return {
    type: 'ActionComplete',
    actionId,
    tag,
    action: { command: 'verify' },
    outcome: 'success',
    counts: { received: 0, completed: 0, failed: 0, warning: 0 },
    bytes: 0,
    failedSOPInstanceUIDs: [],
    offendingElements: [],
    verifiedBy: 'none',
    attempts: 1,
    startedAt: 1,
    finishedAt: 2,
  };
}

test('listening names the port for encrypted connections where there is one', async () => {
  const listener = { state: 'listening', aeTitle: 'PHOSPHOR', host: '::', port: 11_112, associations: 0 } as const;
  const interrupted = new AbortController();
  interrupted.abort();
  workstation.answerWith('listener.start', { listener });
  expect((await run('listen', interrupted)).stdout).toContain(
    'Receiving as PHOSPHOR on port 11112, on all addresses of this computer. Ctrl-C ends.',
  );
  workstation.answerWith('listener.start', { listener: { ...listener, tlsPort: 2762 } });
  expect((await run('listen', interrupted)).stdout).toContain(
    'Receiving as PHOSPHOR on port 11112, by TLS on port 2762, on all addresses of this computer. Ctrl-C ends.',
  );
});
