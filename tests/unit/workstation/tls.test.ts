import { once } from 'node:events';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAssociation } from '../../../electron/associations/open-association.ts';
import type { PeerTLS } from '../../../electron/associations/tls-profile.ts';
import { verificationContexts } from '../../../electron/dicom/services/index.ts';
import type { ActionComplete, NodeTLS, Settings } from '../../../shared/contract/index.ts';
import { type OpenedWorkstation, openedWorkstation } from '../../move-models/scripted-pacs.ts';
import { type Certificate, certificateMaker, OPENSSL_MISSING } from '../../support/certificates.ts';
import { clocks } from '../../support/clocks.ts';
import { freePort } from '../../support/free-port.ts';
import { startReceiver } from '../../support/receiver.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const suite = OPENSSL_MISSING === undefined ? describe : describe.skip;

suite(`a workstation and TLS${OPENSSL_MISSING === undefined ? '' : ` (${OPENSSL_MISSING})`}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let authority: Certificate;
  let stranger: Certificate;
  let ours: Certificate;
  let theirs: Certificate;

  beforeAll(async () => {
    folder = await temporaryFolder('tls-workstation');
    const make = certificateMaker(folder.path);
    authority = make('authority', { ca: true });
    stranger = make('stranger', { ca: true });
    ours = make('ours', { issuer: authority });
    theirs = make('theirs', { issuer: authority });
    await chmod(ours.privateKeyFile, 0o600);
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  async function set(it: OpenedWorkstation, changes: Partial<Settings['tls']> = {}): Promise<void> {
    const { settings } = await it.workstation.invoke('session.snapshot', {});
    const tls = {
      ...settings.tls,
      certificateFile: ours.certificateFile,
      privateKeyFile: ours.privateKeyFile,
      trustAnchorsFile: authority.certificateFile,
      ...changes,
    };
    await it.workstation.invoke('settings.update', { changes: { tls } });
  }
  const notices = async (it: OpenedWorkstation) =>
    (await it.workstation.invoke('session.snapshot', {})).notices.map(({ severity, sentence }) => `${severity}: ${sentence}`);

  async function pacs(name: string) {
    const port = await freePort();
    const { certificate, privateKey } = theirs;
    const tls = {
      certificate,
      privateKey,
      trustAnchors: authority.certificate,
      minimumVersion: '1.2',
      clientCertificates: 'required',
      port,
    } as const;
    const receiver = await startReceiver(join(folder.path, name), { access: { aeTitle: 'MAINPACS', acceptAnyone: true }, tls });
    return { port, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
  }
  async function nodeAt(it: OpenedWorkstation, port: number, tls: NodeTLS = { checkName: true }): Promise<string> {
    const { nodes } = await it.workstation.invoke('session.snapshot', {});
    const name = nodes.length === 0 ? 'MAIN' : `MAIN${nodes.length + 1}`;
    const draft = { name, host: '127.0.0.1', port, aeTitle: 'MAINPACS', method: 'move', tls } as const;
    return (await it.workstation.invoke('nodes.add', { node: draft })).node.nodeId;
  }
  async function echoed(it: OpenedWorkstation, nodeId: string): Promise<ActionComplete> {
    const { actionId } = await it.workstation.invoke('actions.request', { action: { command: 'echo', nodeId }, tag: null });
    return await it.completed(actionId);
  }
  async function called(port: number, changes: Partial<PeerTLS> = {}): Promise<void> {
    const tls: PeerTLS = { trustAnchors: authority.certificate, checkName: true, minimumVersion: '1.2', ...changes };
    const association = await openAssociation({
      peer: { host: '127.0.0.1', port, calledAETitle: 'PHOSPHOR', callingAETitle: 'MAINPACS', tls },
      clocks: clocks(),
      contexts: verificationContexts(),
      signal: new AbortController().signal,
    });
    await association.release();
  }

  test('a PACS with TLS is called by TLS, with our certificate; a renewed file counts from the next call on', async () => {
    await using it = await openedWorkstation();
    await using peer = await pacs('called');
    const anchors = join(folder.path, 'anchors.pem');
    await copyFile(authority.certificateFile, anchors);
    await set(it, { trustAnchorsFile: anchors });
    const nodeId = await nodeAt(it, peer.port);
    expect(await echoed(it, nodeId)).toMatchObject({ outcome: 'success' });
    await copyFile(stranger.certificateFile, anchors);
    const refused = await echoed(it, nodeId);
    expect(refused).toMatchObject({ outcome: 'failed', diagnosis: { error: { kind: 'tls' } } });
    expect(refused.diagnosis?.sentence).toBe('Nobody whom this workstation trusts vouches for the certificate of MAIN.');
    await copyFile(authority.certificateFile, anchors);
    expect(await echoed(it, nodeId)).toMatchObject({ outcome: 'success' });
  });

  test('trust anchors and server name of a PACS stand before those of the settings', async () => {
    await using it = await openedWorkstation();
    await using peer = await pacs('own-anchors');
    await set(it, { trustAnchorsFile: stranger.certificateFile });
    const own = { trustAnchorsFile: authority.certificateFile };
    expect(await echoed(it, await nodeAt(it, peer.port, { ...own, checkName: true, serverName: 'localhost' }))).toMatchObject({
      outcome: 'success',
    });
    const named = await echoed(it, await nodeAt(it, peer.port, { ...own, checkName: true, serverName: 'other.example' }));
    expect(named.diagnosis?.error).toMatchObject({ kind: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(await echoed(it, await nodeAt(it, peer.port, { ...own, checkName: false, serverName: 'other.example' }))).toMatchObject({
      outcome: 'success',
    });
  });

  test('a file that is gone ends the call before it begins, and the sentence names the self-test', async () => {
    await using it = await openedWorkstation();
    await using peer = await pacs('gone');
    await set(it, { certificateFile: join(folder.path, 'no-such.pem') });
    const { diagnosis } = await echoed(it, await nodeAt(it, peer.port));
    expect(diagnosis).toMatchObject({
      error: { kind: 'tls', code: 'OWN_TLS_FILES' },
      nextStep: expect.stringContaining('phosphor tls check'),
    });
  });

  test('the receiver takes TLS on its second port, and plain connections on the first', async () => {
    await using it = await openedWorkstation();
    await using peer = await pacs('beside');
    const port = await freePort();
    await set(it, { port });
    await nodeAt(it, peer.port);
    await it.workstation.invoke('listener.start', {});
    await called(port);
    await expect(called(it.port)).rejects.toMatchObject({ kind: 'tls' });
    await set(it, { port, clientCertificates: 'required' });
    await expect(called(port)).rejects.toMatchObject({ kind: 'tls', data: { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' } });
    await called(port, { certificate: theirs.certificate, privateKey: theirs.privateKey });
    expect(await notices(it)).toEqual([]);
  });

  test.each<[string, (path: string) => Partial<Settings['tls']>, RegExp]>([
    ['certificate is missing', (path) => ({ certificateFile: join(path, 'no-such.pem') }), /does not exist: .*no-such\.pem/],
    ['certificate is not named', () => ({ certificateFile: '', privateKeyFile: '' }), /no certificate/],
    ['key is another’s', () => ({ privateKeyFile: theirs.privateKeyFile }), /key does not belong to the certificate/],
    ['trust anchors are missing', (path) => ({ trustAnchorsFile: join(path, 'no-such.pem') }), /trust anchors file does not exist/],
  ])('where the %s the receiver goes on without TLS, and a notice says why, once', async (_, changes, why) => {
    await using it = await openedWorkstation();
    const port = await freePort();
    await set(it, { port, ...changes(folder.path) });
    const { listener } = await it.workstation.invoke('listener.start', {});
    expect(listener.state).toBe('listening');
    await set(it, { port, ...changes(folder.path), clientCertificates: 'none' });
    await expect(called(port)).rejects.toMatchObject({ kind: 'unreachable' });
    const about = (await notices(it)).filter((text) => text.startsWith('error'));
    expect(about).toHaveLength(1);
    expect(about[0]).toMatch(new RegExp(`TLS port ${port} was not opened.*${why.source}`));
  });

  test('a TLS port in use does not keep the other one shut, and a notice names it', async () => {
    await using it = await openedWorkstation();
    const blocker = createServer().listen(0, '::');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await set(it, { port });
    expect((await it.workstation.invoke('listener.start', {})).listener.state).toBe('listening');
    expect(await notices(it)).toEqual([
      expect.stringMatching(new RegExp(`^error: The TLS port ${port} was not opened: the port is in use`)),
    ]);
    blocker.close();
  });

  test('a key that others can read is told of once', async () => {
    await using it = await openedWorkstation();
    await using peer = await pacs('open-key');
    const privateKeyFile = join(folder.path, 'open.key');
    await writeFile(privateKeyFile, ours.privateKey, { mode: 0o644 });
    await set(it, { privateKeyFile });
    const nodeId = await nodeAt(it, peer.port);
    for (let i = 0; i < 3; i += 1) expect(await echoed(it, nodeId)).toMatchObject({ outcome: 'success' });
    expect(await notices(it)).toEqual([
      `warning: The key file ${privateKeyFile} can be read by other users of this computer. Make it readable for you only (chmod 600).`,
    ]);
  });

  test('the self-test answers with what is wrong, the gravest first, and ends with a handshake where nothing is', async () => {
    await using it = await openedWorkstation();
    await set(it, { port: await freePort() });
    const { findings } = await it.workstation.invoke('tls.selfTest', {});
    expect(findings.filter(({ subject }) => subject === 'handshake').map(({ severity, code }) => [severity, code])).toEqual([
      ['info', 'tls-1.2'],
      ['info', 'tls-1.3'],
    ]);
    await set(it, { privateKeyFile: theirs.privateKeyFile });
    const wrong = (await it.workstation.invoke('tls.selfTest', {})).findings;
    expect(wrong[0]).toMatchObject({ severity: 'error', subject: 'privateKey', code: 'mismatch' });
  });
});
