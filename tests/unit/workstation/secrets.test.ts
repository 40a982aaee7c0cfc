import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityRules } from '../../../electron/workstation/callers.ts';
import { peerOf } from '../../../electron/workstation/peers.ts';
import { SecretStore } from '../../../electron/workstation/secrets.ts';
import { DEFAULT_SETTINGS } from '../../../electron/workstation/settings-text.ts';
import type { NodeUserIdentity, PacsNode } from '../../../shared/contract/index.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const NODE = 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6';
const KEY_RING = {
  seal: (secret: string) => Buffer.from(`ring ${secret}`).toString('base64'),
  unseal: (sealed: string) => {
    const text = Buffer.from(sealed, 'base64').toString();
    if (!text.startsWith('ring ')) throw new Error('not of this key ring');
    return text.slice(5);
  },
};
const none = () => undefined;
const LOG = { info: none, warn: none, error: none };

describe('secrets', () => {
  test('are kept in a file that only this user can read, and survive a restart', async () => {
    await using folder = await temporaryFolder('secrets');
    const store = await SecretStore.read(folder.path);
    await Promise.all([store.setOfNode(NODE, 'sesame'), store.setCaller('jane', 'one'), store.setCaller('bob', 'two')]);
    expect((await stat(join(folder.path, 'secrets.json'))).mode & 0o777).toBe(0o600);
    const again = await SecretStore.read(folder.path);
    expect(again.ofNode(NODE)).toBe('sesame');
    expect([again.callers, again.passcodes()]).toEqual([['bob', 'jane'], { known: { jane: 'one', bob: 'two' }, sealed: 0 }]);
    await again.setOfNode(NODE, null);
    await again.setCaller('bob', null);
    const last = await SecretStore.read(folder.path);
    expect([last.ofNode(NODE), last.callers]).toEqual([undefined, ['jane']]);
  });

  test('that the desktop has sealed are not readable in the file nor for another host, which says what to do', async () => {
    await using folder = await temporaryFolder('sealed');
    const desktop = await SecretStore.read(folder.path, KEY_RING);
    await desktop.setOfNode(NODE, 'sesame');
    await desktop.setCaller('jane', 'sesame');
    expect(await readFile(join(folder.path, 'secrets.json'), 'utf8')).not.toContain('sesame');
    const other = await SecretStore.read(folder.path);
    const error = expect.objectContaining({
      message: expect.stringContaining('phosphor node secret'),
      data: expect.objectContaining({ kind: 'unsupported', code: 'SECRET_SEALED' }),
    });
    expect(() => other.ofNode(NODE)).toThrow(error);
    expect(other.passcodes()).toEqual({ known: {}, sealed: 1 });
    expect([desktop.stateOfNode(NODE), other.stateOfNode(NODE), other.stateOfNode('nobody')]).toEqual(['stored', 'sealed', 'absent']);
    await other.setOfNode(NODE, 'a copy');
    expect(other.stateOfNode(NODE)).toBe('stored');
    expect(other.ofNode(NODE)).toBe('a copy');
    expect((await SecretStore.read(folder.path, KEY_RING)).ofNode(NODE)).toBe('a copy');
  });

  test.each([
    ['no JSON', 'damaged'],
    ['one entry that is wrong', JSON.stringify({ version: 1, nodes: { [NODE]: { secret: 'x' }, other: { secret: 7 } }, callers: {} })],
  ])('in a file with %s are read as far as they are good; the file is kept aside and a notice says so', async (_, text) => {
    await using folder = await temporaryFolder('damaged-secrets');
    await writeFile(join(folder.path, 'secrets.json'), text);
    const store = await SecretStore.read(folder.path);
    const notices: string[] = [];
    await store.repair((_severity, sentence) => notices.push(sentence));
    expect(notices).toHaveLength(1);
    expect(store.ofNode(NODE)).toBe(text.startsWith('{') ? 'x' : undefined);
    const names = await readdir(folder.path);
    expect(names.filter((name) => name.includes('.damaged-'))).toHaveLength(1);
    for (const name of names) expect((await stat(join(folder.path, name))).mode & 0o077).toBe(0);
  });
});

