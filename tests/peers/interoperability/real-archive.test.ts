import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import type { ImportedItem } from '../../../shared/contract/index.ts';
import { type Content, contentsOf, differences } from '../../support/content.ts';
import { temporaryFolder } from '../../support/temporary.ts';

// Every real file there is, taken into the archive, beside what pydicom and DCMTK say of it.

const data = process.env.DICOM_TEST_DATA;
const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';

interface Identity {
  /** SOP Instance, SOP Class, Study Instance, Series Instance. */
  readonly uids: readonly [string, string, string, string];
  readonly mediaClass: string;
  readonly sha256: string;
}

describe.runIf(data !== undefined)('the collection of real files, taken into one archive', () => {
  test('each file is taken in, known, in conflict, a directory of a medium or refused for a reason, as its SOP Instance UID predicts', {
    timeout: 120_000,
  }, async () => {
    await using folder = await temporaryFolder('real-archive');
    const paths = rowsOf('MANIFEST.tsv').map(([path = '']) => join(data ?? '', path));
    const { archive, items, result } = await takenIn(folder.path, paths);
    const { imported, known, conflict, refused, directories } = result;
    const { instances, conflicts } = await archive.stats();
    await archive.close();
    expect(imported + known + conflict + refused + directories).toBe(paths.length);
    expect(items.size).toBe(paths.length);

    const identities = await identitiesOf(paths);
    const groups = Map.groupBy(paths, (path) => predictedUID(identities.get(path)));
    const versions = [...groups].filter(([uid, group]) => uid !== undefined && group.length > 1).flatMap(([, group]) => group);
    const contents = new Map((await contentsOf(versions)).map((content, i) => [versions[i] ?? '', content]));
    const wrong: string[] = [];
    for (const [uid, group] of groups) {
      const results = group.map((path) => items.get(path)?.result ?? 'missing');
      if (uid === undefined) {
        wrong.push(...group.filter((path) => !isToldOf(items.get(path), identities.get(path))));
        continue;
      }
      if (results.filter((result) => result === 'imported').length !== 1) wrong.push(`${group.join(' ')}: ${results.join()}`);
      wrong.push(...group.filter((path) => items.get(path)?.sopInstanceUID !== uid));
      const first = group.find((path) => items.get(path)?.result === 'imported') ?? '';
      for (const path of group.filter((one) => one !== first)) {
        const isSame = identities.get(path)?.sha256 === identities.get(first)?.sha256;
        const result = items.get(path)?.result;
        if (isSame ? result !== 'known' : result !== 'known' && result !== 'conflict') wrong.push(`${path}: ${result}`);
      }
      checkConflicts(group, first, items, contents, wrong);
    }
    expect(wrong).toEqual([]);
    const predicted = [...groups.keys()].filter((uid) => uid !== undefined).length;
    expect({ imported, instances }).toEqual({ imported: predicted, instances: predicted });
    expect(refused + directories).toBe(groups.get(undefined)?.length ?? 0);
    // The same version twice lies in conflicts/ once.
    expect(conflicts).toBeLessThanOrEqual(conflict);
  });

  describe('names', () => {
    let identities: ReadonlyMap<string, Identity | undefined>;
    /** Path → what the list of studies shows of it. */
    const names = new Map<string, string[]>();

    // Files that name the same study or instance go into archives apart from one another.
    beforeAll(async () => {
      const paths = charsets().map(([, path]) => join(data ?? '', path));
      identities = await identitiesOf(paths);
      const rounds: string[][] = [];
      for (const path of paths) {
        const [sopInstance, , study] = identities.get(path)?.uids ?? [];
        const isApart = (other: string) => {
          const uids = identities.get(other)?.uids;
          return uids === undefined || (uids[0] !== sopInstance && uids[2] !== study);
        };
        const round = rounds.find((others) => others.every(isApart));
        if (round === undefined) rounds.push([path]);
        else round.push(path);
      }
      for (const round of rounds) for (const [path, shown] of await namesIn(round)) names.set(path, shown);
    }, 120_000);

    test.each(charsets())('the name in %s is that of DCMTK, or of pydicom where DCMTK fails: %s', (_characterSet, file, expected) => {
      const path = join(data ?? '', file);
      // Two of the files are fragments without UIDs: nothing of them can be kept, and they have no name.
      const isRefused = predictedUID(identities.get(path)) === undefined;
      expect(names.get(path)).toEqual(isRefused && expected === '' ? [] : [withoutEmptyGroups(expected)]);
    });
  });
});

