import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COLUMNS, ROWS, writeImage } from '../../support/images.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

test('whatever comes into the archive, leaves it or is removed is in the audit trail: study, patient ID, place, never a name', async () => {
  await using folder = await temporaryFolder('audit');
  const profile = join(folder.path, 'profile');
  const pixels = new Uint8Array(ROWS * COLUMNS + 1);
  const source = await writeImage(folder.path, {
    name: 'one',
    values: { PatientName: 'Doe^Jane', BitsAllocated: 8, BitsStored: 8, HighBit: 7 },
    pixels,
    pixelVR: 'OB',
  });
  const run = async (...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await phosphor([...args, '--profile', profile]);
    expect([args[0], code, stdout, code === 0 ? '' : stderr]).toEqual([args[0], 0, stdout, '']);
  };
  await run('import', source);
  await mkdir(join(folder.path, 'other'));
  const other = await writeImage(join(folder.path, 'other'), {
    name: 'one',
    values: { PatientName: 'Doe^Jane', BitsAllocated: 8, BitsStored: 8, HighBit: 7 },
    pixels: pixels.map(() => 7),
    pixelVR: 'OB',
  });
  expect((await phosphor(['import', other, '--profile', profile])).code).not.toBe(0);
  const conflicts = await phosphor(['archive', 'conflicts', '--json', '--profile', profile]);
  await run('archive', 'resolve', String(/"conflictId":(\d+)/.exec(conflicts.stdout)?.[1]), '--keep', 'first');
  await run('export', '--study', '1.2.3', '--to', join(folder.path, 'out'));
  await run('archive', 'delete', '--study', '1.2.3');
  const { stdout } = await phosphor(['archive', 'trash', '--json', '--profile', profile]);
  await run('archive', 'restore', String(/"batch":(\d+)/.exec(stdout)?.[1]));
  await run('archive', 'delete', '--study', '1.2.3');
  await run('archive', 'purge', '--older-than', '0');
  const audit = join(profile, 'audit');
  const [month = ''] = await readdir(audit);
  const text = await readFile(join(audit, month), 'utf8');
  expect(text).not.toMatch(/Doe|Jane/);
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(
    events.map(
      ({ EventIdentification: { EventID, EventActionCode, EventOutcomeIndicator, EventTypeCode }, ParticipantObjectIdentification }) => [
        EventID.code,
        EventActionCode,
        EventOutcomeIndicator,
        EventTypeCode[0].code,
        ParticipantObjectIdentification.map((one: { ParticipantObjectID: string }) => one.ParticipantObjectID),
        ParticipantObjectIdentification[0].ParticipantObjectDetail[0].value,
      ],
    ),
  ).toEqual([
    ['110107', 'C', 0, 'import', ['1.2.3', 'P'], '1'],
    ['110107', 'C', 4, 'import', ['1.2.3', 'P'], '0'],
    ['110103', 'U', 0, 'resolve-conflict', ['1.2.3', 'P'], '1'],
    ['110106', 'R', 0, 'export', ['1.2.3', 'P'], '1'],
    ['110105', 'D', 0, 'delete', ['1.2.3', 'P'], '1'],
    ['110103', 'C', 0, 'restore', ['1.2.3', 'P'], '1'],
    ['110105', 'D', 0, 'delete', ['1.2.3', 'P'], '1'],
    ['110105', 'D', 0, 'purge', ['1.2.3', 'P'], '2'],
  ]);
  expect(events[0].ActiveParticipant[2]).toMatchObject({ UserID: source, RoleIDCode: [{ code: '110154' }] });
  expect(events[3].ActiveParticipant[2]).toMatchObject({ UserID: join(folder.path, 'out'), RoleIDCode: [{ code: '110155' }] });
});
