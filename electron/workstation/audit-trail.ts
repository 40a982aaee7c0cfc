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

const DICOM_INSTANCES_ACCESSED = { code: '110103', codeSystemName: 'DCM', originalText: 'DICOM Instances Accessed' };
const APPLICATION = { code: '110150', codeSystemName: 'DCM', originalText: 'Application' };
const STUDY_INSTANCE_UID = { code: '110180', codeSystemName: 'DCM', originalText: 'Study Instance UID' };
const PATIENT_NUMBER = { code: '2', codeSystemName: 'RFC-3881', originalText: 'Patient Number' };

/** PS3.15 A.5.2 and A.5.3.5. */
function messageOf({ action, success, what, actionId, studyInstanceUID, patientID, instances, details }: AuditEvent, at: Date) {
  const user = userName();
  return {
    EventIdentification: {
      EventID: DICOM_INSTANCES_ACCESSED,
      EventActionCode: action,
      EventDateTime: at.toISOString(),
      EventOutcomeIndicator: success ? 0 : 4,
      EventTypeCode: [{ code: what, codeSystemName: '99PHOSPHOR' }],
    },
    ActiveParticipant: [
      { UserID: user, UserIsRequestor: true },
      { UserID: `${user}@${hostname()}`, AlternativeUserID: String(process.pid), UserIsRequestor: false, RoleIDCode: [APPLICATION] },
    ],
    AuditSourceIdentification: { AuditSourceID: `PHOSPHOR@${hostname()}` },
    ParticipantObjectIdentification: [
      {
        ParticipantObjectID: studyInstanceUID,
        ParticipantObjectTypeCode: 2,
        ParticipantObjectTypeCodeRole: 3,
        ParticipantObjectIDTypeCode: STUDY_INSTANCE_UID,
        ParticipantObjectDetail: [
          { type: 'NumberOfInstances', value: String(instances) },
          { type: 'ActionID', value: actionId },
          ...details,
        ],
      },
      {
        ParticipantObjectID: patientID,
        ParticipantObjectTypeCode: 1,
        ParticipantObjectTypeCodeRole: 1,
        ParticipantObjectIDTypeCode: PATIENT_NUMBER,
      },
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
