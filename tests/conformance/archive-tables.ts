import { join } from 'node:path';
import { openArchive } from '../../electron/archive/index.ts';
import type { ImportedItem } from '../../shared/contract/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import type { Outcome } from './compare.ts';
import type { Finding } from './reference.ts';
import { type Row, readTable } from './tables.ts';

const EQUAL: Outcome = { kind: 'equal', detail: '' };

/** Files of MANIFEST.tsv through the archive's import: what DCMTK reads as an instance is taken, what it cannot read may be refused. */
export async function* importFindings(folder: string): AsyncGenerator<Finding> {
  const rows = readTable(folder, 'MANIFEST.tsv');
  if (rows.length === 0) return;
  const items = await importAll(rows.map(({ path = '' }) => join(folder, path)));
  for (const row of rows) {
    const item = items.get(join(folder, row.path ?? ''));
    yield { name: row.path ?? '', outcome: judge(row, item) };
  }
}

function judge(row: Row, item: ImportedItem | undefined): Outcome {
  if (item === undefined) return { kind: 'different', detail: 'the import says nothing of it' };
  const isInstance =
    (row.dcmdump ?? '').startsWith('ok') && (row.sop_class ?? '').includes('[') && !(row.sop_class ?? '').includes(MEDIA_DIRECTORY);
  if (item.result !== 'refused' || !isInstance) return EQUAL;
  return { kind: 'refused', detail: item.error?.message ?? '' };
}

const MEDIA_DIRECTORY = '1.2.840.10008.1.3.10';

async function importAll(paths: readonly string[]): Promise<Map<string, ImportedItem>> {
  await using profile = await temporaryFolder('conformance');
  const archive = await openArchive({ directory: join(profile.path, 'archive'), databases: profile.path, durable: false });
  try {
    const items = new Map<string, ImportedItem>();
    const job = archive.import(paths);
    job.onItems((batch) => {
      for (const item of batch) items.set(item.path, item);
      job.acknowledge(1);
    });
    await job.done;
    return items;
  } finally {
    await archive.close();
  }
}

/** Patient names of CHARSETS.tsv as the archive has them after an import: as DCMTK or pydicom reads them. */
export async function* characterSetFindings(folder: string): AsyncGenerator<Finding> {
  for (const row of readTable(folder, 'CHARSETS.tsv')) {
    const wanted = Object.entries(row).flatMap(([head, value]) => (head.startsWith('PatientName') ? [plain(value)] : []));
    const given = await nameOf(join(folder, row.path ?? ''));
    const name = `${row.path} (${row.specific_character_set})`;
    if (given === undefined) yield { name, outcome: { kind: 'refused', detail: 'not imported' } };
    else yield { name, outcome: wanted.includes(plain(given)) ? EQUAL : { kind: 'different', detail: 'another name' } };
  }
}

async function nameOf(path: string): Promise<string | undefined> {
  await using profile = await temporaryFolder('conformance');
  const archive = await openArchive({ directory: join(profile.path, 'archive'), databases: profile.path, durable: false });
  try {
    await archive.import([path]).done;
    await archive.settled();
    const { studies } = await archive.search({ query: {}, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 1 });
    const name = studies[0]?.patientName;
    return name === undefined ? undefined : [name.alphabetic, name.ideographic ?? '', name.phonetic ?? ''].join('=');
  } finally {
    await archive.close();
  }
}

const plain = (name: string): string => name.replace(/[= ]+$/, '');
