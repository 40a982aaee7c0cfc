import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import { type AssociationPool, createAssociationPool, type Peer } from '../../../electron/associations/index.ts';
import { CIPHER_SUITES, type ListenerTLS, type PeerTLS } from '../../../electron/associations/tls-profile.ts';
import { type Certificate, certificateMaker, OPENSSL_MISSING } from '../../support/certificates.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk, startStorescp } from '../../support/dcmtk.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { freePort } from '../../support/free-port.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { startReceiver } from '../../support/receiver.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let pool: AssociationPool;
let authority: Certificate;
let ours: Certificate;
let theirs: Certificate;
let foreign: Certificate;
let expired: Certificate;
let series: WrittenInstance[];
let files: string[];

const suite = OPENSSL_MISSING === undefined ? describe : describe.skip;
const unless = OPENSSL_MISSING === undefined ? '' : ` (${OPENSSL_MISSING})`;

beforeAll(async () => {
  if (OPENSSL_MISSING !== undefined) return;
  folder = await temporaryFolder('tls-peers');
  const make = certificateMaker(folder.path);
  authority = make('authority', { ca: true });
  // DCMTK 3.6.7 and Orthanc 1.10.1 take RSA only.
  ours = make('ours', { issuer: authority, key: 'rsa:2048' });
  theirs = make('theirs', { issuer: authority, key: 'rsa:2048' });
  foreign = make('foreign', { key: 'rsa:2048' });
  expired = make('expired', { issuer: authority, key: 'rsa:2048', until: -0.5 });
  series = await writeSeries(`${folder.path}/files`, { study: '1.2.826.61', count: 12, size: 300 });
  files = series.map(({ path }) => path);
  pool = createAssociationPool({ workers: 1 });
});
afterAll(async () => {
  await pool?.close();
  await folder?.[Symbol.asyncDispose]();
});

const showing = ({ certificate, privateKey }: Certificate) => ({ certificate, privateKey });
const calling = (changes: Partial<PeerTLS> = {}): PeerTLS => ({
  ...showing(ours),
  trustAnchors: authority.certificate,
  checkName: true,
  minimumVersion: '1.2',
  ...changes,
});
const peer = (port: number, calledAETitle: string, tls: PeerTLS): Peer => ({
  host: '127.0.0.1',
  port,
  calledAETitle,
  callingAETitle: 'PHOSPHOR',
  tls,
});
const echo = (port: number, calledAETitle: string, tls: PeerTLS) =>
  pool.echo({ peer: peer(port, calledAETitle, tls), clocks: clocks({ tlsHandshake: 5, association: 5 }) }).done;
const send = (port: number, calledAETitle: string, tls: PeerTLS) =>
  pool.store({ peer: peer(port, calledAETitle, tls), clocks: clocks(), files, onSent: () => {} }).done;
const hashes = async (paths: readonly string[]) => (await Promise.all(paths.map(storedDataSetHash))).sort();

