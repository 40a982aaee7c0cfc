import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TLSCircumstances } from '../../../electron/associations/tls-certificate-checks.ts';
import { readTLSFile, type TLSFile } from '../../../electron/associations/tls-file.ts';
import { type TLSFiles, tlsFindings } from '../../../electron/associations/tls-findings.ts';
import { tlsSelfTest } from '../../../electron/associations/tls-self-test.ts';
import type { Settings } from '../../../shared/contract/index.ts';
import { type Certificate, type CertificateOptions, certificateMaker, OPENSSL_MISSING } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const suite = OPENSSL_MISSING === undefined ? describe : describe.skip;

suite(`the TLS self-test${OPENSSL_MISSING === undefined ? '' : ` (${OPENSSL_MISSING})`}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let make: ReturnType<typeof certificateMaker>;
  let authority: Certificate;
  let between: Certificate;
  let good: Certificate;

  beforeAll(async () => {
    folder = await temporaryFolder('tls-findings');
    make = certificateMaker(folder.path);
    authority = make('authority', { ca: true });
    between = make('between', { ca: true, issuer: authority });
    good = make('good', { issuer: authority, names: 'DNS:reading1.example,IP:127.0.0.1' });
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  const file = (text: string): TLSFile => ({ path: '/etc/phosphor/x.pem', text, readableByOthers: false });
  const findings = (changes: Partial<TLSFiles>, circumstances: Partial<TLSCircumstances> = {}) =>
    tlsFindings(
      {
        certificate: file(good.certificate),
        privateKey: file(good.privateKey),
        trustAnchors: file(authority.certificate),
        nodes: [],
        ...changes,
      },
      { ownNames: ['reading1.example'], now: Date.now(), clientCertificates: 'requested', accepting: true, ...circumstances },
    );
  const codes = (found: ReturnType<typeof findings>) => found.map(({ severity, subject, code }) => `${severity} ${subject} ${code}`);
  const showing = ({ certificate, privateKey }: Certificate) => ({ certificate: file(certificate), privateKey: file(privateKey) });

  test('a good certificate has nothing to be said about it', () => {
    expect(findings({})).toEqual([]);
  });

  test.each<[string, () => Partial<TLSFiles>, string]>([
    ['a missing file', () => ({ certificate: { path: '/no', code: 'ENOENT', readableByOthers: false } }), 'error certificate missing'],
    [
      'a file that may not be read',
      () => ({ privateKey: { path: '/no', code: 'EACCES', readableByOthers: false } }),
      'error privateKey unreadable',
    ],
    ['a DER file', () => ({ certificate: file('0\x82\x01') }), 'error certificate not-pem'],
    ['a truncated certificate', () => ({ certificate: file(good.certificate.replace(/\n.{64}\n/, '\n')) }), 'error certificate damaged'],
    ['a key file without a key', () => ({ privateKey: file(good.certificate) }), 'error privateKey not-pem'],
    ['a key with a passphrase', () => ({ privateKey: file('-----BEGIN ENCRYPTED PRIVATE KEY-----\n') }), 'error privateKey encrypted'],
    ['the key of another certificate', () => ({ privateKey: file(between.privateKey) }), 'error privateKey mismatch'],
    ['a key without its certificate', () => ({ certificate: undefined }) as unknown as Partial<TLSFiles>, 'error certificate none'],
    [
      'a key that others can read',
      () => ({ privateKey: { ...file(good.privateKey), readableByOthers: true } }),
      'warning privateKey readable-by-others',
    ],
  ])('%s is told as what it is', (_, changes, code) => {
    expect(codes(findings(changes()))).toContain(code);
  });

  test.each<[string, CertificateOptions, string[]]>([
    ['expired', { until: -0.5 }, ['error certificate expired']],
    ['not valid yet', { from: 1 }, ['error certificate not-yet-valid']],
    ['about to expire', { until: 20 }, ['warning certificate expires-soon']],
    ['made out to others', { names: 'DNS:other.example,DNS:more.example' }, ['warning certificate other-names']],
    ['without names', { names: '' }, ['warning certificate no-names']],
    ['with a short RSA key', { key: 'rsa:1024' }, ['error certificate weak-key']],
    ['on a small curve', { key: 'ec:secp224r1' }, ['error certificate weak-key']],
    ['signed with SHA-1', { digest: 'sha1' }, ['error certificate weak-signature']],
    ['for clients only', { extendedKeyUsage: 'clientAuth' }, ['warning certificate purpose']],
    ['for servers and clients', { extendedKeyUsage: 'serverAuth,clientAuth' }, []],
  ])('a certificate %s is told as such, and nothing else is', (name, options, expected) => {
    const made = make(`made-${name.replaceAll(/\W/g, '-')}`, { issuer: authority, names: 'DNS:reading1.example', ...options });
    expect(codes(findings(showing(made)))).toEqual(expected);
  });

  test('a wildcard or an address of ours is our name too', () => {
    expect(codes(findings({}, { ownNames: ['other', '127.0.0.1'] }))).toEqual([]);
    const wild = make('wild', { issuer: authority, names: 'DNS:*.clinic.example' });
    expect(codes(findings(showing(wild), { ownNames: ['reading1.clinic.example'] }))).toEqual([]);
  });

  test('the sentence about names says both, so that a person sees which is wrong', () => {
    const [finding] = findings({}, { ownNames: ['reading2'] });
    expect(finding?.sentence).toContain('made out to reading1.example, 127.0.0.1; this computer is called reading2.');
  });

  test('a chain is whole, incomplete, in the wrong order, or has a stranger in it', () => {
    const leaf = make('leaf', { issuer: between, names: 'DNS:reading1.example' });
    const stranger = make('stranger', { ca: true });
    const chain = (...certificates: Certificate[]) =>
      codes(
        findings({ certificate: file(certificates.map(({ certificate }) => certificate).join('')), privateKey: file(leaf.privateKey) }),
      );
    expect(chain(leaf, between)).toEqual([]);
    expect(chain(leaf, between, authority)).toEqual([]);
    expect(chain(leaf)).toEqual(['warning chain incomplete']);
    expect(chain(leaf, authority, between)).toEqual(['error chain order']);
    expect(chain(between, leaf)).toContain('error privateKey mismatch');
    expect(chain(leaf, between, stranger)).toEqual(['warning chain stray']);
  });

  test('trust anchors that do not vouch for us, self-signed certificates, and anchors that have expired', () => {
    const stranger = make('other-authority', { ca: true });
    const alone = make('alone', { names: 'DNS:reading1.example' });
    const old = make('old', { ca: true, until: -0.5 });
    expect(codes(findings({ trustAnchors: file(stranger.certificate) }))).toEqual(['warning chain incomplete']);
    expect(codes(findings(showing(alone)))).toEqual(['warning chain self-signed', 'warning chain not-anchored']);
    expect(codes(findings({ ...showing(alone), trustAnchors: file(alone.certificate) }))).toEqual(['info chain self-signed']);
    expect(codes(findings({ trustAnchors: file(old.certificate + authority.certificate) }))).toEqual(['warning trustAnchors some-expired']);
    expect(codes(findings({ nodes: [{ node: 'MAIN', trustAnchors: file(old.certificate) }] }))).toEqual(['error trustAnchors expired']);
  });

  test('required certificates without own trust anchors let every public authority in', () => {
    const { trustAnchors: _, ...rest } = { ...showing(good), trustAnchors: undefined };
    const found = tlsFindings(
      { ...rest, nodes: [] },
      { ownNames: ['reading1.example'], now: Date.now(), clientCertificates: 'required', accepting: true },
    );
    expect(codes(found)).toEqual(['warning trustAnchors public']);
  });

  const settings = (changes: Partial<Settings['tls']> = {}): Settings['tls'] => ({
    certificateFile: good.certificateFile,
    privateKeyFile: good.privateKeyFile,
    trustAnchorsFile: authority.certificateFile,
    minimumVersion: '1.2',
    port: 2762,
    clientCertificates: 'required',
    ...changes,
  });
  const selfTest = (changes: Partial<Settings['tls']> = {}) =>
    tlsSelfTest({ settings: settings(changes), nodes: [], ownNames: ['reading1.example'] });

  test('we shake hands with ourselves in both versions, certificates on both sides', async () => {
    await chmod(good.privateKeyFile, 0o600);
    const { findings: found, usable } = await selfTest();
    expect(usable).toBe(true);
    expect(codes(found)).toEqual(['info handshake tls-1.2', 'info handshake tls-1.3']);
    expect(found[0]?.sentence).toMatch(/TLS 1\.2 .*TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256/);
    expect(codes((await selfTest({ minimumVersion: '1.3' })).findings)).toEqual(['info handshake tls-1.3']);
  });

  test('a chain that our own anchors do not know fails the handshake with ourselves, as a warning only', async () => {
    const stranger = make('third-authority', { ca: true });
    const { findings: found, usable } = await selfTest({ trustAnchorsFile: stranger.certificateFile });
    expect(usable).toBe(true);
    expect(found.filter(({ subject }) => subject === 'handshake').map(({ severity }) => severity)).toEqual(['warning', 'warning']);
  });

  test('what cannot be used is found, and no handshake is tried', async () => {
    const text = join(folder.path, 'text.pem');
    await writeFile(text, 'not a certificate', { mode: 0o644 });
    expect(await selfTest({ certificateFile: text })).toMatchObject({ usable: false, findings: [{ code: 'not-pem' }] });
    expect(await selfTest({ certificateFile: join(folder.path, 'none.pem') })).toMatchObject({
      usable: false,
      findings: [{ code: 'missing' }],
    });
    expect((await selfTest({ privateKeyFile: between.privateKeyFile })).findings.map(({ code }) => code)).toContain('mismatch');
    expect(await selfTest({ certificateFile: folder.path })).toMatchObject({ usable: false, findings: [{ code: 'unreadable' }] });
    expect(await selfTest({ certificateFile: '', privateKeyFile: '', port: 0 })).toMatchObject({
      usable: false,
      findings: [{ severity: 'warning', code: 'none' }],
    });
  });

  test('a file is read whole, its rights told, and one that is too large refused', async () => {
    const path = join(folder.path, 'rights.pem');
    await writeFile(path, 'x', { mode: 0o600 });
    expect(await readTLSFile(path)).toEqual({ path, text: 'x', readableByOthers: false });
    await chmod(path, 0o640);
    expect(await readTLSFile(path)).toMatchObject({ readableByOthers: process.platform !== 'win32' });
    await writeFile(path, Buffer.alloc(5_000_000));
    expect(await readTLSFile(path)).toMatchObject({ code: 'EFBIG' });
  });
});
