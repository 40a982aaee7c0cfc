import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { TLSFinding } from '../../shared/contract/index.ts';
import type { TLSFile } from './tls-file.ts';

/** What the settings name, read. */
export interface TLSFiles {
  readonly certificate?: TLSFile;
  readonly privateKey?: TLSFile;
  readonly trustAnchors?: TLSFile;
  /** Of nodes that have trust anchors of their own. */
  readonly nodes: readonly { readonly node: string; readonly trustAnchors: TLSFile }[];
}

export interface TLSCircumstances {
  /** Names and addresses under which others call this computer. */
  readonly ownNames: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly clientCertificates: 'none' | 'requested' | 'required';
  /** Whether a TLS port is wanted. */
  readonly accepting: boolean;
}

type Finding = TLSFinding;
type Subject = Finding['subject'];

const SOON_DAYS = 30;
const DAY_MS = 86_400_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const MOST_CERTIFICATES = 2000;

/**
 * What is wrong with certificate, key and trust anchors, each with what to do about it; nothing wrong = no `error` among the findings. Pure: reads
 * no file and no clock. What a certificate says is repeated only where its owner needs it (names, dates).
 */
export function tlsFindings(files: TLSFiles, circumstances: TLSCircumstances): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Finding['severity'], subject: Subject, code: string, sentence: string) =>
    findings.push({ severity, subject, code, sentence });

  const chain = files.certificate && certificatesOf(files.certificate, 'certificate', 'The certificate file', add);
  const anchors = files.trustAnchors && certificatesOf(files.trustAnchors, 'trustAnchors', 'The trust anchors file', add);
  for (const { node, trustAnchors } of files.nodes) {
    const own = certificatesOf(trustAnchors, 'trustAnchors', `The trust anchors file of ${node}`, add);
    if (own) checkAnchors(own, `the trust anchors of ${node}`, circumstances.now, add);
  }
  if (anchors) checkAnchors(anchors, 'the trust anchors', circumstances.now, add);
  const key = files.privateKey && keyOf(files.privateKey, add);

  if (!files.certificate) {
    if (circumstances.accepting)
      add('error', 'certificate', 'none', 'A TLS port is set, but no certificate: callers cannot be answered. Name one in the settings.');
    else add('warning', 'certificate', 'none', 'No certificate is set: a PACS that asks for one will refuse this workstation.');
  } else if (!files.privateKey) {
    add('error', 'privateKey', 'none', 'A certificate is set, but not its key. Name the key file in the settings.');
  }
  if (!files.certificate && files.privateKey)
    add('error', 'certificate', 'none', 'A key is set, but not its certificate. Name the certificate file in the settings.');
  if (files.privateKey?.readableByOthers) {
    const path = files.privateKey.path;
    add(
      'warning',
      'privateKey',
      'readable-by-others',
      `The key file can be read by other users of this computer: ${path}. Make it readable for you only (chmod 600).`,
    );
  }
  if (!files.trustAnchors && circumstances.accepting && circumstances.clientCertificates === 'required') {
    add(
      'warning',
      'trustAnchors',
      'public',
      'Callers must show a certificate, but no trust anchors are set: anybody with a certificate of a public authority gets past it. Name a file of your own authority.',
    );
  }

  const [own] = chain ?? [];
  if (chain && own) {
    if (key && !own.checkPrivateKey(key)) {
      add(
        'error',
        'privateKey',
        'mismatch',
        'The key does not belong to the certificate (the first one in its file). Use the key that the certificate was requested with.',
      );
    }
    checkValidity(own, 'the certificate', 'certificate', circumstances.now, add);
    checkStrength(own, 'The certificate', 'certificate', add);
    checkNames(own, circumstances, add);
    checkPurpose(own, add);
    checkChain(chain, anchors, circumstances.now, add);
  }
  return findings;
}

type Add = (severity: Finding['severity'], subject: Subject, code: string, sentence: string) => void;

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by you',
  EPERM: 'may not be read by you',
  EISDIR: 'is a folder',
  EFBIG: 'is too large to be one',
};

/** False = told, and there is nothing to look at. */
function readable(file: TLSFile, subject: Subject, what: string, add: Add): file is TLSFile & { readonly text: string } {
  if (file.text !== undefined) return true;
  const why = UNREADABLE[file.code ?? ''] ?? `cannot be read${file.code === undefined ? '' : ` (${file.code})`}`;
  add('error', subject, file.code === 'ENOENT' ? 'missing' : 'unreadable', `${what} ${why}: ${file.path}.`);
  return false;
}

