import { createHmac } from 'node:crypto';
import { PhosphorError } from '../../../../shared/contract/phosphor-error.ts';
import type { Dataset } from '../dataset.ts';
import { Tag as T } from '../tags.ts';

const SHORTEST_SECRET = 16;
const MAX_CACHED = 200_000;
/** RFC 4648 without letters and digits that are easily mistaken for one another. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/**
 * What a project's secret makes of identities: the same patient always the same pseudonym and shift of dates, the same UID always the same new UID. Keyed
 * (HMAC-SHA-256), so that nobody without the secret can try names or IDs until a pseudonym comes out.
 */
export class ProjectKey {
  readonly #secret: Uint8Array;
  readonly #prefix: string;
  readonly #uids = new Map<string, string>();

  /** Throws `invalid-arguments` for a secret of fewer than 16 bytes. */
  constructor(project: string, secret: Uint8Array) {
    if (secret.length < SHORTEST_SECRET) throw new PhosphorError('invalid-arguments', 'the secret of the project is too short');
    this.#secret = secret;
    this.#prefix =
      project
        .toUpperCase()
        .replace(/[^A-Z0-9]+/g, '')
        .slice(0, 16) || 'PROJECT';
  }

  /** Of a patient, see patientKeyOf: stands for name and ID. */
  pseudonym(patientKey: string): string {
    const digest = this.#digest('patient', patientKey);
    let text = '';
    for (let index = 0; index < 12; index += 1) text += ALPHABET[(digest[index] ?? 0) % ALPHABET.length];
    return `${this.#prefix}-${text}`;
  }

  /** Whole days by which a patient's dates move into the past: 30 to 3,679. */
  days(patientKey: string): number {
    const digest = this.#digest('dates', patientKey);
    return 30 + (((digest[0] ?? 0) * 0x10000 + (digest[1] ?? 0) * 0x100 + (digest[2] ?? 0)) % 3650);
  }

  /** A UID below 2.25 (PS3.5 B.2): a UUID of version 8 made of the keyed hash. */
  uid(original: string): string {
    const known = this.#uids.get(original);
    if (known !== undefined) return known;
    const digest = this.#digest('uid', original);
    let number = 0n;
    for (let index = 0; index < 16; index += 1) {
      const byte = digest[index] ?? 0;
      const fixed = index === 6 ? (byte & 0x0f) | 0x80 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
      number = number * 256n + BigInt(fixed);
    }
    const uid = `2.25.${number}`;
    if (this.#uids.size >= MAX_CACHED) this.#uids.clear();
    this.#uids.set(original, uid);
    return uid;
  }

  /** An AE title that stands for another. */
  title(original: string): string {
    const digest = this.#digest('title', original);
    return `AE_${[0, 1, 2, 3, 4, 5, 6, 7].map((index) => ALPHABET[(digest[index] ?? 0) % ALPHABET.length]).join('')}`;
  }

  #digest(purpose: string, text: string): Uint8Array {
    return createHmac('sha256', this.#secret).update(`${purpose}\0${text}`, 'utf8').digest();
  }
}

/**
 * Who a data set is of: Patient ID with its issuer, or name and birth date where there is no ID. Case and padding do not matter, so that the same patient from
 * two devices is one.
 */
export function patientKeyOf(dataset: Dataset): string {
  const plain = (text: string): string => text.normalize('NFC').trim().toUpperCase().replace(/\s+/g, ' ');
  const patientID = plain(dataset.string(T.PatientID));
  if (patientID !== '') return `id\0${patientID}\0${plain(dataset.string(T.IssuerOfPatientID))}`;
  return `name\0${plain(dataset.string(T.PatientName)).replace(/[\^= ]+$/, '')}\0${plain(dataset.string(T.PatientBirthDate))}`;
}