describe('a node that wants to know who is calling', () => {
  const node = (userIdentity: NodeUserIdentity): PacsNode => ({
    nodeId: NODE,
    kind: 'pacs',
    name: 'MAIN',
    host: 'h',
    port: 104,
    aeTitle: 'MAIN',
    method: 'move',
    maxPDULength: 65_536,
    userIdentity,
  });
  const secrets = (secret?: string) => ({ ofNode: () => secret });
  const base = { positiveResponseRequested: true } as const;

  const withoutTLS = { peer: async () => undefined };

  test.each([
    [{ type: 'username', username: 'jane', ...base }, undefined, { type: 'username', username: 'jane', ...base }],
    [{ type: 'passcode', username: 'jane', ...base }, 'sesame', { type: 'passcode', username: 'jane', passcode: 'sesame', ...base }],
    [{ type: 'kerberos', ...base }, 'AAEC', { type: 'kerberos', token: Buffer.from([0, 1, 2]), ...base }],
    [{ type: 'saml', ...base }, '<Assertion/>', { type: 'saml', token: '<Assertion/>', ...base }],
    [{ type: 'jwt', ...base }, 'a.b.c', { type: 'jwt', token: 'a.b.c', ...base }],
  ] as const)('is shown %j', async (identity, secret, expected) => {
    const peer = await peerOf(node(identity), DEFAULT_SETTINGS, secrets(secret), withoutTLS);
    expect(peer).toMatchObject({ maxPDULength: 65_536, userIdentity: expected });
  });

  test.each(['passcode', 'kerberos', 'saml', 'jwt'] as const)(
    'by %s is not called without the secret, and the error says what to do',
    async (type) => {
      const called = peerOf(node({ type, username: 'jane', ...base }), DEFAULT_SETTINGS, secrets(), withoutTLS);
      await expect(called).rejects.toMatchObject({ kind: 'not-found', data: { code: 'SECRET_MISSING' } });
    },
  );

  test.each([
    ['kerberos', '%%%'],
    ['jwt', '€'.repeat(30_000)],
  ] as const)('by %s is not called with what cannot be sent, and the error says so', async (type, secret) => {
    const called = peerOf(node({ type, ...base }), DEFAULT_SETTINGS, secrets(secret), withoutTLS);
    await expect(called).rejects.toMatchObject({ kind: 'invalid-arguments', data: { code: 'SECRET_UNUSABLE' } });
  });

  test('by a user name that is missing is not called', async () => {
    const called = peerOf(node({ type: 'username', ...base }), DEFAULT_SETTINGS, secrets(), withoutTLS);
    await expect(called).rejects.toMatchObject({ kind: 'invalid-arguments', data: { code: 'USERNAME_MISSING' } });
  });
});

describe('what callers must show', () => {
  const passcodes = () => ({ known: { jane: 'x' }, sealed: 0 });
  const callers = DEFAULT_SETTINGS.callers;

  test('is nothing by default, else by the settings, the stored passcodes and the key file', async () => {
    await using folder = await temporaryFolder('callers');
    expect(await identityRules(callers, { passcodes }, LOG)).toBeUndefined();
    const key = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const jwtKeyFile = join(folder.path, 'key.pem');
    await writeFile(jwtKeyFile, key);
    const wanted = { userIdentity: 'required', jwtKeyFile, jwtIssuer: 'us', jwtAudience: '' } as const;
    expect(await identityRules(wanted, { passcodes }, LOG)).toEqual({
      required: true,
      passcodes: { jane: 'x' },
      jwt: { key, issuer: 'us' },
    });
  });

  test('stays required where the key file cannot be used: no token is accepted, and the log says so without the key', async () => {
    await using folder = await temporaryFolder('bad-key');
    const short = join(folder.path, 'short');
    await writeFile(short, 'hunter2');
    for (const jwtKeyFile of [short, join(folder.path, 'missing'), folder.path]) {
      const logged: unknown[] = [];
      const log = { ...LOG, warn: (...line: unknown[]) => logged.push(line) };
      const rules = await identityRules({ ...callers, userIdentity: 'checked', jwtKeyFile }, { passcodes }, log);
      expect(rules).toEqual({ required: false, passcodes: { jane: 'x' } });
      expect(logged).toHaveLength(1);
      expect(JSON.stringify(logged)).not.toContain('hunter2');
    }
  });
});
