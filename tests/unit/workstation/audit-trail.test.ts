import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../electron/actions/types.ts';
import { openAuditTrail } from '../../../electron/workstation/audit-trail.ts';
import { Projects } from '../../../electron/workstation/de-identification-projects.ts';
import { SecretStore } from '../../../electron/workstation/secrets.ts';
import type { PseudonymMapping } from '../../../shared/contract/index.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const EVENT: AuditEvent = {
  actionId: '11111111-1111-4111-8111-111111111111',
  action: 'U',
  success: true,
  what: 'correct',
  studies: [{ studyInstanceUID: '1.2.3', patientID: 'P1' }],
  instances: 3,
  details: [],
};

const MAPPING: PseudonymMapping = {
  patientID: 'P1',
  patientName: 'Doe^Jane',
  pseudonym: 'T-1',
  days: 40,
  studyInstanceUID: '1.2.3',
  newStudyInstanceUID: '2.25.1',
};

describe('the audit trail', () => {
  it('holds one whole line per event, in their order, readable by this user only', async () => {
    await using profile = await temporaryFolder('audit');
    const trail = openAuditTrail(profile.path);
    await Promise.all(Array.from({ length: 50 }, (_, instances) => trail.record({ ...EVENT, instances })));
    const [name = ''] = await readdir(join(profile.path, 'audit'));
    expect(name).toMatch(/^\d{4}-\d{2}\.jsonl$/);
    const lines = (await readFile(join(profile.path, 'audit', name), 'utf8')).trim().split('\n');
    const counted = lines.map((line) => JSON.parse(line).ParticipantObjectIdentification[0].ParticipantObjectDetail[0].value);
    expect(counted).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
    expect((await stat(join(profile.path, 'audit', name))).mode & 0o777).toBe(0o600);
  });

  it('goes on behind what an earlier run wrote', async () => {
    await using profile = await temporaryFolder('audit');
    await openAuditTrail(profile.path).record(EVENT);
    await openAuditTrail(profile.path).record(EVENT);
    const [name = ''] = await readdir(join(profile.path, 'audit'));
    expect((await readFile(join(profile.path, 'audit', name), 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('says so when it cannot be written, and tries again with the next event', async () => {
    await using profile = await temporaryFolder('audit');
    await writeFile(join(profile.path, 'audit'), 'in the way');
    const trail = openAuditTrail(profile.path);
    await expect(trail.record(EVENT)).rejects.toMatchObject({ kind: 'storage' });
    await expect(trail.record(EVENT)).rejects.toMatchObject({ kind: 'storage' });
  });
});

describe('a project of de-identification', () => {
  it('has one secret for good, in the file of the other secrets', async () => {
    await using profile = await temporaryFolder('projects');
    const store = await SecretStore.read(profile.path);
    const projects = new Projects(profile.path, store);
    const [first, second] = await Promise.all([projects.secret('TRIAL'), projects.secret('TRIAL')]);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toBe(first);
    expect(await projects.secret('OTHER')).not.toBe(first);
    expect(await new Projects(profile.path, await SecretStore.read(profile.path)).secret('TRIAL')).toBe(first);
    expect((await stat(join(profile.path, 'secrets.json'))).mode & 0o777).toBe(0o600);
  });

  it('tells who stands behind its pseudonyms, each study once, and nothing of another project', async () => {
    await using profile = await temporaryFolder('projects');
    const projects = new Projects(profile.path, await SecretStore.read(profile.path));
    expect(await projects.mapping('../../etc', 0)).toEqual({ total: 0, mappings: [] });
    await projects.record('../../etc', MAPPING);
    await projects.record('../../etc', { ...MAPPING, days: 41 });
    await projects.record('../../etc', { ...MAPPING, studyInstanceUID: '1.2.4' });
    const [name = ''] = await readdir(join(profile.path, 'pseudonyms'));
    await writeFile(join(profile.path, 'pseudonyms', name), '{"patientID":"cut o', { flag: 'a' });
    expect(await projects.mapping('../../etc', 0)).toMatchObject({
      total: 2,
      mappings: [{ studyInstanceUID: '1.2.3', days: 41 }, { studyInstanceUID: '1.2.4' }],
    });
    expect(await projects.mapping('../../etc', 1)).toMatchObject({ total: 2, mappings: [{ studyInstanceUID: '1.2.4' }] });
    expect(await projects.mapping('TRIAL', 0)).toEqual({ total: 0, mappings: [] });
    expect(name).toMatch(/^[0-9a-f]{32}\.jsonl$/);
  });
});
