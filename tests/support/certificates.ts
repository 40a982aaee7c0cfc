import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tests that need certificates are skipped by name where there is no openssl. */
export const OPENSSL_MISSING = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed';

/** A certificate with its key, as files and as text. */
export interface Certificate {
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateOptions {
  /** Absent = self-signed. */
  readonly issuer?: Certificate;
  readonly ca?: boolean;
  /** Subject Alternative Name, e.g. `IP:127.0.0.1,DNS:pacs.example`; '' = none. */
  readonly names?: string;
  /** `ec` (P-256, the default), `rsa:2048`, `rsa:1024`, `ec:secp224r1`. */
  readonly key?: string;
  readonly digest?: string;
  readonly extendedKeyUsage?: string;
  /** Days from now; default -1 to 365. */
  readonly from?: number;
  readonly until?: number;
}

/** Makes certificates below `folder` with openssl, named as asked. */
export function certificateMaker(folder: string): (name: string, options?: CertificateOptions) => Certificate {
  return (name, options = {}) => {
    const { issuer, ca = false, names = 'IP:127.0.0.1,DNS:localhost', key = 'ec', digest = 'sha256', extendedKeyUsage } = options;
    const file = (extension: string) => join(folder, `${name}.${extension}`);
    const [algorithm, size] = key.split(':');
    const keyArgs =
      algorithm === 'rsa'
        ? ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${size}`]
        : ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${size ?? 'P-256'}`];
    run('genpkey', ...keyArgs, '-out', file('key'));
    const extensions = [
      `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}`,
      ...(ca ? ['keyUsage=critical,keyCertSign,cRLSign'] : []),
      ...(names === '' || ca ? [] : [`subjectAltName=${names}`]),
      ...(extendedKeyUsage === undefined ? [] : [`extendedKeyUsage=${extendedKeyUsage}`]),
    ];
    // `openssl ca` is the one command that takes dates in the past.
    writeFileSync(file('index'), '');
    writeFileSync(
      file('serial'),
      randomBytes(8)
        .toString('hex')
        .replace(/^[89a-f]/, '1'),
    );
    writeFileSync(
      file('cnf'),
      [
        '[ca]',
        'default_ca=here',
        '[here]',
        `database=${file('index')}`,
        `new_certs_dir=${folder}`,
        `serial=${file('serial')}`,
        `default_md=${digest}`,
        'policy=any',
        'x509_extensions=ext',
        'unique_subject=no',
        '[any]',
        'commonName=supplied',
        '[ext]',
        'subjectKeyIdentifier=hash',
        ...extensions,
        '[req]',
        'distinguished_name=dn',
        'prompt=no',
        '[dn]',
        `CN=${name}`,
        '',
      ].join('\n'),
    );
    run('req', '-new', '-config', file('cnf'), '-key', file('key'), '-out', file('csr'));
    run(
      ...['ca', '-batch', '-notext', '-config', file('cnf'), '-in', file('csr'), '-out', file('crt')],
      ...(issuer ? ['-cert', issuer.certificateFile, '-keyfile', issuer.privateKeyFile] : ['-selfsign', '-keyfile', file('key')]),
      ...['-startdate', day(options.from ?? -1), '-enddate', day(options.until ?? 365)],
    );
    return {
      certificateFile: file('crt'),
      privateKeyFile: file('key'),
      certificate: readFileSync(file('crt'), 'utf8'),
      privateKey: readFileSync(file('key'), 'utf8'),
    };
  };
}

function run(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** `YYYYMMDDHHMMSSZ`. */
function day(offset: number): string {
  return `${new Date(Date.now() + offset * 86_400_000).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
}
