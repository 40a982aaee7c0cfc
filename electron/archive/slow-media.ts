import fs from 'node:fs/promises';
import path from 'node:path';

const SLOW = /^(iso9660|udf|nfs\d?|cifs|smb\w*|9p|afs|davfs|ncpfs|vfat|msdos|exfat|fuseblk|fuse\.(?!.*overlay).*)$/;

/**
 * Whether one of the paths lies on a disc, a stick or in the network, as far as the system tells. On Linux by its table of mounts; elsewhere by
 * the path.
 */
export async function isSlowMedium(paths: readonly string[], table = '/proc/self/mountinfo'): Promise<boolean> {
  if (process.platform === 'win32') return paths.some((one) => /^[\\/]{2}/.test(one));
  if (process.platform === 'darwin') return paths.some((one) => path.resolve(one).startsWith('/Volumes/'));
  const mounts = await mountTable(table);
  for (const one of paths.slice(0, 100)) {
    const real = await fs.realpath(one).catch(() => path.resolve(one));
    const mount = mounts.find(({ point }) => point === '/' || real === point || real.startsWith(`${point}/`));
    if (mount !== undefined && (SLOW.test(mount.type) || (await isRemovable(mount.device)))) return true;
  }
  return false;
}

interface Mount {
  readonly point: string;
  readonly type: string;
  readonly device: string;
}

/** The longest mount points first. */
async function mountTable(table: string): Promise<Mount[]> {
  const text = await fs.readFile(table, 'utf8').catch(() => '');
  return text
    .split('\n')
    .flatMap((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [, , device = '', , point = ''] = before.split(' ');
      const type = after.split(' ')[0] ?? '';
      return type === '' ? [] : [{ point: unescaped(point), type, device }];
    })
    .reverse()
    .sort((a, b) => b.point.length - a.point.length);
}

/** Spaces and the like stand there as octal numbers. */
function unescaped(point: string): string {
  return point.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** A partition says nothing itself; its disk, the folder above, does. */
async function isRemovable(device: string): Promise<boolean> {
  if (!/^\d+:\d+$/.test(device)) return false;
  for (const file of [`/sys/dev/block/${device}/removable`, `/sys/dev/block/${device}/../removable`]) {
    const value = await fs.readFile(file, 'utf8').catch(() => '');
    if (value.trim() === '1') return true;
  }
  return false;
}
