import { createCipheriv, createHmac, pbkdf2Sync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { expect, it } from 'vitest';
import { ZipTarget } from '../../../electron/archive/export-zip.ts';
import { temporaryFolder } from './fixtures.ts';

const BIG = Buffer.alloc(9 * 1024 * 1024, 'pixels of a large image, over and over; ');

async function zipped(options: { password?: string; replace?: boolean } = {}): Promise<{ file: string; folder: string }> {
  const folder = temporaryFolder();
  const file = path.join(folder, 'out.zip');
  const { replace = false, password } = options;
  const target = await ZipTarget.open(file, { replace, exportId: 'one', isResumed: false, password, spill: folder });
  await Promise.all([
    target.write(() => ['Doe Jane', 'Grüße 影像.dcm'], [Buffer.from('small')]),
    target.write(() => ['Doe Jane', 'big.dcm'], pieces(BIG)),
  ]);
  await expect(target.write(() => ['Doe Jane', 'broken.dcm'], failing())).rejects.toThrow('gone');
  expect(fs.existsSync(file)).toBe(false);
  await target.finish();
  return { file, folder };
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20));
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield BIG.subarray(0, 5 * 1024 * 1024);
  throw new Error('gone');
}

it('makes one ZIP file of what is whole and leaves nothing else behind', async () => {
  const { file, folder } = await zipped();
  expect(fs.readdirSync(folder)).toEqual(['out.zip']);
  const entries = entriesOf(fs.readFileSync(file));
  expect(entries.map(({ name }) => name).sort()).toEqual(['Doe Jane/Grüße 影像.dcm', 'Doe Jane/big.dcm'].sort());
  const big = entries.find(({ name }) => name.endsWith('big.dcm'));
  expect(zlib.inflateRawSync(big?.data ?? Buffer.alloc(0)).equals(BIG)).toBe(true);
});

it('encrypts with AES-256 what a program without the password cannot read, and one that follows the format can', async () => {
  const { file } = await zipped({ password: 'pass wörd' });
  const bytes = fs.readFileSync(file);
  expect(bytes.includes('small')).toBe(false);
  for (const { name, method, extra, data } of entriesOf(bytes)) {
    expect([name, method, extra.readUInt16LE(0), extra[8]]).toEqual([name, 99, 0x9901, 3]);
    const plain = decrypted(data, 'pass wörd');
    const content = extra.readUInt16LE(9) === 8 ? zlib.inflateRawSync(plain) : plain;
    expect(content.equals(name.endsWith('big.dcm') ? BIG : Buffer.from('small'))).toBe(true);
  }
});

it('knows a ZIP file that it had finished when it was cut off, and no other', async () => {
  const { file, folder } = await zipped();
  const again = async (exportId: string) => {
    const target = await ZipTarget.open(file, { replace: false, exportId, isResumed: true, password: undefined, spill: folder });
    await target.write(() => ['one'], [Buffer.from('small')]);
    await target.finish();
  };
  await again('one');
  expect(fs.readdirSync(folder)).toEqual(['out.zip']);
  await expect(again('another')).rejects.toMatchObject({ data: { code: 'EEXIST' } });
  fs.writeFileSync(file, 'somebody else wrote here');
  await expect(again('one')).rejects.toMatchObject({ data: { code: 'EEXIST' } });
});

it('replaces a ZIP file only when it is asked to', async () => {
  const { file, folder } = await zipped();
  await expect(
    ZipTarget.open(file, { replace: false, exportId: 'one', isResumed: false, password: undefined, spill: folder }),
  ).rejects.toMatchObject({
    data: { kind: 'invalid-arguments', code: 'EEXIST' },
  });
  const target = await ZipTarget.open(file, { replace: true, exportId: 'one', isResumed: false, password: undefined, spill: folder });
  await target.write(() => ['a'], [Buffer.from('new')]);
  await target.finish();
  expect(entriesOf(fs.readFileSync(file)).map(({ name }) => name)).toEqual(['a']);
});

it('leaves no file when it is abandoned', async () => {
  const folder = temporaryFolder();
  const target = await ZipTarget.open(path.join(folder, 'out.zip'), {
    isResumed: false,
    replace: false,
    exportId: 'one',
    password: undefined,
    spill: folder,
  });
  await target.write(() => ['a'], [Buffer.from('new')]);
  await target.abandon();
  expect(fs.readdirSync(folder)).toEqual([]);
});

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly extra: Buffer;
  readonly data: Buffer;
}

/** The central directory of a small ZIP file (APPNOTE 4.3), read independently of what wrote it. */
function entriesOf(zip: Buffer): Entry[] {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let i = 0; i < zip.readUInt16LE(end + 10); i += 1) {
    const [compressed, nameLength, extraLength, commentLength] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
    ];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameLength),
      method: zip.readUInt16LE(at + 10),
      extra: zip.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength),
      data: zip.subarray(start, start + compressed),
    });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** WinZip AE-2 with AES-256: salt, password check, data in counter mode (counter little endian from 1), ten bytes of HMAC-SHA1. */
function decrypted(data: Buffer, password: string): Buffer {
  const keys = pbkdf2Sync(password, data.subarray(0, 16), 1000, 66, 'sha1');
  expect(data.subarray(16, 18).equals(keys.subarray(64)), 'the password is checked').toBe(true);
  const secret = data.subarray(18, -10);
  expect(
    createHmac('sha1', keys.subarray(32, 64)).update(secret).digest().subarray(0, 10).equals(data.subarray(-10)),
    'nothing was altered',
  ).toBe(true);
  const counters = Buffer.alloc(Math.ceil(secret.length / 16) * 16);
  for (let block = 0; block < counters.length / 16; block += 1) counters.writeUInt32LE(block + 1, block * 16);
  const cipher = createCipheriv('aes-256-ecb', keys.subarray(0, 32), null);
  const stream = cipher.update(counters);
  return Buffer.from(secret.map((byte, index) => byte ^ (stream[index] ?? 0)));
}
