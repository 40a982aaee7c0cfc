import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { TLSFinding } from '../../shared/contract/index.ts';

// What is wrong with one certificate, with a chain, with trust anchors. Pure: no file and no clock is read.

export interface TLSCircumstances {
  /** Names and addresses under which others call this computer. */
  readonly ownNames: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly clientCertificates: 'none' | 'requested' | 'required';
  /** Whether a TLS port is wanted. */
  readonly accepting: boolean;
}

type Subject = TLSFinding['subject'];
export type Add = (severity: TLSFinding['severity'], subject: Subject, code: string, sentence: string) => void;

const SOON_DAYS = 30;
const DAY_MS = 86_400_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** Whether it is valid now. */
export function checkValidity(certificate: X509Certificate, what: string, subject: Subject, now: number, add: Add): boolean {
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
export function checkStrength(certificate: X509Certificate, what: string, subject: Subject, add: Add): void {
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
export function checkNames(certificate: X509Certificate, { ownNames, accepting }: TLSCircumstances, add: Add): void {
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
export function checkPurpose(certificate: X509Certificate, add: Add): void {
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
export function checkChain(
  chain: readonly X509Certificate[],
  anchors: readonly X509Certificate[] | undefined,
  now: number,
  add: Add,
): void {
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

export function checkAnchors(anchors: readonly X509Certificate[], what: string, now: number, add: Add): void {
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
