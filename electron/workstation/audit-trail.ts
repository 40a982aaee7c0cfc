import { mkdir, open } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent, AuditTrail } from '../actions/types.ts';
import { fileError } from './atomic-file.ts';

const FOLDER = 'audit';

/**
 * What was done to patients' data, for whoever has to answer for it: one JSON line per event in `audit/<year>-<month>.jsonl`, mode 0600, only ever appended to.
 * Fields are those of the audit message of PS3.15 A.5. It holds patient data, so it is no log.
 */
export function openAuditTrail(profile: string): AuditTrail {
  let last: Promise<void> = Promise.resolve();
  return {
    record(event) {
      const line = `${JSON.stringify(messageOf(event, new Date()))}\n`;
      const written = last.then(() => append(profile, line));
      last = written.catch(() => undefined);
      return written;
    },
  };
}

/** On disk when it resolves. Rejects with PhosphorError `storage`, `storage-full`. */
async function append(profile: string, line: string): Promise<void> {
  const folder = join(profile, FOLDER);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(join(folder, `${new Date().toISOString().slice(0, 7)}.jsonl`), 'a', 0o600);
    try {
      await file.write(line);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw fileError(thrown, 'the audit trail');
  }
}

const dcm = (code: string, originalText: string) => ({ code, codeSystemName: 'DCM', originalText });
const ACCESSED = dcm('110103', 'DICOM Instances Accessed');
const DELETED = dcm('110105', 'DICOM Study Deleted');
/** PS3.15 A.5.3.4 to A.5.3.8. */
const EVENTS: Readonly<Record<AuditEvent['what'], typeof ACCESSED>> = {
  import: dcm('110107', 'Import'),
  export: dcm('110106', 'Export'),
  delete: DELETED,
  purge: DELETED,
  clean: DELETED,
  deidentify: ACCESSED,
  correct: ACCESSED,
  'undo-correction': ACCESSED,
  wrap: ACCESSED,
  restore: ACCESSED,
  'resolve-conflict': ACCESSED,
  compose: ACCESSED,
};
const MEDIA = { source: dcm('110154', 'Source Media'), destination: dcm('110155', 'Destination Media') };
const APPLICATION = dcm('110150', 'Application');
const STUDY_INSTANCE_UID = dcm('110180', 'Study Instance UID');
const PATIENT_NUMBER = { code: '2', codeSystemName: 'RFC-3881', originalText: 'Patient Number' };

/** PS3.15 A.5.2 and A.5.3. Only the first study says how many instances they were in all. */
function messageOf({ action, success, what, actionId, studies, instances, media, details }: AuditEvent, at: Date) {
  const user = userName();
  const all = [
    { type: 'NumberOfInstances', value: String(instances) },
    ...(actionId === '' ? [] : [{ type: 'ActionID', value: actionId }]),
    ...details,
  ];
  const patients = new Set(studies.map(({ patientID }) => patientID));
  return {
    EventIdentification: {
      EventID: EVENTS[what],
      EventActionCode: action,
      EventDateTime: at.toISOString(),
      EventOutcomeIndicator: success ? 0 : 4,
      EventTypeCode: [{ code: what, codeSystemName: '99PHOSPHOR' }],
    },
    ActiveParticipant: [
      { UserID: user, UserIsRequestor: true },
      { UserID: `${user}@${hostname()}`, AlternativeUserID: String(process.pid), UserIsRequestor: false, RoleIDCode: [APPLICATION] },
      ...(media?.names ?? []).map((UserID) => ({ UserID, UserIsRequestor: false, RoleIDCode: [MEDIA[media?.role ?? 'source']] })),
    ],
    AuditSourceIdentification: { AuditSourceID: `PHOSPHOR@${hostname()}` },
    ParticipantObjectIdentification: [
      // What came to nothing is told all the same.
      ...(studies.length > 0 ? studies : [{ studyInstanceUID: '' }]).map(({ studyInstanceUID }, index) => ({
        ParticipantObjectID: studyInstanceUID,
        ParticipantObjectTypeCode: 2,
        ParticipantObjectTypeCodeRole: 3,
        ParticipantObjectIDTypeCode: STUDY_INSTANCE_UID,
        ...(index === 0 ? { ParticipantObjectDetail: all } : {}),
      })),
      ...[...patients].map((patientID) => ({
        ParticipantObjectID: patientID,
        ParticipantObjectTypeCode: 1,
        ParticipantObjectTypeCodeRole: 1,
        ParticipantObjectIDTypeCode: PATIENT_NUMBER,
      })),
    ],
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry in the system's list of users.
    return String(process.getuid?.() ?? '');
  }
}