/** An archive in `folder` that has taken in these files, and what became of each. */
async function takenIn(folder: string, paths: readonly string[]) {
  const archive = await openArchive({ directory: join(folder, 'archive'), databases: join(folder, 'databases'), durable: false });
  const job = archive.import(paths);
  const items = new Map<string, ImportedItem>();
  job.onItems((batch) => {
    for (const item of batch) items.set(item.path, item);
    job.acknowledge(1);
  });
  const result = await job.done;
  await archive.settled();
  return { archive, items, result };
}

/** The names that the list of studies shows once these files, each of another study, are in one archive. */
async function namesIn(paths: readonly string[]): Promise<Map<string, string[]>> {
  await using folder = await temporaryFolder('names');
  const { archive, items } = await takenIn(folder.path, paths);
  const { studies } = await archive.search({ query: {}, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 1000 });
  const names = new Map<string, string[]>();
  for (const path of paths) {
    const { sopInstanceUID } = items.get(path) ?? {};
    const shown: string[] = [];
    for (const { studyInstanceUID, patientName } of studies) {
      const instances = await archive.instances({ studyInstanceUID });
      if (sopInstanceUID === undefined || !instances.some((one) => one.sopInstanceUID === sopInstanceUID)) continue;
      const { alphabetic, ideographic = '', phonetic = '' } = patientName;
      shown.push(withoutEmptyGroups(`${alphabetic}=${ideographic}=${phonetic}`));
    }
    names.set(path, shown);
  }
  await archive.close();
  return names;
}

/** What differs in more than its encoding by pydicom's reading is a conflict; what does not differ at all is known. */
function checkConflicts(
  group: readonly string[],
  first: string,
  items: ReadonlyMap<string, ImportedItem>,
  contents: ReadonlyMap<string, Content | undefined>,
  wrong: string[],
): void {
  const content = contents.get(first);
  for (const path of group.filter((one) => one !== first)) {
    const other = contents.get(path);
    if (content === undefined || other === undefined) continue;
    const lines = differences(content, other);
    const result = items.get(path)?.result;
    if (lines.length === 0 && result !== 'known') wrong.push(`${path}: ${result}, and nothing differs`);
    const isOther = lines.some((line) => /^\/(00100020|00080060|0020000d|0020000e|00280010|00280011)/.test(line));
    if (isOther && result !== 'conflict') wrong.push(`${path}: ${result}, although ${lines[0]}`);
  }
}

/** A directory of a medium is called one; everything else without usable UIDs is refused for a reason. */
function isToldOf(item: ImportedItem | undefined, identity: Identity | undefined): boolean {
  if (identity?.mediaClass === MEDIA_STORAGE_DIRECTORY) return item?.result === 'media-directory';
  return item?.result === 'refused' && item.error !== undefined;
}

/** undefined = not to be taken in: no usable UIDs, or a directory of a medium. */
function predictedUID(identity: Identity | undefined): string | undefined {
  if (identity === undefined || identity.mediaClass === MEDIA_STORAGE_DIRECTORY) return undefined;
  return identity.uids.every((uid) => /^[\x21-\x5b\x5d-\x7e]{1,128}$/.test(uid)) ? identity.uids[0] : undefined;
}

async function identitiesOf(paths: readonly string[]): Promise<ReadonlyMap<string, Identity | undefined>> {
  const script = fileURLToPath(new URL('../../support/identities.py', import.meta.url));
  const child = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end(paths.map((path) => `${path}\n`).join(''));
  const identities: (Identity | undefined)[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line) as Identity | { error: string };
    identities.push('error' in answer ? undefined : answer);
  }
  expect(identities).toHaveLength(paths.length);
  return new Map(paths.map((path, i) => [path, identities[i]]));
}

function rowsOf(table: string): string[][] {
  const rows = readFileSync(join(data ?? '', table), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1);
  return rows.map((row) => row.split('\t'));
}

/** Character set, path, expected name. */
function charsets(): [string, string, string][] {
  if (data === undefined) return [];
  return rowsOf('CHARSETS.tsv').map(([path = '', characterSet = '', dcmtk = '', pydicom = '']) => [
    characterSet,
    path,
    /^\(.*failed\)$/.test(dcmtk) ? pydicom : dcmtk,
  ]);
}

/** Empty groups at the end may be left out (PS3.5 §6.2.1.1). */
function withoutEmptyGroups(name: string): string {
  return name.replace(/[=^ ]+$/, '');
}
