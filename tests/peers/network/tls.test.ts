import { statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locateInstance, openArchive } from '../../../electron/archive/index.ts';
import { type AssociationPool, createAssociationPool, type Peer, startListener } from '../../../electron/associations/index.ts';
import { openAssociation } from '../../../electron/associations/open-association.ts';
import type { ListenerTLS, PeerTLS } from '../../../electron/associations/tls-profile.ts';
import { verificationContexts } from '../../../electron/dicom/services/index.ts';
import { type Certificate, certificateMaker, OPENSSL_MISSING } from '../../support/certificates.ts';
import { clocks } from '../../support/clocks.ts';
import { filesBelow, realDicomFolder } from '../../support/dicom-data.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const suite = OPENSSL_MISSING === undefined ? describe : describe.skip;

suite(`TLS between two of us${OPENSSL_MISSING === undefined ? '' : ` (${OPENSSL_MISSING})`}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let pool: AssociationPool;
  let authority: Certificate;
  let stranger: Certificate;
  let ours: Certificate;
  let theirs: Certificate;
  let make: ReturnType<typeof certificateMaker>;

  beforeAll(async () => {
    folder = await temporaryFolder('tls');
    make = certificateMaker(folder.path);
    authority = make('authority', { ca: true });
    stranger = make('stranger', { ca: true });
    ours = make('ours', { issuer: authority, key: 'rsa:2048' });
    theirs = make('theirs', { issuer: authority });
    pool = createAssociationPool({ workers: 1 });
  });
  afterAll(async () => {
    await pool?.close();
    await folder?.[Symbol.asyncDispose]();
  });

  const calling = (changes: Partial<PeerTLS> = {}): PeerTLS => ({
    trustAnchors: authority.certificate,
    checkName: true,
    minimumVersion: '1.2',
    ...changes,
  });
  const showing = ({ certificate, privateKey }: Certificate) => ({ certificate, privateKey });

  async function listening(name: string, tls: Partial<ListenerTLS> = {}, options: Parameters<typeof startReceiver>[1] = {}) {
    const port = await freePort();
    const receiver = await startReceiver(`${folder.path}/${name}`, {
      access: { acceptAnyone: true },
      ...options,
      tls: {
        ...showing(ours),
        trustAnchors: authority.certificate,
        minimumVersion: '1.2',
        clientCertificates: 'none',
        ...tls,
        port,
      },
    });
    return { receiver, port, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
  }

  const peer = (port: number, tls?: PeerTLS): Peer => ({
    host: '127.0.0.1',
    port,
    calledAETitle: 'PHOSPHOR',
    callingAETitle: 'CALLER',
    ...(tls ? { tls } : {}),
  });
  const echo = (port: number, tls?: PeerTLS) =>
    pool.echo({ peer: peer(port, tls), clocks: clocks({ tlsHandshake: 3, association: 3 }) }).done;

  test('an echo by TLS is answered, with and without our certificate, in 1.2 and 1.3', async () => {
    await using it = await listening('echo', { clientCertificates: 'requested' });
    expect(await echo(it.port, calling())).toMatchObject({ ok: true, status: 0 });
    expect(await echo(it.port, calling(showing(theirs)))).toMatchObject({ ok: true, status: 0 });
    expect(await echo(it.port, calling({ minimumVersion: '1.3' }))).toMatchObject({ ok: true, status: 0 });
    expect(await echo(it.receiver.listener.port)).toMatchObject({ ok: true, status: 0 });
  });

  test.each<[string, (port: number) => PeerTLS, string]>([
    ['nobody we trust vouches for the peer', () => calling({ trustAnchors: stranger.certificate }), 'SELF_SIGNED_CERT_IN_CHAIN'],
    ['the system does not know the authority', () => ({ checkName: true, minimumVersion: '1.2' }), 'SELF_SIGNED_CERT_IN_CHAIN'],
    ['the certificate bears another name', () => calling({ serverName: 'other.example' }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['our own files are no certificate', () => calling({ certificate: 'x', privateKey: 'y' }), 'OWN_TLS_FILES'],
    ['our key does not belong to our certificate', () => calling({ ...showing(theirs), privateKey: ours.privateKey }), 'OWN_TLS_FILES'],
  ])('where %s, the association is not opened and says so', async (_, tls, code) => {
    await using it = await listening(`wrong-${code}-${Math.random()}`);
    expect(await echo(it.port, tls(it.port))).toMatchObject({ ok: false, error: { kind: 'tls', code, retryable: false } });
    expect(it.receiver.open.filter((open) => open > 0)).toEqual([]);
  });

  test('a name that is not checked is not in the way', async () => {
    await using it = await listening('unchecked');
    expect(await echo(it.port, calling({ serverName: 'other.example', checkName: false }))).toMatchObject({ ok: true });
  });

  test.each<[string, Parameters<ReturnType<typeof certificateMaker>>[1], string]>([
    ['has expired', { until: -0.5 }, 'CERT_HAS_EXPIRED'],
    ['is not valid yet', { from: 2 }, 'CERT_NOT_YET_VALID'],
    ['names nobody but in its subject', { names: '' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['is meant for clients only', { extendedKeyUsage: 'clientAuth' }, 'INVALID_PURPOSE'],
  ])('a peer whose certificate %s is told by its code', async (_, options, code) => {
    const wrong = make(`peer-${code}-${options?.names ?? 'n'}`, { issuer: authority, ...options });
    await using it = await listening(`peer-${code}-${Math.random()}`, showing(wrong));
    expect(await echo(it.port, calling())).toMatchObject({ ok: false, error: { kind: 'tls', code } });
  });

  test('a self-signed peer is refused, and accepted once it is a trust anchor itself', async () => {
    const alone = make('alone');
    await using it = await listening('alone', showing(alone));
    expect(await echo(it.port, calling())).toMatchObject({ error: { kind: 'tls', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
    expect(await echo(it.port, calling({ trustAnchors: alone.certificate }))).toMatchObject({ ok: true });
  });

  test('a required certificate: the right one gets in, none and a foreign one do not, and both sides hear why', async () => {
    await using it = await listening('required', { clientCertificates: 'required' });
    const foreign = make('foreign', { issuer: stranger });
    expect(await echo(it.port, calling(showing(theirs)))).toMatchObject({ ok: true });
    expect(await echo(it.port, calling())).toMatchObject({
      error: { kind: 'tls', code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
    });
    expect(await echo(it.port, calling(showing(foreign)))).toMatchObject({ error: { kind: 'tls', code: 'CLOSED_AFTER_HANDSHAKE' } });
    await it.receiver.until(() => it.receiver.turnedAway.length === 2);
    expect(it.receiver.turnedAway).toMatchObject([
      { error: { kind: 'tls', code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' } },
      { error: { kind: 'tls', code: expect.stringMatching(/^UNABLE_TO|^SELF_SIGNED/) } },
    ]);
  });

  test('a requested certificate that is wrong is no better than a required one', async () => {
    await using it = await listening('requested', { clientCertificates: 'requested' });
    const foreign = make('foreign2', { issuer: stranger });
    expect(await echo(it.port, calling(showing(foreign)))).toMatchObject({ error: { kind: 'tls', code: 'CLOSED_AFTER_HANDSHAKE' } });
    await it.receiver.until(() => it.receiver.turnedAway.length === 1);
    expect(it.receiver.turnedAway).toMatchObject([{ error: { kind: 'tls', code: expect.stringMatching(/^UNABLE_TO|^SELF_SIGNED/) } }]);
  });

  test('plain to the TLS port and TLS to the plain port both end at once with what is wrong', async () => {
    await using it = await listening('crossed');
    expect(await echo(it.receiver.listener.port, calling())).toMatchObject({
      ok: false,
      error: { kind: 'tls', code: expect.stringMatching(/^(ERR_SSL_|ECONNRESET)/) },
    });
    expect(await echo(it.port)).toMatchObject({ ok: false });
    await it.receiver.until(() => it.receiver.turnedAway.length === 1);
    expect(it.receiver.turnedAway[0]).toMatchObject({ error: { kind: 'tls' } });
  });

  test('a port that takes the connection and says nothing ends with the handshake clock', async () => {
    await using it = await listening('plain', {}, { clocks: clocks({ association: 30 }) });
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const started = performance.now();
    const result = await pool.echo({ peer: peer(port, calling()), clocks: clocks({ tlsHandshake: 0.3 }) }).done;
    expect(result).toMatchObject({ ok: false, error: { kind: 'timed-out', clock: 'tls-handshake' } });
    expect(performance.now() - started).toBeLessThan(3000);
    expect(it.receiver.turnedAway).toEqual([]);
    server.close();
  });

  test('fifty callers that stall in the handshake hold up nobody, and are hung up on by the clock', async () => {
    await using it = await listening('stall', {}, { clocks: clocks({ tlsHandshake: 3 }) });
    const closed: Promise<void>[] = [];
    const sockets: Socket[] = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect({ host: '127.0.0.1', port: it.port });
        socket.on('error', () => {});
        await new Promise((resolve) => socket.once('connect', resolve));
        // The head of a ClientHello of 512 bytes, of which no more follow.
        socket.write(Buffer.from('16030102000100', 'hex'));
        closed.push(new Promise((resolve) => socket.resume().once('close', () => resolve())));
        return socket;
      }),
    );
    const answers = await Promise.all([echo(it.receiver.listener.port), echo(it.port, calling())]);
    expect(answers).toMatchObject([{ ok: true }, { ok: true }]);
    // Beside them, not after them.
    expect(sockets.every((socket) => !socket.destroyed)).toBe(true);
    await Promise.all(closed);
    await it.receiver.until(() => it.receiver.turnedAway.length >= 50);
    expect(it.receiver.turnedAway.filter(({ error }) => error.kind !== 'timed-out')).toEqual([]);
  });

  test('associations by TLS count towards the cap of all', async () => {
    await using it = await listening('cap', {}, { access: { acceptAnyone: true, maxAssociations: 2 } });
    const { signal } = new AbortController();
    const contexts = verificationContexts();
    const first = await openAssociation({ peer: peer(it.port, calling()), clocks: clocks(), contexts, signal });
    expect(await echo(it.receiver.listener.port)).toMatchObject({
      ok: false,
      error: { kind: 'rejected', upperLayer: { source: 3, reason: 2 } },
    });
    await first.release();
  });

  test('real files of every encoding arrive by TLS as they do without', async () => {
    const samples = filesBelow(realDicomFolder()).filter((path) => path.endsWith('.dcm') && statSync(path).size < 4_000_000);
    await using it = await listening('real');
    await using secure = await listening('real-secured');
    const arrived = async (receiver: Receiver, port: number, tls?: PeerTLS) => {
      let sent = 0;
      const send = pool.store({
        peer: peer(port, tls),
        clocks: clocks(),
        files: samples.slice(0, 150),
        onSent: (some) => {
          sent += some.filter(({ status }) => status === 0).length;
        },
      });
      expect(await send.done).toMatchObject({ ok: true });
      await receiver.until(() => receiver.stored.length === sent);
      const stored = receiver.stored.map(({ sopInstanceUID }) => sopInstanceUID);
      const hashes = await Promise.all(stored.map((uid) => storedDataSetHash(locateInstance(receiver.location, uid))));
      return stored.map((uid, index) => `${uid} ${hashes[index]}`);
    };
    const plain = await arrived(it.receiver, it.receiver.listener.port);
    expect(plain.length).toBeGreaterThan(10);
    expect(await arrived(secure.receiver, secure.port, calling())).toEqual(plain);
  }, 120_000);

  test('C-GET and C-MOVE by TLS, the sub-operations of the move by TLS to a third one: every data set arrives as it was', async () => {
    const series = await writeSeries(`${folder.path}/held`, { study: '1.2.826.79', count: 25, size: 300 });
    const at = (name: string) => ({
      directory: `${folder.path}/${name}/archive`,
      databases: `${folder.path}/${name}/databases`,
      durable: false,
    });
    const [held, got] = [await openArchive(at('scp')), await openArchive(at('scu'))];
    await held.import([`${folder.path}/held`]).done;
    await held.settled();
    await using third = await listening('third', { clientCertificates: 'required' });
    const port = await freePort();
    const listener = await startListener({
      host: '127.0.0.1',
      port: 0,
      clocks: clocks(),
      access: { aeTitle: 'PHOSPHOR', knownAETitles: [], knownHosts: [], acceptAnyone: true },
      tls: { ...showing(theirs), trustAnchors: authority.certificate, minimumVersion: '1.2', clientCertificates: 'required', port },
      queryRetrieve: {
        location: held.location,
        destinations: { PHOSPHOR: { host: '127.0.0.1', port: third.port, tls: calling(showing(theirs)) } },
      },
      events: { onStored() {}, onRefused() {}, onAssociations() {}, onState() {} },
    });
    const request = {
      peer: peer(port, calling(showing(ours))),
      clocks: clocks(),
      studyInstanceUID: '1.2.826.79',
      onPending: () => {},
    };
    const hashes = async (paths: readonly string[]) => (await Promise.all(paths.map(storedDataSetHash))).sort();
    const originals = await hashes(series.map(({ path }) => path));

    const arrivals = got.arrivalPort();
    const get = pool.get({
      ...request,
      actionId: 'a',
      storage: { location: got.location, arrivals },
      onStored: () => {},
      onRefused: () => {},
    });
    expect(await get.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 25 } });
    expect(await hashes(filesBelow(`${got.location.directory}/files`))).toEqual(originals);

    const move = pool.move({ ...request, destinationAETitle: 'PHOSPHOR', messageId: 9, thirdParty: true });
    expect(await move.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 25 } });
    expect(await hashes(filesBelow(`${third.receiver.location.directory}/files`))).toEqual(originals);
    await listener.close();
    await Promise.all([held.close(), got.close()]);
  });

  test('what is stored by TLS is what was sent, in both versions, with certificates on both sides', async () => {
    const series = await writeSeries(`${folder.path}/sent`, { study: '1.2.826.78', count: 30, size: 512 });
    const files = series.map(({ path }) => path);
    for (const minimumVersion of ['1.2', '1.3'] as const) {
      await using it = await listening(`stored-${minimumVersion}`, { clientCertificates: 'required' });
      const send = pool.store({
        peer: peer(it.port, calling({ ...showing(theirs), minimumVersion })),
        clocks: clocks(),
        files,
        onSent: () => {},
      });
      expect(await send.done).toEqual({ ok: true, sent: 30, warnings: 0, failed: 0 });
      await it.receiver.until(() => it.receiver.stored.length === 30);
      const stored = filesBelow(`${it.receiver.location.directory}/files`);
      const hashes = async (paths: readonly string[]) => (await Promise.all(paths.map(storedDataSetHash))).sort();
      expect(await hashes(stored)).toEqual(await hashes(files));
    }
  });
});
