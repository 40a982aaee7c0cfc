import { lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { ZipFile } from 'yazl';
import { openArchive } from '../../electron/archive/index.ts';
import { Dataset, encodeDataset, encodeFileMeta } from '../../electron/dicom/dataset/index.ts';
import { watchCost } from '../bench/process-cost.ts';
import { CT, EXPLICIT, IMPLICIT, part10, sample } from '../unit/archive/samples.ts';
import { type ArchiveArena, ended, must } from './archive-arena.ts';

/** Of resident memory, during one import. */
const LARGEST_GROWTH_MB = 250;
const DEFLATED = '1.2.840.10008.1.2.1.99';

const HOSTILE_UIDS = [
  '../../../../etc/passwd',
  '..',
  '.',
  '/etc/passwd',
  'C:\\Windows\\win.ini',
  'a:b',
  'CON',
  'NUL.dcm',
  'aux',
  '1.2.3\0.4',
  '1.2.3\n4',
  '~root',
  '$(reboot)',
  `1.${'2'.repeat(298)}`,
  '%2e%2e%2f',
  '-rf',
  ' 1.2.3 ',
  '\u00e4\u00f6',
] as const;

type Build = (folder: string) => Promise<void>;

/** A medium from an enemy: each thing on it is taken in or refused with a reason, nothing of it becomes a path, and it costs little. */
export async function hostileMedia(arena: ArchiveArena): Promise<void> {
  const location = { directory: join(arena.folder, 'archive'), databases: join(arena.folder, 'databases'), durable: false };
  const archive = await openArchive(location);
  try {
    let number = 0;
    let largest = 0;
    const cases = [...uidCases(), ...MEDIA];
    for (const [name, build] of cases) {
      number += 1;
      const folder = join(arena.folder, `medium-${number}`);
      await mkdir(folder);
      await arena.attempt(name, async () => {
        await build(folder);
        const cost = await watchCost(process.pid);
        const { items } = await ended(archive.import([folder]));
        const { growthMB } = await cost();
        arena.count('largest growth of memory, MB', Math.max(0, Math.round(growthMB) - largest));
        largest = Math.max(largest, Math.round(growthMB));
        must(items.length > 0, 'nothing was said of it');
        for (const { error, path } of items) {
          must(error?.kind !== 'internal', 'an internal error');
          must(path.startsWith(folder), 'an item of a file outside the medium');
        }
        must(growthMB < LARGEST_GROWTH_MB, `grown by ${growthMB.toFixed(0)} MB`);
        return [...new Set(items.map(({ result, error }) => error?.kind ?? result))].sort().join(', ');
      });
      await rm(folder, { recursive: true, force: true });
    }
    await arena.attempt('what is left', async () => {
      await archive.settled();
      const { result } = await ended(archive.verify());
      must(result.problems === 0, `verify finds ${result.problems} problems`);
      const names = await namesBelow(location.directory);
      const odd = names.filter(
        (name) => !/^(files\/[0-9a-f]{2}(\/[0-9a-f]{64}\.dcm)?|conflicts\/[0-9a-f-]+\.dcm|[a-z]+|[a-z.]+(json|lock))$/.test(name),
      );
      must(odd.length === 0, `in the archive: ${odd.slice(0, 5).join(' ')}`);
      const beside = (await readdir(arena.folder)).filter((name) => !['archive', 'databases', 'bomb.bin'].includes(name));
      must(beside.length === 0, `beside it: ${beside.join(' ')}`);
      return 'only hashes';
    });
  } finally {
    await archive.close();
  }
}

async function namesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true });
  return entries.filter((name) => !name.includes('.db'));
}

function uidCases(): [string, Build][] {
  return HOSTILE_UIDS.map((uid, index) => [
    `UID ${index}`,
    async (folder) => {
      const raw = (keys: Record<string, string>) => part10(sample('1.2.3.4', keys));
      await writeFile(join(folder, 'instance'), raw({ SOPInstanceUID: uid }));
      await writeFile(join(folder, 'series'), raw({ SeriesInstanceUID: uid, SOPInstanceUID: `1.2.9.${index}` }));
      await writeFile(join(folder, 'study'), raw({ StudyInstanceUID: uid, SOPInstanceUID: `1.2.8.${index}` }));
    },
  ]);
}

