import { hash, randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { MediaProfile } from '../../shared/contract/export-fields.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { KeySet } from '../dicom/dataset/directory-keys.ts';
import { MediaDirectory, TransferSyntaxUID } from '../dicom/dataset/index.ts';
import { type Exporting, isCompressed } from './export.ts';
import { README } from './export-readme.ts';
import { type ChosenInstance, transferSyntaxesOf } from './export-selection.ts';
import { exists, onTarget, TargetError } from './export-target.ts';

/** A directory record is held for each; drives and readers of media do not like more either. */
const MAX_INSTANCES = 100_000;

interface Profile {
  /** Transfer syntaxes that stay; anything else becomes Explicit VR Little Endian. `undefined`: all stay. */
  readonly keeps: ReadonlySet<string> | undefined;
  readonly keys: KeySet;
}

const { ExplicitVRLittleEndian, JPEGLosslessSV1, JPEGBaseline8Bit, JPEGExtended12Bit, JPEG2000Lossless, JPEG2000 } = TransferSyntaxUID;
const JPEG: Profile = { keeps: new Set([ExplicitVRLittleEndian, JPEGLosslessSV1, JPEGBaseline8Bit, JPEGExtended12Bit]), keys: 'extended' };
const J2K: Profile = { keeps: new Set([ExplicitVRLittleEndian, JPEG2000Lossless, JPEG2000]), keys: 'extended' };
const BASIC: Profile = { keeps: new Set([ExplicitVRLittleEndian]), keys: 'basic' };

/** PS3.11 annexes D (CD-R, DVD-RAM), H (DVD), I (Blu-ray), J (USB and flash): transfer syntaxes and keys. */
const PROFILES: Readonly<Record<Exclude<MediaProfile, 'auto'>, Profile>> = {
  'as-is': { keeps: undefined, keys: 'extended' },
  'STD-GEN-CD': BASIC,
  'STD-GEN-DVD-RAM': BASIC,
  'STD-GEN-DVD-JPEG': JPEG,
  'STD-GEN-DVD-J2K': J2K,
  'STD-GEN-BD-JPEG': JPEG,
  'STD-GEN-BD-J2K': J2K,
  'STD-GEN-USB-JPEG': JPEG,
  'STD-GEN-USB-J2K': J2K,
};

/** A file-set with its DICOMDIR (PS3.10 §8), written last: a medium that was not finished has none. */
export async function writeMedia({ args, chosen, target, codec, signal, each }: Exporting): Promise<void> {
  if (chosen.size > MAX_INSTANCES) throw new PhosphorError('limit-exceeded', 'more instances than a media directory is made of');
  const { keeps, keys } = PROFILES[chooseProfile(args.profile ?? 'auto', () => transferSyntaxesOf(chosen))];
  const directory = new MediaDirectory(keys, now);
  const fileIDs = new FileIDs();
  const placed = new Map<string, readonly string[]>();
  for (const { instance } of chosen) placed.set(instance.sopInstanceUID, fileIDs.of(instance));
  const fileSetUID = uidOf(args.exportId ?? randomUUID());
  if (args.container === 'folder') {
    if (args.isResumed === true) await removeOwn(path.join(args.to, 'DICOMDIR'), fileSetUID);
    await checkEmpty(args.to, args.isResumed === true ? ['DICOMDIR'] : ['DICOMDIR', 'DICOM']);
  }
  await target.write(once(['README.TXT']), [new TextEncoder().encode(README)]);
  await each(async (instance, order, source) => {
    const fileID = placed.get(instance.sopInstanceUID);
    if (fileID === undefined) throw new PhosphorError('interrupted', 'the instance arrived again meanwhile');
    const { meta, dataset } = source.part10;
    const stays = keeps?.has(meta.transferSyntaxUID) ?? true;
    const { allowLossyConversion } = args;
    const chunks = stays ? source.whole(instance.sha256, signal) : await source.explicit({ codec, allowLossyConversion, signal });
    const counted = new Counted(chunks);
    await target.write(once(fileID), counted.chunks(), stays && isCompressed(meta.transferSyntaxUID));
    directory.add({ dataset, transferSyntaxUID: stays ? meta.transferSyntaxUID : ExplicitVRLittleEndian, fileID, order });
    return { bytes: counted.bytes, converted: !stays };
  });
  const bytes = directory.encode(fileSetUID);
  await target.write(once(['DICOMDIR']), [bytes]);
}

/** The same for the same export, so that one that was cut off knows its own directory. */
function uidOf(exportId: string): string {
  return `2.25.${BigInt(`0x${hash('sha256', exportId).slice(0, 32)}`)}`;
}

/** The directory that this very export wrote before it was cut off: it is made once more. */
async function removeOwn(file: string, fileSetUID: string): Promise<void> {
  await onTarget(async () => {
    if (!(await exists(file))) return;
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(new Uint8Array(META_BYTES), 0, META_BYTES, 0);
    if (Buffer.from(buffer.buffer, 0, bytesRead).includes(fileSetUID, 0, 'latin1')) await unlink(file);
  });
}

/** Its File Meta Information names the file-set first of all (PS3.10 §7.1). */
const META_BYTES = 1_024;

/** A file-set that is there already may be another patient's: it is neither added to nor replaced, whatever was asked for. */
async function checkEmpty(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await onTarget(() => exists(path.join(folder, name)))) throw alreadyThere();
  }
}

function alreadyThere(): TargetError {
  return new TargetError('invalid-arguments', 'the folder holds a file-set already', 'EEXIST');
}

/** `auto`: whatever keeps images that were compressed with loss as they are, else the profile that every reader knows. */
function chooseProfile(profile: MediaProfile, syntaxes: () => ReadonlySet<string>): Exclude<MediaProfile, 'auto'> {
  if (profile !== 'auto') return profile;
  const found = syntaxes();
  if (found.has(JPEGBaseline8Bit) || found.has(JPEGExtended12Bit)) return 'STD-GEN-DVD-JPEG';
  return found.has(JPEG2000) ? 'STD-GEN-DVD-J2K' : 'STD-GEN-CD';
}

/** A file ID cannot be numbered: a medium that has this one already is not ours to write on. */
function once(fileID: readonly string[]): () => readonly string[] {
  let asked = false;
  return () => {
    if (asked) throw alreadyThere();
    asked = true;
    return fileID;
  };
}

/** `DICOM/PA000001/ST000001/SE000001/IM000001`: eight characters each (PS3.10 §8.2), by patient, study and series in the order of the export. */
class FileIDs {
  readonly #patients = new Map<string, string>();
  readonly #studies = new Map<string, string>();
  readonly #series = new Map<string, string>();
  #instances = 0;

  of({ owner }: ChosenInstance): readonly string[] {
    this.#instances += 1;
    return [
      'DICOM',
      numbered(this.#patients, 'PA', owner.patient),
      numbered(this.#studies, 'ST', owner.study),
      numbered(this.#series, 'SE', `${owner.study} ${owner.series}`),
      component('IM', this.#instances),
    ];
  }
}

function numbered(known: Map<string, string>, prefix: string, key: string): string {
  const name = known.get(key) ?? component(prefix, known.size + 1);
  known.set(key, name);
  return name;
}

const component = (prefix: string, number: number): string => `${prefix}${String(number).padStart(6, '0')}`;

class Counted {
  bytes = 0;
  readonly #chunks: AsyncIterable<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#chunks) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

function now(): { date: string; time: string } {
  const text = new Date().toISOString();
  return { date: text.slice(0, 10).replaceAll('-', ''), time: text.slice(11, 19).replaceAll(':', '') };
}