function certificatesOf(file: TLSFile, subject: Subject, what: string, add: Add): X509Certificate[] | undefined {
  if (!readable(file, subject, what, add)) return undefined;
  const blocks =
    file.text.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    add(
      'error',
      subject,
      'not-pem',
      `${what} holds no certificate in PEM form: ${file.path}. Convert a .der, .cer or .p12 file to PEM first.`,
    );
    return undefined;
  }
  const certificates: X509Certificate[] = [];
  for (const block of blocks.slice(0, MOST_CERTIFICATES)) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      add(
        'error',
        subject,
        'damaged',
        `${what} holds a certificate that cannot be read (number ${certificates.length + 1}): ${file.path}.`,
      );
      return undefined;
    }
  }
  return certificates;
}

function keyOf(file: TLSFile, add: Add): KeyObject | undefined {
  if (!readable(file, 'privateKey', 'The key file', add)) return undefined;
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(file.text)) {
    add(
      'error',
      'privateKey',
      'encrypted',
      'The key is protected by a passphrase, which nobody can type when a PACS calls. Store it without one, in a file that only you can read.',
    );
    return undefined;
  }
  if (!/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/.test(file.text)) {
    add('error', 'privateKey', 'not-pem', `The key file holds no private key in PEM form: ${file.path}.`);
    return undefined;
  }
  try {
    return createPrivateKey(file.text);
  } catch {
    add('error', 'privateKey', 'damaged', `The key in ${file.path} cannot be read.`);
    return undefined;
  }
}

function checkValidity(certificate: X509Certificate, what: string, subject: Subject, now: number, add: Add): boolean {
  const from = certificate.validFromDate.getTime();
  const until = certificate.validToDate.getTime();
  const named = capital(what);
  if (now > until) add('error', subject, 'expired', `${named} expired on ${dateOf(until)}. Have it renewed.`);
  else if (now < from)
    add(
      'error',
      subject,
      'not-yet-valid',
      `${named} is valid from ${dateOf(from)} on only. Check the clock of this computer: it is ${dateOf(now)} here.`,
    );
  else if (until - now < SOON_DAYS * DAY_MS) {
    const days = Math.floor((until - now) / DAY_MS);
    add(
      'warning',
      subject,
      'expires-soon',
      `${named} expires on ${dateOf(until)}, in ${days === 1 ? '1 day' : `${days} days`}. Have it renewed in time.`,
    );
  }
  return now >= from && now <= until;
}

/** RFC 9325 §4.5: at least 112 bits of strength, and no SHA-1. */
function checkStrength(certificate: X509Certificate, what: string, subject: Subject, add: Add): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  if (type === 'rsa' && (details?.modulusLength ?? 0) < 2048) {
    add(
      'error',
      subject,
      'weak-key',
      `${what} has an RSA key of ${details?.modulusLength} bits; less than 2048 is not accepted any more. Have a new one made.`,
    );
  }
  const curve = type === 'ec' ? (details?.namedCurve ?? '') : '';
  const bits = Number(/\d{3}/.exec(curve)?.[0] ?? 256);
  if (bits < 256)
    add(
      'error',
      subject,
      'weak-key',
      `${what} has a key on the curve ${curve}; less than 256 bits are not accepted any more. Have a new one made.`,
    );
  if (type === 'dsa') add('error', subject, 'weak-key', `${what} has a DSA key, which TLS does not use any more. Have a new one made.`);
  const digest = certificate.signatureAlgorithm ?? '';
  // A root vouches for itself by being trusted: its own signature proves nothing.
  if (/sha1|md5|md2/i.test(digest) && !selfIssued(certificate)) {
    add(
      'error',
      subject,
      'weak-signature',
      `${what} is signed with ${/md/i.test(digest) ? 'MD5' : 'SHA-1'}, which is not accepted any more. Have a new one made with SHA-256.`,
    );
  }
}

