import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** Files of `room` may import only what `may` names; the first room whose folder holds the file counts. */
interface Room {
  readonly room: string;
  readonly may: readonly string[];
  /** Packages that may be imported (default: any but electron). */
  readonly packages?: readonly string[];
}

const DICOM = ['electron/dicom/dataset', 'electron/dicom/network', 'electron/dicom/services'] as const;
const RENDERER_PACKAGES_FORBIDDEN = /^(node:|electron$|ws$|pino$|iconv-lite$|dcmjs$)/;

/** The rooms of docs/architecture.md in the order in which they may be imported. A room may import itself. */
const MAIN_SIDE = [
  ...DICOM,
  'electron/transcoding',
  'electron/archive',
  'electron/associations',
  'electron/actions',
  'electron/workstation',
  'electron/demo',
] as const;

export const ROOMS: readonly Room[] = [
  { room: 'shared/contract', may: [], packages: ['zod'] },
  // For PhosphorError, the one error class.
  { room: 'shared/codecs', may: ['shared/contract'] },
  { room: 'shared', may: ['shared'] },
  ...MAIN_SIDE.map((room, index) => ({ room, may: ['shared', ...MAIN_SIDE.slice(0, index)] })),
  { room: 'electron/hosts/desktop', may: ['shared', ...MAIN_SIDE, 'electron/hosts'], packages: ['*'] },
  { room: 'electron/hosts', may: ['shared', ...MAIN_SIDE] },
  { room: 'renderer', may: ['shared'] },
];

/** Node's modules that open sockets, files or threads: none of them in the standard as pure code. */
const IMPURE = /^node:(net|tls|http|https|http2|dgram|dns|fs|fs\/promises|worker_threads|child_process|cluster|sqlite)$/;

export interface Violation {
  readonly file: string;
  readonly imported: string;
  readonly why: string;
}

/** Every import below shared/, electron/ and renderer/ that breaks the order of the rooms. */
export async function checkLayers(root: string): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const top of ['shared', 'electron', 'renderer']) {
    const entries = await readdir(join(root, top), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile() || !/\.(ts|tsx|mts|js|mjs)$/.test(entry.name) || entry.name.endsWith('.d.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      const file = relative(root, path).split(sep).join('/');
      for (const imported of importsOf(await readFile(path, 'utf8'))) {
        const why = judge(file, imported);
        if (why !== undefined) violations.push({ file, imported, why });
      }
    }
  }
  return violations;
}

/** Why `file` must not import `imported` (a specifier as written), or undefined where it may. */
export function judge(file: string, imported: string): string | undefined {
  const room = roomOf(file);
  if (room === undefined) return 'the file stands in no room';
  if (!imported.startsWith('.')) return judgePackage(room, imported);
  const target = join(dirname(file), imported).split(sep).join('/');
  const targetRoom = roomOf(target);
  if (targetRoom === undefined)
    return target.startsWith('..') || !target.includes('/') ? 'it stands outside the rooms' : `${target} stands in no room`;
  if (targetRoom.room === room.room || room.may.some((allowed) => target.startsWith(`${allowed}/`))) return undefined;
  return `${room.room} must not import ${targetRoom.room}`;
}

function judgePackage(room: Room, imported: string): string | undefined {
  if (room.packages?.includes('*') === true) return undefined;
  if (imported === 'electron' || imported.startsWith('electron/')) return 'only electron/hosts/desktop imports electron';
  if (room.packages !== undefined && !room.packages.includes(imported)) return `${room.room} imports ${room.packages.join(', ')} only`;
  if (room.room.startsWith('electron/dicom') && IMPURE.test(imported)) return 'electron/dicom opens no socket, file or thread';
  if (room.room === 'renderer' && RENDERER_PACKAGES_FORBIDDEN.test(imported)) return 'the renderer runs in a sandbox without Node';
  if (room.room.startsWith('shared') && imported.startsWith('node:')) return 'shared/ runs on both sides of the glass';
  return undefined;
}

function roomOf(path: string): Room | undefined {
  return ROOMS.find(({ room }) => path.startsWith(`${room}/`));
}

/** Specifiers of imports, exports, dynamic imports and `new URL('./…', import.meta.url)`; comments left out. */
export function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = new Set<string>();
  for (const pattern of [
    /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
    /\bnew URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g,
  ]) {
    for (const [, specifier = ''] of code.matchAll(pattern)) found.add(specifier);
  }
  return [...found];
}
