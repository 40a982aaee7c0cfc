import { hostname, networkInterfaces } from 'node:os';
import { type PacsNode, PhosphorError, type PhosphorErrorData, type Settings, type TLSFinding } from '../../shared/contract/index.ts';
import { type ListenerTLS, OWN_TLS_FILES, type PeerTLS, readTLSFile, tlsSelfTest } from '../associations/index.ts';
import type { RaiseNotice } from './notices.ts';

export interface TLSFilesParts {
  settings(): Settings;
  nodes(): readonly PacsNode[];
  readonly raise: RaiseNotice;
}

/**
 * Certificate, key and trust anchors, read from the files that the settings name each time they are needed: a renewed one counts from our next call on, for
 * callers from the next start or change of a setting or node on. Their text goes to the workers and nowhere else.
 */
export class TLSFiles {
  readonly #parts: TLSFilesParts;
  readonly #warned = new Set<string>();

  constructor(parts: TLSFilesParts) {
    this.#parts = parts;
  }

  /**
   * How a node is called by TLS; undefined: it is not.
   * @throws PhosphorError `tls` (`OWN_TLS_FILES`) where a file that is named cannot be read
   */
  async peer({ tls }: PacsNode): Promise<PeerTLS | undefined> {
    if (tls === undefined) return undefined;
    const { trustAnchorsFile, minimumVersion } = this.#parts.settings().tls;
    const { certificate, privateKey, trustAnchors } = await this.#files(tls.trustAnchorsFile || trustAnchorsFile);
    if ((certificate === undefined) !== (privateKey === undefined))
      throw notUsable('a certificate needs its key, and a key its certificate');
    return {
      ...(certificate === undefined ? {} : { certificate }),
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
      ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
      checkName: tls.checkName,
      minimumVersion,
    };
  }

  /** What the receiver's TLS port needs, as the files are now; undefined: none is wanted, or a file cannot be read (see `check`). */
  async listener(): Promise<ListenerTLS | undefined> {
    const { port, trustAnchorsFile, minimumVersion, clientCertificates } = this.#parts.settings().tls;
    if (port === 0) return undefined;
    try {
      const { certificate, privateKey, trustAnchors } = await this.#files(trustAnchorsFile);
      if (certificate === undefined || privateKey === undefined) return undefined;
      return { certificate, privateKey, ...(trustAnchors === undefined ? {} : { trustAnchors }), minimumVersion, clientCertificates, port };
    } catch {
      return undefined;
    }
  }

  /** What is wrong with the files, and whether a port can be opened with them. @throws PhosphorError `worker-died`, `timed-out` */
  async selfTest(): Promise<{ findings: TLSFinding[]; usable: boolean }> {
    const nodes = this.#parts
      .nodes()
      .flatMap(({ name, tls }) => (tls?.trustAnchorsFile ? [{ node: name, path: tls.trustAnchorsFile }] : []));
    return await tlsSelfTest({ settings: this.#parts.settings().tls, nodes, ownNames: ownNames() });
  }

  /**
   * Before the TLS port is opened: whether it can be. What a person must know is raised as a notice, once as long as it does not change.
   */
  async check(): Promise<boolean> {
    const { port } = this.#parts.settings().tls;
    if (port === 0) return false;
    const { findings, usable } = await this.selfTest().catch(() => ({ findings: [], usable: true }));
    const worst = findings.find(({ severity }) => severity === 'error');
    if (!usable) this.#notice('error', `The TLS port ${port} was not opened. ${worst?.sentence ?? ''}`.trim());
    else if (worst) this.#notice('warning', `TLS on port ${port}: ${worst.sentence}`);
    const soon = findings.find(({ code }) => code === 'expires-soon');
    if (soon) this.#notice('warning', soon.sentence);
    return usable;
  }

  /** The receiver is open, but not its TLS port. */
  notOpened(error: PhosphorErrorData): void {
    const { port } = this.#parts.settings().tls;
    const why = error.kind === 'port-in-use' ? ': the port is in use, or may not be opened by this user' : '';
    this.#notice('error', `The TLS port ${port} was not opened${why}. \`phosphor tls check\` tests certificate and key.`);
  }

  async #key(path: string): Promise<string | undefined> {
    return await this.#text(path, 'the key file', true);
  }

  /** Undefined: none is named. Throws where one that is named cannot be read. */
  async #files(trustAnchorsFile: string) {
    const { certificateFile, privateKeyFile } = this.#parts.settings().tls;
    const [certificate, privateKey, trustAnchors] = await Promise.all([
      this.#text(certificateFile, 'the certificate file'),
      this.#key(privateKeyFile),
      this.#text(trustAnchorsFile, 'the trust anchors file'),
    ]);
    return { certificate, privateKey, trustAnchors };
  }

  async #text(path: string, what: string, secret = false): Promise<string | undefined> {
    if (path === '') return undefined;
    const { text, code, readableByOthers } = await readTLSFile(path);
    if (text === undefined) throw notUsable(`${what} cannot be read (${code})`);
    if (secret && readableByOthers) {
      this.#notice(
        'warning',
        `The key file ${path} can be read by other users of this computer. Make it readable for you only (chmod 600).`,
      );
    }
    return text;
  }

  #notice(severity: 'warning' | 'error', sentence: string): void {
    if (this.#warned.has(sentence)) return;
    this.#warned.add(sentence);
    this.#parts.raise(severity, sentence);
  }
}

function notUsable(message: string): PhosphorError {
  return new PhosphorError('tls', message, { code: OWN_TLS_FILES });
}

/** Names and addresses under which others can call this computer, the loopback left out unless there is nothing else. */
function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outside = addresses.filter(({ internal, address }) => !internal && !address.startsWith('fe80:')).map(({ address }) => address);
  return [hostname(), ...(outside.length > 0 ? outside : ['localhost', '127.0.0.1'])];
}
