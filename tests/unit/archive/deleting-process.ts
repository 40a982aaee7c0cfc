import { openArchive } from '../../../electron/archive/index.ts';

// Deletes study 1.2.0, or brings back what is in the trash; says so when it begins. Its parent kills it.
const [directory = '', databases = '', what] = process.argv.slice(2);
const archive = await openArchive({ directory, databases, durable: false });
await archive.settled();
process.stdout.write('begins\n');
if (what === 'delete') await archive.job('delete', { targets: [{ studyInstanceUID: '1.2.0' }] }).done;
else {
  const { studies } = await archive.job('trash', { offset: 0, limit: 100 }).done;
  await archive.job('restore', { selection: studies.map(({ batch }) => ({ batch })) }).done;
}
await archive.close();
