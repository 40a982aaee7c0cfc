import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { TLSFinding } from '../../shared/contract/index.ts';
import {
  type Add,
  checkAnchors,
  checkChain,
  checkNames,
  checkPurpose,
  checkStrength,
  checkValidity,
  type TLSCircumstances,
} from './tls-certificate-checks.ts';
import type { TLSFile } from './tls-file.ts';

/** What the settings name, read. */
export interface TLSFiles {
  readonly certificate?: TLSFile;
  readonly privateKey?: TLSFile;
  readonly trustAnchors?: TLSFile;
  /** Of nodes that have trust anchors of their own. */
  readonly nodes: readonly { readonly node: string; readonly trustAnchors: TLSFile }[];
}

type Finding = TLSFinding;
type Subject = Finding['subject'];

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
