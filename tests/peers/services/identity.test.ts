import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startListener } from '../../../electron/associations/index.ts';
import type { PacsNodeDraft } from '../../../shared/contract/index.ts';
import { openedWorkstation } from '../../move-models/scripted-pacs.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';

// The workstation with secrets: shown to a PACS that wants to see who calls, and asked of those who send to us.

const SECRET = 'open-sesame-4711';

/** Every file of a profile in which the secret stands. */
async function filesWithSecret(profile: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(profile, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (bytes.includes(SECRET)) found.push(entry.name);
  }
  return found;
}

test('a PACS that wants a passcode is called with it; without it the action says what to do; it stands in one file and goes with the node', async () => {
  await using it = await openedWorkstation();
  const pacs = await startListener({
    host: '127.0.0.1',
    port: 0,
    clocks: clocks(),
    access: {
      aeTitle: 'STRICT',
      knownAETitles: [],
      knownHosts: [],
      acceptAnyone: true,
      userIdentity: { required: true, passcodes: { jane: SECRET } },
    },
    events: { onStored() {}, onRefused() {}, onAssociations() {}, onState() {} },
  });
  const node: PacsNodeDraft = {
    name: 'STRICT',
    host: '127.0.0.1',
    port: pacs.port,
    aeTitle: 'STRICT',
    method: 'move',
    userIdentity: { type: 'passcode', username: 'jane', positiveResponseRequested: true },
  };
  const { nodeId } = (await it.workstation.invoke('nodes.add', { node })).node;
  const echo = async () => {
    const { actionId } = await it.workstation.invoke('actions.request', { action: { command: 'echo', nodeId }, tag: null });
    return await it.completed(actionId);
  };
  const without = await echo();
  expect(without).toMatchObject({ outcome: 'failed', diagnosis: { error: { kind: 'not-found', code: 'SECRET_MISSING' } } });
  expect(without.diagnosis?.nextStep).toContain('phosphor node secret');
  await it.workstation.invoke('nodes.setSecret', { nodeId, secret: 'wrong' });
  expect(await echo()).toMatchObject({ outcome: 'rejected' });
  await it.workstation.invoke('nodes.setSecret', { nodeId, secret: SECRET });
  expect(await echo()).toMatchObject({ outcome: 'success' });
  const snapshot = await it.workstation.invoke('session.snapshot', {});
  expect(JSON.stringify([snapshot, it.events])).not.toContain(SECRET);
  expect(await filesWithSecret(it.profile)).toEqual(['secrets.json']);
  await it.workstation.invoke('nodes.remove', { nodeId });
  expect(await filesWithSecret(it.profile)).toEqual([]);
  await pacs.close();
});

test('callers who must show who they are: let in with the stored passcode only, also after it is changed while the port is open', async () => {
  await using it = await openedWorkstation();
  await using folder = await temporaryFolder('callers');
  const [{ path = '' } = {}] = await writeSeries(folder.path, { study: '1.2.826.91', count: 1 });
  const callers = { userIdentity: 'required', jwtKeyFile: '', jwtIssuer: '', jwtAudience: '' } as const;
  await it.workstation.invoke('settings.update', { changes: { acceptAnyone: true, callers } });
  await it.workstation.invoke('callers.set', { username: 'scanner', passcode: SECRET });
  await it.workstation.invoke('listener.start', {});
  const send = async (passcode: string) =>
    (await dcmtk('storescu', '-aec', 'PHOSPHOR', '-usr', 'scanner', '-pwd', passcode, '-rsp', '127.0.0.1', String(it.port), path)).code;
  expect(await send(SECRET)).toBe(0);
  expect(await send('wrong')).not.toBe(0);
  await it.workstation.invoke('callers.set', { username: 'scanner', passcode: 'another' });
  expect(await send(SECRET)).not.toBe(0);
  expect(await send('another')).toBe(0);
  expect(await it.workstation.invoke('callers.list', {})).toEqual({ usernames: ['scanner'] });
  await it.workstation.invoke('callers.set', { username: 'scanner', passcode: null });
  expect(await send('another')).not.toBe(0);
});
