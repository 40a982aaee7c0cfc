import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the tests run against, by Debian package: the programs (or files, by their whole path) that prove it is there. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  // Real files, where DICOM_TEST_DATA names no others.
  ...(process.env.DICOM_TEST_DATA === undefined
    ? { 'python3-pydicom': ['/usr/lib/python3/dist-packages/pydicom/data/test_files/CT_small.dcm'] }
    : {}),
  dcmtk: ['storescp', 'storescu', 'findscu', 'movescu', 'echoscu', 'dcmdump'],
  orthanc: ['Orthanc'],
  chromium: ['chromium'],
  xvfb: ['Xvfb'],
};
/** Debian keeps servers where a user's PATH does not look. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin'];

/** Debian packages of which a program is missing. */
export function missingPackages(isThere: (program: string) => boolean = isInstalled): string[] {
  return Object.entries(PROGRAMS)
    .filter(([, programs]) => !programs.every(isThere))
    .map(([name]) => name);
}

/** Installs packages where nobody needs to be asked (root, or CI=true with sudo that needs no password). False = not done. */
export function installPackages(packages: readonly string[]): boolean {
  if (!isInstalled('apt-get')) return false;
  const isRoot = process.getuid?.() === 0;
  const isCI = process.env.CI === 'true' && spawnSync('sudo', ['-n', 'true']).status === 0;
  if (!isRoot && !isCI) return false;
  const apt = (args: string[]): boolean => {
    const [program = '', ...rest] = isRoot ? ['apt-get', ...args] : ['sudo', '-n', 'apt-get', ...args];
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'], env: environment }).status === 0;
  };
  return apt(['update', '-q']) && apt(['install', '-y', '-q', '--no-install-recommends', ...packages]);
}

function isInstalled(program: string): boolean {
  if (program.startsWith('/')) return isAccessible(program, constants.R_OK);
  return FOLDERS.some((folder) => isAccessible(join(folder, program), constants.X_OK));
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