/** RFC 9525: names stand in Subject Alternative Name and nowhere else. */
function checkNames(certificate: X509Certificate, { ownNames, accepting }: TLSCircumstances, add: Add): void {
  const severity = accepting ? 'warning' : 'info';
  const names = certificate.subjectAltName;
  if (names === undefined) {
    add(
      severity,
      'certificate',
      'no-names',
      'The certificate bears no names (Subject Alternative Name): systems that check the name will refuse to call this workstation.',
    );
  } else if (!ownNames.some((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined)) {
    add(
      severity,
      'certificate',
      'other-names',
      `The certificate is made out to ${listed(names)}; this computer is called ${ownNames.slice(0, 6).join(', ')}. Systems that check the name will refuse to call it, unless they know it by a name of the certificate.`,
    );
  }
}

/** RFC 5280 §4.2.1.12: without the extension a certificate is good for both. */
function checkPurpose(certificate: X509Certificate, add: Add): void {
  const purposes: readonly string[] | undefined = certificate.keyUsage;
  if (purposes === undefined || purposes.length === 0) return;
  for (const [purpose, name, use] of [
    [SERVER_AUTH, 'TLS Web Server Authentication', 'callers will refuse it'],
    [CLIENT_AUTH, 'TLS Web Client Authentication', 'a PACS that asks for our certificate will refuse it'],
  ] as const) {
    if (!purposes.includes(purpose))
      add('warning', 'certificate', 'purpose', `The extended key usage of the certificate lacks “${name}”: ${use}.`);
  }
}

/** The certificate's file as TLS sends it: its own certificate, then each issuer in turn (RFC 8446 §4.4.2). */
function checkChain(chain: readonly X509Certificate[], anchors: readonly X509Certificate[] | undefined, now: number, add: Add): void {
  const [own, ...others] = chain;
  if (!own) return;
  let last = own;
  for (const next of others) {
    if (issued(next, last)) {
      checkValidity(next, 'an intermediate certificate', 'chain', now, add);
      checkStrength(next, 'An intermediate certificate', 'chain', add);
      last = next;
    } else {
      const inOrder = others.some((other) => issued(other, last));
      const isLater = inOrder || chain.some((one) => one !== next && issued(next, one));
      if (isLater)
        add(
          'error',
          'chain',
          'order',
          'The certificates in the file stand in the wrong order: our own first, then who issued it, then who issued that.',
        );
      else add('warning', 'chain', 'stray', 'The certificate file holds a certificate that does not belong to ours. Take it out.');
      break;
    }
  }
  const path = pathFrom(own, [...others]);
  const top = path.at(-1) ?? own;
  if (selfIssued(top)) {
    const known = anchors?.some((anchor) => anchor.fingerprint256 === top.fingerprint256) ?? false;
    if (top === own)
      add(
        known ? 'info' : 'warning',
        'chain',
        'self-signed',
        'The certificate is self-signed: every system that shall trust it needs the certificate itself.',
      );
    if (anchors && !known)
      add(
        'warning',
        'chain',
        'not-anchored',
        'The trust anchors do not vouch for our own certificate. That is right only if the systems we talk to trust another authority than we do.',
      );
    return;
  }
  if (!anchors) return;
  if (anchors.some((anchor) => issued(anchor, top))) return;
  add(
    'warning',
    'chain',
    'incomplete',
    `The chain of the certificate is incomplete: who issued it (${nameOf(top.issuer)}) is neither in its file nor among the trust anchors. Add the intermediate certificates to the certificate file, below our own.`,
  );
}

function checkAnchors(anchors: readonly X509Certificate[], what: string, now: number, add: Add): void {
  const good = anchors.filter((anchor) => now >= anchor.validFromDate.getTime() && now <= anchor.validToDate.getTime());
  if (good.length === 0) add('error', 'trustAnchors', 'expired', `None of ${what} is valid today. Ask for new ones.`);
  else if (good.length < anchors.length)
    add('warning', 'trustAnchors', 'some-expired', `${anchors.length - good.length} of ${what} (${anchors.length}) are not valid today.`);
  for (const anchor of good.slice(0, 20)) checkStrength(anchor, `One of ${what} (${nameOf(anchor.subject)})`, 'trustAnchors', add);
}

/** From a certificate up to the last issuer that is at hand, whatever their order. */
function pathFrom(own: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const path = [own];
  for (let last = own; !selfIssued(last) && path.length <= others.length + 1; ) {
    const next = others.find((other) => !path.includes(other) && issued(other, last));
    if (!next) break;
    path.push(next);
    last = next;
  }
  return path;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function selfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

/** The common name of a subject or issuer; at most 64 characters of one line. */
function nameOf(distinguished: string): string {
  const common = /^CN=(.+)$/m.exec(distinguished)?.[1] ?? distinguished.replaceAll('\n', ', ');
  return common.slice(0, 64);
}

function listed(names: string): string {
  const all = names.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  const more = all.length > 6 ? ` and ${all.length - 6} more` : '';
  return all.slice(0, 6).join(', ').slice(0, 400) + more;
}

const dateOf = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, 10);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
