import { mkdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dcmtk } from '../../support/dcmtk.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { startListening } from '../../support/long-running.ts';
import { Command, implicitDataSet, ScriptedPeer, scriptedCaller, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { type PhosphorRun, phosphor } from '../../support/workstation.ts';

/** Words that stand nowhere but in patients' data. */
const SECRETS = ['ZWETSCHGENKERN', 'PIDQX7731', 'GEHEIMBEFUND', 'ACCQX9917', '19011213', 'HAUSARZTQX', 'WOHNTQX'];
const [NAME = '', PID = '', DESCRIPTION = '', ACCESSION = '', BIRTH = '', PHYSICIAN = '', ADDRESS = ''] = SECRETS;
const STUDY = '1.2.840.66.1';

const identity = {
  524368: ACCESSION,
  524432: PHYSICIAN,
  528432: DESCRIPTION,
  1048592: `${NAME}^ANNA`,
  1048608: PID,
  1048624: BIRTH,
  1052736: ADDRESS,
};

/** An instance of this patient; `said` is what its data set claims to be. */
function instance(number: number, said: { sopInstanceUID?: string; studyInstanceUID?: string } = {}) {
  const sopInstanceUID = `${STUDY}.1.${number}`;
  const dataSet = implicitDataSet({
    524310: UIDs.secondaryCaptureStorage,
    524312: said.sopInstanceUID ?? sopInstanceUID,
    ...identity,
    2097165: said.studyInstanceUID ?? STUDY,
    2097166: `${STUDY}.1`,
  });
  return { sopClassUID: UIDs.secondaryCaptureStorage, sopInstanceUID, dataSet };
}

/** A PACS that finds this patient, then fails in the ways that tempt a program to quote what it was processing. */
function tellingPacs() {
  let asked = 0;
  return ScriptedPeer.listen(async (connection) => {
    connection.acceptAssociate(await connection.readAssociateRQ());
    for (;;) {
      const message = await connection.readMessage().catch(() => undefined);
      if (message === undefined) break;
      const { commandField } = message.command;
      if (commandField === Command.findRQ) {
        asked += 1;
        const row = implicitDataSet({ 524370: 'STUDY', ...identity, 2097165: STUDY });
        connection.respond(message, { status: 0xff00 }, row);
        // A row that is cut off in the middle of the name, and an error comment that quotes it.
        if (asked === 2) connection.respond(message, { status: 0xff00 }, row.subarray(0, row.length - 20));
        if (asked === 3) connection.respond(message, { status: 0xc001, errorComment: `no such patient ${NAME}` });
        else connection.respond(message, { status: 0 });
      } else if (commandField === Command.moveRQ) {
        connection.respond(message, { status: 0xc002, errorComment: `cannot move ${NAME} ${PID}` });
      } else connection.respond(message, { status: 0 });
    }
    connection.sendPDU(6, Buffer.alloc(4));
    connection.socket.end();
  });
}

test('names, numbers, dates and descriptions of patients reach neither log nor standard error, whatever fails', {
  timeout: 90_000,
}, async () => {
  await using folder = await temporaryFolder('secrets');
  const profile = join(folder.path, 'profile');
  const port = await freePort();
  await using pacs = await tellingPacs();
  await phosphor(['node', 'add', 'PACS', '--host', '127.0.0.1', '--port', String(pacs.port), '--ae', 'STORESCU', '--profile', profile]);
  await using listening = await startListening(profile, port);
  const runs: PhosphorRun[] = [];
  const run = async (...args: string[]) => {
    const done = await phosphor([...args, '--profile', profile]);
    runs.push(done);
    return done;
  };

  const connection = await scriptedCaller(port);
  await connection.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'STORESCU', abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
  expect(await connection.store(instance(1))).toBe(0);
  expect(await connection.store(instance(2, { sopInstanceUID: `${STUDY}.1.99` }))).not.toBe(0);
  expect(await connection.store(instance(3, { studyInstanceUID: NAME }))).toBeDefined();
  const cut = instance(4);
  await connection.store({ ...cut, dataSet: cut.dataSet.subarray(0, 90) });
  connection.socket.destroy();

  const input = join(folder.path, 'in', 'files');
  const [broken] = await writeSeries(input, { study: `${STUDY}.5`, count: 3, patientName: `${NAME}^BORIS` });
  await truncate(broken?.path ?? '', 400);
  await mkdir(join(folder.path, 'other'));
  const other = join(folder.path, 'other');
  // Under the study that is known, another patient; under a known instance, other content.
  await writeSeries(other, { study: `${STUDY}.5`, count: 3, size: 8, patientName: `${NAME}^CLARA` });
  await run('import', input);
  await run('import', other);
  expect((await dcmtk('storescu', '-aet', 'STORESCU', '-aec', 'PHOSPHOR', '127.0.0.1', String(port), '+sd', other)).code).toBe(0);

  expect((await run('find', 'PACS', '--patient-name', `${NAME}*`)).stdout).toContain(NAME);
  await run('find', 'PACS', '--patient-id', PID);
  // The peer quotes the name in its Error Comment: a person may read it, standard error may not hold it.
  expect((await run('find', 'PACS', '--accession', ACCESSION)).stdout).toContain(`no such patient ${NAME}`);
  await run('find', 'PACS', '--patient-name', NAME, '--date', BIRTH, '--no-such-option');
  await run('retrieve', 'PACS', '--study', STUDY);
  expect((await run('list', '--patient-name', `${NAME}*`)).stdout).toContain(NAME);
  await run('archive', 'verify');
  await listening.kill('SIGTERM');

  for (const { stderr } of [...runs, { stderr: listening.printed() }]) for (const secret of SECRETS) expect(stderr).not.toContain(secret);
  const logs = filesBelow(join(profile, 'logs'));
  const logged = (await Promise.all(logs.map((path) => readFile(path, 'latin1')))).join('');
  expect(logged.split('\n').length).toBeGreaterThan(5);
  for (const secret of SECRETS) expect(logged).not.toContain(secret);
});
