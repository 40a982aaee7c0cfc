import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import type { Archive } from '../../../electron/archive/types.ts';
import { type AssociationPool, createAssociationPool, type Listener, startListener } from '../../../electron/associations/index.ts';
import type { MatchRow, PersonName } from '../../../shared/contract/index.ts';
import { clocks } from '../../support/clocks.ts';
import { checkConformanceTable } from '../../support/conformance-table.ts';
import { contentsOf } from '../../support/content.ts';
import { type DcmtkServer, dcmtk, startDcmqrscp } from '../../support/dcmtk.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { realSamples, type Sample } from './samples.ts';

// Names in every character set there is a real file of: through other PACS to us, and from us to others.

const data = process.env.DICOM_TEST_DATA;

interface Named {
  readonly sample: Sample;
  readonly characterSet: string;
  /** As pydicom reads it. */
  readonly patientName: string;
}

const WAYS = ['from Orthanc', 'from dcmqrscp', 'to findscu'] as const;
type Way = (typeof WAYS)[number];

describe.runIf(data !== undefined)('patient names', () => {
  const named = data === undefined ? [] : namedSamples(data);
  const outcomes = new Map<Way, Map<string, string>>(WAYS.map((way) => [way, new Map()]));
  let asked = 0;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let pool: AssociationPool;
  let orthanc: Orthanc;
  let dcmqrscp: DcmtkServer;
  let archive: Archive;
  let listener: Listener;

  beforeAll(async () => {
    folder = await temporaryFolder('character-sets');
    pool = createAssociationPool({ workers: 1 });
    const location = { directory: join(folder.path, 'archive'), databases: join(folder.path, 'databases'), durable: false };
    [orthanc, dcmqrscp, archive] = await Promise.all([
      startOrthanc({ folder: join(folder.path, 'orthanc'), noDelay: true, configuration: { DefaultEncoding: 'Utf8' } }),
      startDcmqrscp(join(folder.path, 'dcmqrscp')),
      openArchive(location),
    ]);
    const paths = named.map(({ sample }) => sample.path);
    for (const peer of [orthancPeer(), dcmqrscpPeer()]) {
      expect(await pool.store({ peer, clocks: clocks(), files: paths, onSent: () => {} }).done).toMatchObject({ sent: paths.length });
    }
    await archive.import(paths).done;
    await archive.settled();
    listener = await startListener({
      host: '127.0.0.1',
      port: 0,
      clocks: clocks(),
      access: { aeTitle: 'PHOSPHOR', knownAETitles: [], knownHosts: [], acceptAnyone: true },
      queryRetrieve: { location, destinations: {} },
      events: { onStored() {}, onRefused() {}, onAssociations() {}, onState() {} },
    });
  });
  afterAll(async () => {
    await pool?.close();
    await listener?.close();
    await Promise.all([orthanc?.stop(), dcmqrscp?.stop(), archive?.close()]);
    await folder?.[Symbol.asyncDispose]();
  });

  const local = { host: '127.0.0.1', callingAETitle: 'PHOSPHOR' };
  const orthancPeer = () => ({ ...local, port: orthanc.dicomPort, calledAETitle: 'ORTHANC' });
  const dcmqrscpPeer = () => ({ ...local, port: dcmqrscp.port, calledAETitle: 'DCMQR' });

  /** The names in the answers to findscu, as pydicom reads them. */
  async function askedByFindscu(peer: { port: number; calledAETitle: string }, { studyInstanceUID }: Sample): Promise<string[]> {
    asked += 1;
    const answers = join(folder.path, `answers-${asked}`);
    await mkdir(answers);
    const keys = ['QueryRetrieveLevel=STUDY', `StudyInstanceUID=${studyInstanceUID}`, 'PatientName'].flatMap((key) => ['-k', key]);
    const { code } = await dcmtk(
      'findscu',
      '-S',
      '-aec',
      peer.calledAETitle,
      ...keys,
      '-X',
      '-od',
      answers,
      '127.0.0.1',
      String(peer.port),
    );
    expect(code).toBe(0);
    const files = (await readdir(answers)).map((file) => join(answers, file));
    return (await contentsOf(files)).map((content) => withoutEmptyGroups(content?.elements['/00100010'] ?? ''));
  }

  test.each([
    ['from Orthanc', orthancPeer],
    ['from dcmqrscp', dcmqrscpPeer],
  ] as const)('%s are read as pydicom reads them', async (way, peer) => {
    for (const { sample, patientName, characterSet } of named) {
      const rows: MatchRow[] = [];
      const { studyInstanceUID } = sample;
      const operation = pool.find({
        peer: peer(),
        clocks: clocks(),
        query: { level: 'study', studyInstanceUID },
        onMatches: (batch, acknowledge) => {
          rows.push(...batch);
          acknowledge();
        },
      });
      expect(await operation.done).toMatchObject({ ok: true, status: 0 });
      const names = rows.map((row) => (row.level === 'study' ? groupsOf(row.patientName) : ''));
      const expected = await askedByFindscu(peer(), sample);
      expect({ characterSet, names }).toEqual({ characterSet, names: expected });
      outcomes.get(way)?.set(characterSet, expected[0] === patientName ? 'as it is' : 'changed by the peer');
    }
  });

  test('to findscu are written as they are, in a character set that is named', async () => {
    for (const { sample, patientName, characterSet } of named) {
      const names = await askedByFindscu({ port: listener.port, calledAETitle: 'PHOSPHOR' }, sample);
      expect({ characterSet, names }).toEqual({ characterSet, names: [patientName] });
      outcomes.get('to findscu')?.set(characterSet, 'as it is');
    }
  });

  test('the conformance statement says which character sets came through', async () => {
    const sets = [...new Set(named.map(({ characterSet }) => characterSet))].sort();
    await checkConformanceTable('character sets', [
      ['Specific Character Set', ...WAYS],
      ...sets.map((set) => [`\`${set}\``, ...WAYS.map((way) => outcomes.get(way)?.get(set) ?? 'not shown')]),
    ]);
  });
});

function namedSamples(folder: string): Named[] {
  const samples = new Map(realSamples().map((sample) => [sample.path, sample]));
  const rows = readFileSync(join(folder, 'CHARSETS.tsv'), 'utf8').trimEnd().split('\n').slice(1);
  const studies = new Set<string>();
  return rows.flatMap((row) => {
    const [path = '', characterSet = '', , patientName = ''] = row.split('\t');
    const sample = samples.get(join(folder, path));
    // dcmqrscp takes native ones only.
    if (!sample?.transferSyntaxUID.startsWith('1.2.840.10008.1.2') || sample.transferSyntaxUID.includes('.4.')) return [];
    if (patientName === '' || studies.has(sample.studyInstanceUID)) return [];
    studies.add(sample.studyInstanceUID);
    return [{ sample, characterSet, patientName: withoutEmptyGroups(patientName) }];
  });
}

function groupsOf({ alphabetic, ideographic = '', phonetic = '' }: PersonName): string {
  return withoutEmptyGroups(`${alphabetic}=${ideographic}=${phonetic}`);
}

/** Empty groups at the end may be left out (PS3.5 §6.2.1.1). */
function withoutEmptyGroups(name: string): string {
  return name.replace(/[=^ ]+$/, '');
}
