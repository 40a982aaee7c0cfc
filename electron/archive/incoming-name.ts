import type { ArrivalOrigin } from './types.ts';

/**
 * The folder incoming/ is the arrivals log: an arrival that is complete stands there under a name that says all that the index needs
 * besides the file itself, until the index has it (docs/adr/0001-arrivals-survive-power-loss.md). Unfinished ones end in `.part`.
 *
 * `<writer>-<number>.<action><origin>.<hash of the UID>.<proof>.<AE title>`, hashes and title in base64url: at most 127 characters, which
 * every file system takes. The proof that the file is whole is the hash of its data set, or `~` and its length, which in durable archives `-` and
 * its CRC-32 follow (base 36).
 */
export type IncomingEntry = IncomingProof & {
  readonly writer: string;
  readonly number: number;
  readonly action: IncomingAction;
  readonly origin: ArrivalOrigin['kind'];
  readonly uidHash: Buffer;
  readonly sourceAETitle: string;
};

/** Where the arrival is to stand: as the instance's file, in the place of an older version, or in conflicts/. */
export type IncomingAction = 'stored' | 'replaced' | 'conflict';

/**
 * By what a repair knows that all of the data set is there. The length is enough after the end of a process, which loses nothing that was written;
 * after a loss of power the content has to be proved.
 */
export type IncomingProof =
  | { readonly sha256: Buffer }
  | { readonly sha256?: undefined; readonly dataSetBytes: number; readonly crc32?: number | undefined };

const ACTIONS = { s: 'stored', r: 'replaced', c: 'conflict' } as const;
const ORIGINS = { m: 'retrieve', s: 'store', i: 'import' } as const;
const LETTER_OF = { stored: 's', replaced: 'r', conflict: 'c', retrieve: 'm', store: 's', import: 'i' } as const;

export function partName(writer: string, number: number): string {
  return `${writer}-${number.toString(36)}.part`;
}

export function incomingName(entry: IncomingEntry): string {
  const proof = entry.sha256 === undefined ? lengthProof(entry.dataSetBytes, entry.crc32) : entry.sha256.toString('base64url');
  const title = Buffer.from(entry.sourceAETitle.slice(0, 16), 'latin1').toString('base64url');
  const kinds = LETTER_OF[entry.action] + LETTER_OF[entry.origin];
  return `${entry.writer}-${entry.number.toString(36)}.${kinds}.${entry.uidHash.toString('base64url')}.${proof}.${title}`;
}

/** Undefined for everything that is not the name of a complete arrival. */
export function parseIncomingName(name: string): IncomingEntry | undefined {
  const match =
    /^([A-Za-z0-9_]{1,16})-([0-9a-z]{1,11})\.([src])([msi])\.([\w-]{43})\.([\w-]{43}|~[0-9a-z]{1,11}(?:-[0-9a-z]{1,7})?)\.([\w-]{0,22})$/.exec(
      name,
    );
  if (match === null) return undefined;
  const [, writer = '', number = '', action = '', origin = '', uidHash = '', proof = '', title = ''] = match;
  return {
    writer,
    number: Number.parseInt(number, 36),
    action: ACTIONS[action as keyof typeof ACTIONS],
    origin: ORIGINS[origin as keyof typeof ORIGINS],
    uidHash: Buffer.from(uidHash, 'base64url'),
    ...(proof.startsWith('~') ? parseLengthProof(proof) : { sha256: Buffer.from(proof, 'base64url') }),
    sourceAETitle: Buffer.from(title, 'base64url').toString('latin1'),
  };
}

function lengthProof(dataSetBytes: number, crc32: number | undefined): string {
  const length = `~${dataSetBytes.toString(36)}`;
  return crc32 === undefined ? length : `${length}-${crc32.toString(36)}`;
}

function parseLengthProof(proof: string): { dataSetBytes: number; crc32?: number } {
  const [length = '', crc32] = proof.slice(1).split('-');
  return { dataSetBytes: Number.parseInt(length, 36), ...(crc32 === undefined ? {} : { crc32: Number.parseInt(crc32, 36) }) };
}
