import { Dataset, encodeDataset, TransferSyntaxUID } from '../../electron/dicom/dataset/index.ts';
import { Command, encodeCommand, PDU, type ScriptedConnection, ScriptedPeer } from '../support/scripted-peer.ts';

// An archive that answers every C-FIND with the same studies as fast as they are taken: all of them are made before the first is asked for.

const FIND = '1.2.840.10008.5.1.4.1.2.2.1';
const ANSWERS = Number(process.argv[2] ?? 10_000);

interface Canned {
  readonly bytes: Buffer;
  /** Where Presentation Context IDs and Message IDs Being Responded To stand in it. */
  readonly contextIds: readonly number[];
  readonly messageIds: readonly number[];
}

const canned = can();

const peer = await ScriptedPeer.listen(async (connection) => {
  connection.acceptAssociate(await connection.readAssociateRQ(), {
    prefer: TransferSyntaxUID.ExplicitVRLittleEndian,
    maxPDULength: 131_072,
  });
  await answerAll(connection);
});
process.send?.({ port: peer.port });
process.once('disconnect', () => process.exit(0));

async function answerAll(connection: ScriptedConnection): Promise<void> {
  const request = await connection.readMessage();
  const { bytes, contextIds, messageIds } = canned;
  for (const at of contextIds) bytes.writeUInt8(request.contextId, at);
  for (const at of messageIds) bytes.writeUInt16LE(request.command.messageID ?? 0, at);
  connection.sendRaw(bytes);
  connection.respond(request, { status: 0 });
  await connection.finish();
}

function can(): Canned {
  const pdus: Buffer[] = [];
  const contextIds: number[] = [];
  const messageIds: number[] = [];
  let length = 0;
  for (let n = 0; n < ANSWERS; n++) {
    const marked = 0xabcd;
    const command = encodeCommand({
      affectedSOPClassUID: FIND,
      commandField: Command.findRSP,
      messageIDBeingRespondedTo: marked,
      dataSetType: 1,
      status: 0xff00,
    });
    for (const [control, part] of [
      [3, command],
      [2, study(n)],
    ] as const) {
      const head = Buffer.from([PDU.data, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, control]);
      head.writeUInt32BE(part.length + 6, 2);
      head.writeUInt32BE(part.length + 2, 6);
      contextIds.push(length + 10);
      if (control === 3) messageIds.push(length + 12 + part.indexOf(Buffer.from([0xcd, 0xab])));
      pdus.push(head, Buffer.from(part));
      length += head.length + part.length;
    }
  }
  return { bytes: Buffer.concat(pdus), contextIds, messageIds };
}

function study(n: number): Uint8Array {
  const dataset = Dataset.of({
    SpecificCharacterSet: 'ISO_IR 100',
    StudyDate: '20261118',
    StudyTime: '081500',
    AccessionNumber: `A${n}`,
    QueryRetrieveLevel: 'STUDY',
    ModalitiesInStudy: n % 3 === 0 ? 'CT\\SR' : 'MR',
    ReferringPhysicianName: 'Nyström^Karl',
    StudyDescription: 'CT Huvud utan kontrast',
    PatientName: `Åström${n}^Göran`,
    PatientID: `P${n}`,
    PatientBirthDate: '19600102',
    PatientSex: 'M',
    StudyInstanceUID: `1.2.826.0.1.3680043.10.999.7.${n}`,
    StudyID: String(n),
    NumberOfStudyRelatedSeries: 4,
    NumberOfStudyRelatedInstances: 420,
  });
  return encodeDataset(dataset, TransferSyntaxUID.ExplicitVRLittleEndian);
}