const MEDIA: readonly (readonly [string, Build])[] = [
  [
    'file IDs that leave the medium',
    async (folder) => writeFile(join(folder, 'DICOMDIR'), directory(['..\\..\\ETC\\PASSWD', '\\ETC\\PASSWD', 'A:\\B', '.\\X'])),
  ],
  ['a DICOMDIR in circles', async (folder) => writeFile(join(folder, 'DICOMDIR'), directory(['A', 'B'], 'circle'))],
  ['a DICOMDIR that leads nowhere', async (folder) => writeFile(join(folder, 'DICOMDIR'), directory(['A', 'B'], 'nowhere'))],
  [
    'links out of the medium and in circles',
    async (folder) => {
      await symlink('/etc', join(folder, 'etc'));
      await symlink('/etc/passwd', join(folder, 'passwd'));
      await symlink('/dev/zero', join(folder, 'zero'));
      await symlink(folder, join(folder, 'circle'));
      await symlink('self', join(folder, 'self'));
      must((await lstat(join(folder, 'self'))).isSymbolicLink(), 'no link');
    },
  ],
  [
    'ZIP slip',
    async (folder) => writeFile(join(folder, 'slip.zip'), renamed(await zip({ 'xx/xx/xx/evil.dcm': part10(sample('1.2.7.1')) }))),
  ],
  ['a ZIP bomb', async (folder) => writeFile(join(folder, 'bomb.zip'), await zip({ zeros: Buffer.alloc(256 << 20) }))],
  [
    'a ZIP bomb in a ZIP',
    async (folder) => writeFile(join(folder, 'bomb.zip'), await zip({ 'inner.zip': await zip({ zeros: Buffer.alloc(128 << 20) }) })),
  ],
  [
    'a ZIP that lies about lengths',
    async (folder) => writeFile(join(folder, 'lies.zip'), liesAboutLength(await zip({ zeros: Buffer.alloc(64 << 20) }))),
  ],
  [
    'a deflate bomb',
    async (folder) => {
      const meta = encodeFileMeta({ sopClassUID: CT, sopInstanceUID: '1.2.7.2', transferSyntaxUID: DEFLATED });
      await writeFile(join(folder, 'bomb'), Buffer.concat([meta, deflateRawSync(Buffer.alloc(512 << 20))]));
      const { bytes } = sample('1.2.7.3');
      await writeFile(join(folder, 'late'), Buffer.concat([meta, deflateRawSync(Buffer.concat([bytes, Buffer.alloc(256 << 20)]))]));
    },
  ],
  [
    'sequences 10,000 deep',
    async (folder) =>
      Promise.all([true, false].map((explicit) => writeFile(join(folder, `${explicit}`), deep(10_000, explicit)))).then(() => undefined),
  ],
  [
    'lengths of 4 GB',
    async (folder) => {
      for (const [index, tag] of [0x00080016, 0x00100010, 0x00200010, 0x7fe00010, 0x00020010].entries()) {
        const whole = part10(sample(`1.2.7.4${index}`, {}, { transferSyntaxUID: IMPLICIT }));
        for (const length of [0xffffffff, 0xfffffffe, 0x7fffffff]) {
          const copy = Buffer.from(whole);
          const key = Buffer.from([(tag >>> 16) & 0xff, tag >>> 24, tag & 0xff, (tag >>> 8) & 0xff]);
          const at = copy.indexOf(key, 132);
          if (at >= 0) copy.writeUInt32LE(length, at + 4);
          await writeFile(join(folder, `${index}-${length}`), copy);
        }
      }
    },
  ],
  ['a sequence of a million items', async (folder) => writeFile(join(folder, 'items'), manyItems(1_000_000))],
  ['a million tiny private elements', async (folder) => writeFile(join(folder, 'elements'), manyElements(1_000_000))],
];

