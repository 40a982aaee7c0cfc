import { createSecureContext } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import type { TLSFinding } from '../../shared/contract/index.ts';
import { readTLSFile, type TLSFile } from './tls-file.ts';
import { tlsFindings } from './tls-findings.ts';
import { tlsLoop } from './tls-loop.ts';
import { type ListenerTLS, profileOptions, usable } from './tls-profile.ts';
import type { SelfTestInput, SelfTestResult } from './tls-self-test.ts';

// The self-test of certificate, key and trust anchors: reads the files, looks at them, and shakes hands with itself.

/** What keeps OpenSSL from taking a certificate and key; with other faults callers get an answer at least. */
const UNUSABLE: ReadonlySet<TLSFinding['subject']> = new Set<TLSFinding['subject']>(['certificate', 'privateKey']);

// The main side's tlsSelfTest wrote it.
const input = workerData as SelfTestInput;
parentPort?.postMessage(await run());

async function run(): Promise<SelfTestResult> {
  const { settings, nodes, ownNames } = input;
  const [certificate, privateKey, trustAnchors] = await Promise.all(
    [settings.certificateFile, settings.privateKeyFile, settings.trustAnchorsFile].map(named),
  );
  const files = {
    ...(certificate ? { certificate } : {}),
    ...(privateKey ? { privateKey } : {}),
    ...(trustAnchors ? { trustAnchors } : {}),
    nodes: await Promise.all(nodes.map(async ({ node, path }) => ({ node, trustAnchors: await readTLSFile(path) }))),
  };
  const { clientCertificates, minimumVersion, port } = settings;
  const findings = tlsFindings(files, { ownNames, now: Date.now(), clientCertificates, accepting: port > 0 });
  if (certificate?.text === undefined || privateKey?.text === undefined || trustAnchors?.code !== undefined)
    return { findings, usable: false };
  const tls: ListenerTLS = {
    certificate: certificate.text,
    privateKey: privateKey.text,
    ...(trustAnchors?.text === undefined ? {} : { trustAnchors: trustAnchors.text }),
    minimumVersion,
    clientCertificates,
    port,
  };
  if (!takenIn(tls)) return { findings, usable: false };
  const faulty = findings.some(({ severity, subject }) => severity === 'error' && UNUSABLE.has(subject));
  if (!faulty) findings.push(...(await tlsLoop(tls)));
  return { findings, usable: true };
}

function named(path: string): Promise<TLSFile> | undefined {
  return path === '' ? undefined : readTLSFile(path);
}

function takenIn(tls: ListenerTLS): boolean {
  try {
    usable(() => createSecureContext(profileOptions(tls)));
    return true;
  } catch {
    return false;
  }
}