async function listening(name: string, tls: Partial<ListenerTLS> = {}) {
  const port = await freePort();
  const receiver = await startReceiver(`${folder.path}/${name}`, {
    access: { acceptAnyone: true },
    tls: {
      ...showing(ours),
      trustAnchors: authority.certificate,
      minimumVersion: '1.2',
      clientCertificates: 'requested',
      ...tls,
      port,
    },
  });
  return { receiver, port, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
}

suite(`DCMTK by TLS${unless}`, () => {
  const tool = (who: Certificate) => ['+tls', who.privateKeyFile, who.certificateFile, '+cf', authority.certificateFile];

  test('storescp that asks for certificates takes ours and stores what was sent', async () => {
    const to = `${folder.path}/storescp`;
    await using scp = await startStorescp(to, { args: tool(theirs) });
    expect(await send(scp.port, 'STORESCP', calling())).toEqual({ ok: true, sent: 12, warnings: 0, failed: 0 });
    expect(await hashes(filesBelow(to))).toEqual(await hashes(files));
  });

  test('storescp that asks for no certificate is called without one', async () => {
    await using scp = await startStorescp(`${folder.path}/one-sided`, { args: [...tool(theirs), '-ic'] });
    expect(await echo(scp.port, 'STORESCP', { trustAnchors: authority.certificate, checkName: true, minimumVersion: '1.2' })).toMatchObject(
      {
        ok: true,
      },
    );
  });

  test.each<[string, () => Certificate, () => PeerTLS, RegExp]>([
    [
      'is called without a certificate',
      () => theirs,
      () => ({ trustAnchors: authority.certificate, checkName: true, minimumVersion: '1.2' }),
      /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/,
    ],
    ['is shown a certificate of a stranger', () => theirs, () => calling(showing(foreign)), /ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE/],
    ['is shown an expired certificate', () => theirs, () => calling(showing(expired)), /ALERT_CERTIFICATE_EXPIRED/],
    ['has an expired certificate itself', () => expired, () => calling(), /^CERT_HAS_EXPIRED/],
    ['is not vouched for', () => foreign, () => calling(), /^DEPTH_ZERO_SELF_SIGNED_CERT/],
    ['bears another name', () => theirs, () => calling({ serverName: 'other.example' }), /^ERR_TLS_CERT_ALTNAME_INVALID/],
  ])('storescp that %s: no association, and the code says whose certificate it was', async (name, server, tls, code) => {
    await using scp = await startStorescp(`${folder.path}/${name.replaceAll(' ', '-')}`, { args: tool(server()) });
    const result = await echo(scp.port, 'STORESCP', tls());
    expect(result).toMatchObject({ ok: false, error: { kind: 'tls', code: expect.stringMatching(code) } });
  });

  test('storescu with its certificate stores by TLS, byte for byte', async () => {
    await using it = await listening('storescu', { clientCertificates: 'required' });
    const ran = await dcmtk('storescu', ...tool(theirs), '-aec', 'PHOSPHOR', '127.0.0.1', String(it.port), ...files);
    expect(ran).toMatchObject({ code: 0 });
    await it.receiver.until(() => it.receiver.stored.length === 12);
    expect(await hashes(filesBelow(`${it.receiver.location.directory}/files`))).toEqual(await hashes(files));
  });

  test('echoscu without a certificate gets in where none is required, and not where one is', async () => {
    const anonymous = ['+tla', '+cf', authority.certificateFile];
    await using open = await listening('anonymous');
    expect(await dcmtk('echoscu', ...anonymous, '-aec', 'PHOSPHOR', '127.0.0.1', String(open.port))).toMatchObject({ code: 0 });
    await using closed = await listening('not-anonymous', { clientCertificates: 'required' });
    expect((await dcmtk('echoscu', ...anonymous, '-aec', 'PHOSPHOR', '127.0.0.1', String(closed.port))).code).not.toBe(0);
    await closed.receiver.until(() => closed.receiver.turnedAway.length === 1);
    expect(closed.receiver.turnedAway[0]).toMatchObject({ error: { kind: 'tls', code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' } });
  });

  test.each<[string, () => Certificate, () => string, RegExp]>([
    ['a stranger’s certificate', () => foreign, () => '', /SELF_SIGNED/],
    ['an expired certificate', () => expired, () => '', /CERT_HAS_EXPIRED/],
  ])('echoscu with %s is turned away, and we say why', async (name, who, _, code) => {
    await using it = await listening(name.replaceAll(/\W/g, '-'));
    expect((await dcmtk('echoscu', ...tool(who()), '-aec', 'PHOSPHOR', '127.0.0.1', String(it.port))).code).not.toBe(0);
    await it.receiver.until(() => it.receiver.turnedAway.length === 1);
    expect(it.receiver.turnedAway[0]).toMatchObject({ error: { kind: 'tls', code: expect.stringMatching(code) } });
  });

  test('echoscu that does not trust us goes away, and so it is told', async () => {
    await using it = await listening('untrusted', showing(foreign));
    expect((await dcmtk('echoscu', ...tool(theirs), '-aec', 'PHOSPHOR', '127.0.0.1', String(it.port))).code).not.toBe(0);
    await it.receiver.until(() => it.receiver.turnedAway.length === 1);
    expect(it.receiver.turnedAway[0]).toMatchObject({ error: { kind: 'tls' } });
  });
});

suite(`Versions and suites, with openssl as the peer${unless}`, () => {
  async function sClient(port: number, ...args: string[]): Promise<string> {
    const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', authority.certificateFile, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    // It may have been refused, and be gone, before it has read anything.
    child.stdin.on('error', () => undefined);
    child.stdin.end('');
    await once(child, 'close');
    return text;
  }

  test('our port speaks 1.2 and 1.3 with authenticated encryption, and nothing older or weaker', async () => {
    await using it = await listening('versions');
    expect(await sClient(it.port, '-tls1_3')).toMatch(/New, TLSv1\.3, Cipher is TLS_/);
    expect(await sClient(it.port, '-tls1_2')).toMatch(/New, TLSv1\.2, Cipher is ECDHE-RSA-AES128-GCM-SHA256/);
    expect(await sClient(it.port, '-tls1_2')).toMatch(/Compression: NONE/);
    const low = ['-cipher', 'ALL:@SECLEVEL=0'];
    expect(await sClient(it.port, '-tls1_1', ...low)).toMatch(/Cipher is \(NONE\)/);
    expect(await sClient(it.port, '-tls1', ...low)).toMatch(/Cipher is \(NONE\)/);
    for (const cipher of ['AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA256', 'DHE-RSA-AES128-GCM-SHA256', 'AES256-SHA', 'NULL-SHA256']) {
      expect(await sClient(it.port, '-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`)).toMatch(/Cipher is \(NONE\)/);
    }
  });

  test('a port set to 1.3 refuses 1.2', async () => {
    await using it = await listening('only-1.3', { minimumVersion: '1.3' });
    expect(await sClient(it.port, '-tls1_3')).toMatch(/Cipher is TLS_/);
    expect(await sClient(it.port, '-tls1_2')).toMatch(/Cipher is \(NONE\)/);
  });

  test('a caller that wants to renegotiate is not followed', async () => {
    await using it = await listening('renegotiate');
    const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${it.port}`, '-tls1_2', '-CAfile', authority.certificateFile]);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    while (!text.includes('Verify return code')) await once(child.stdout, 'data');
    child.stdin.write('R\n');
    const [code] = await once(child, 'close');
    expect({ code, text }).toMatchObject({ code: 1, text: expect.stringMatching(/RENEGOTIATING[\s\S]*no renegotiation/i) });
  });

  async function sServer(...args: string[]) {
    const port = await freePort();
    const { privateKeyFile, certificateFile } = theirs;
    const child = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-key', privateKeyFile, '-cert', certificateFile, ...args]);
    let text = '';
    const heard: (() => void)[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        for (const wake of heard.splice(0)) wake();
      });
    }
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) await new Promise<void>((wake) => heard.push(wake));
      return text;
    };
    await until(/ACCEPT/);
    const gone = once(child, 'close');
    return {
      port,
      until,
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGKILL');
        await gone;
      },
    };
  }

  test.each(['1.2', '1.3'])('a peer that speaks TLS %s only is called with it', async (version) => {
    await using server = await sServer(version === '1.2' ? '-tls1_2' : '-tls1_3');
    // It answers no DICOM: the association clock ends what the handshake began.
    const result = await pool.echo({ peer: peer(server.port, 'ANY', calling()), clocks: clocks({ association: 0.5 }) }).done;
    expect(result).toMatchObject({ ok: false, error: { kind: 'timed-out', clock: 'association' } });
    const said = await server.until(/CIPHER is/);
    expect(said).toMatch(version === '1.2' ? /CIPHER is ECDHE-RSA-AES128-GCM-SHA256/ : /CIPHER is TLS_/);
  });

  test('we offer the suites of BCP 195 and no others', async () => {
    await using server = await sServer('-tls1_2');
    await pool.echo({ peer: peer(server.port, 'ANY', calling()), clocks: clocks({ association: 0.5 }) }).done;
    const shared = /Shared ciphers:(\S+)/.exec(await server.until(/Shared ciphers:\S+\n/))?.[1];
    expect(shared?.split(':').sort()).toEqual([...CIPHER_SUITES].sort());
  });

  test.each([
    ['TLS 1.1', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']],
    ['a suite without forward secrecy', ['-tls1_2', '-cipher', 'AES128-GCM-SHA256']],
  ])('a peer that can only do %s is refused, and that is told as nothing in common', async (_, args) => {
    await using server = await sServer(...args);
    expect(await echo(server.port, 'ANY', calling())).toMatchObject({
      ok: false,
      error: { kind: 'tls', code: expect.stringMatching(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|HANDSHAKE_FAILURE/) },
    });
  });
});

suite(`Orthanc by TLS${unless}`, () => {
  const tls = (who: Certificate, required: boolean) => ({
    DicomTlsEnabled: true,
    DicomTlsCertificate: who.certificateFile,
    DicomTlsPrivateKey: who.privateKeyFile,
    DicomTlsTrustedCertificates: authority.certificateFile,
    DicomTlsRemoteCertificateRequired: required,
  });
  const register = async (orthanc: Orthanc, port: number) => {
    const body = JSON.stringify({ AET: 'PHOSPHOR', Host: '127.0.0.1', Port: port, UseDicomTls: true });
    await fetch(`${orthanc.url}/modalities/PHOSPHOR`, { method: 'PUT', body });
  };

  test('it takes what we send, lists it, and moves it back to our TLS port, with certificates on both sides', async () => {
    await using orthanc = await startOrthanc({ folder: `${folder.path}/orthanc`, noDelay: true, configuration: tls(theirs, true) });
    expect(await send(orthanc.dicomPort, 'ORTHANC', calling())).toMatchObject({ ok: true, sent: 12 });
    await using it = await listening('orthanc-moves', { clientCertificates: 'required' });
    await register(orthanc, it.port);
    const listed: unknown[] = [];
    const find = pool.find({
      peer: peer(orthanc.dicomPort, 'ORTHANC', calling()),
      clocks: clocks(),
      query: { level: 'study', studyInstanceUID: '1.2.826.61' },
      onMatches: (rows, acknowledge) => {
        listed.push(...rows);
        acknowledge();
      },
    });
    expect(await find.done).toMatchObject({ ok: true, status: 0, matches: 1 });
    await it.receiver.listener.expect({ actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 7, studyInstanceUID: '1.2.826.61' });
    const move = pool.move({
      peer: peer(orthanc.dicomPort, 'ORTHANC', calling()),
      clocks: clocks(),
      studyInstanceUID: '1.2.826.61',
      destinationAETitle: 'PHOSPHOR',
      messageId: 7,
      thirdParty: false,
      onPending: () => {},
    });
    expect(await move.done).toMatchObject({ ok: true, status: 0 });
    expect(await it.receiver.listener.unexpect('a')).toEqual({ credited: 12 });

    const at = `${folder.path}/got`;
    const archive = await openArchive({ directory: `${at}/archive`, databases: `${at}/databases`, durable: false });
    const get = pool.get({
      peer: peer(orthanc.dicomPort, 'ORTHANC', calling()),
      clocks: clocks(),
      actionId: 'b',
      studyInstanceUID: '1.2.826.61',
      storage: { location: archive.location, arrivals: archive.arrivalPort() },
      onPending: () => {},
      onStored: () => {},
      onRefused: () => {},
    });
    expect(await get.done).toMatchObject({ ok: true, status: 0, subOperations: { completed: 12 } });
    await archive.close();
  });

  test('without a required certificate of ours it refuses us; without asking it takes us', async () => {
    const none: PeerTLS = { trustAnchors: authority.certificate, checkName: true, minimumVersion: '1.2' };
    await using strict = await startOrthanc({ folder: `${folder.path}/strict`, noDelay: true, configuration: tls(theirs, true) });
    expect(await echo(strict.dicomPort, 'ORTHANC', none)).toMatchObject({ ok: false, error: { kind: 'tls' } });
    await using open = await startOrthanc({ folder: `${folder.path}/open`, noDelay: true, configuration: tls(theirs, false) });
    expect(await echo(open.dicomPort, 'ORTHANC', none)).toMatchObject({ ok: true });
    expect(await echo(open.dicomPort, 'ORTHANC', calling({ trustAnchors: foreign.certificate }))).toMatchObject({
      ok: false,
      error: { kind: 'tls', code: expect.stringMatching(/^UNABLE_TO|^SELF_SIGNED/) },
    });
  });
});
