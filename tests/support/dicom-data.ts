import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's python3-pydicom keeps its samples. */
export const DEBIAN_SAMPLES = '/usr/lib/python3/dist-packages/pydicom/data/test_files';

/** Folder of real DICOM files: `DICOM_TEST_DATA`, else Debian's samples. Throws when there is neither: no test is skipped silently. */
export function realDicomFolder(): string {
  const folder = process.env.DICOM_TEST_DATA ?? DEBIAN_SAMPLES;
  if (!existsSync(folder)) throw new Error(`no real DICOM files at ${folder}: apt-get install python3-pydicom, or set DICOM_TEST_DATA`);
  return folder;
}

/** Every regular file below a folder, absolute, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