function directory(fileIDs: readonly string[], fault?: 'circle' | 'nowhere'): Buffer {
  const records = fileIDs.map((fileID) =>
    Dataset.of({
      OffsetOfTheNextDirectoryRecord: 0,
      RecordInUseFlag: 0xffff,
      DirectoryRecordType: 'IMAGE',
      ReferencedFileID: fileID.split('\\'),
    }),
  );
  const dataset = Dataset.of({ OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity: 0x7fffffff, DirectoryRecordSequence: records });
  const meta = encodeFileMeta({ sopClassUID: '1.2.840.10008.1.3.10', sopInstanceUID: '1.2.9', transferSyntaxUID: EXPLICIT });
  const bytes = Buffer.concat([meta, encodeDataset(dataset, EXPLICIT)]);
  if (fault === 'nowhere') return bytes;
  const item = bytes.indexOf(Buffer.from([0xfe, 0xff, 0x00, 0xe0]));
  bytes.writeUInt32LE(item, bytes.indexOf(Buffer.from([0x04, 0x00, 0x00, 0x12])) + 8);
  if (fault === 'circle') bytes.writeUInt32LE(item, bytes.indexOf(Buffer.from([0x04, 0x00, 0x00, 0x14])) + 8);
  return bytes;
}

async function zip(entries: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const file = new ZipFile();
  for (const [name, bytes] of Object.entries(entries)) file.addBuffer(bytes, name);
  file.end();
  const pieces: Buffer[] = [];
  for await (const piece of file.outputStream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function renamed(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll('xx/xx/xx/evil', '../../../evil'), 'latin1');
}

/** Of the directory's entry: 1,000 bytes unpacked. */
function liesAboutLength(bytes: Buffer): Buffer {
  const at = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  bytes.writeUInt32LE(1000, at + 24);
  return bytes;
}

/** A data set that begins well and then nests sequences of undefined length. */
function deep(depth: number, explicit: boolean): Buffer {
  const transferSyntaxUID = explicit ? EXPLICIT : IMPLICIT;
  const meta = encodeFileMeta({ sopClassUID: CT, sopInstanceUID: '1.2.7.5', transferSyntaxUID });
  const begin = encodeDataset(Dataset.of({ SOPClassUID: CT, SOPInstanceUID: '1.2.7.5' }), transferSyntaxUID);
  const header = explicit ? Buffer.from('0800401153510000ffffffff', 'hex') : Buffer.from('08004011ffffffff', 'hex');
  const level = Buffer.concat([header, Buffer.from('feff00e0ffffffff', 'hex')]);
  return Buffer.concat([meta, begin, ...Array.from({ length: depth }, () => level)]);
}

function manyItems(count: number): Buffer {
  const { bytes } = sample('1.2.7.6');
  const sequence = Buffer.from('0800401153510000ffffffff', 'hex');
  const item = Buffer.from('feff00e000000000', 'hex');
  const end = Buffer.from('feffdde000000000', 'hex');
  const meta = encodeFileMeta({ sopClassUID: CT, sopInstanceUID: '1.2.7.6', transferSyntaxUID: EXPLICIT });
  const items = Buffer.alloc(item.length * count);
  for (let i = 0; i < count; i += 1) item.copy(items, i * item.length);
  return Buffer.concat([meta, sequence, items, end, bytes]);
}

function manyElements(count: number): Buffer {
  const { bytes } = sample('1.2.7.7');
  const meta = encodeFileMeta({ sopClassUID: CT, sopInstanceUID: '1.2.7.7', transferSyntaxUID: EXPLICIT });
  const elements = Buffer.alloc(8 * count);
  for (let i = 0; i < count; i += 1) {
    elements.writeUInt16LE(7, i * 8);
    elements.writeUInt16LE(i & 0xffff, i * 8 + 2);
    elements.write('LO', i * 8 + 4, 'latin1');
  }
  return Buffer.concat([meta, elements, bytes]);
}
