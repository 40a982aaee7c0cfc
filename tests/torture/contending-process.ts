import { openArchive } from '../../electron/archive/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { Storing } from './archive-arena.ts';

// Wants an archive that others want too; says `open` or `busy`, then names each instance that it has acknowledged. Its parent kills it.
const [directory = '', databases = '', prefix = ''] = process.argv.slice(2);
try {
  const archive = await openArchive({ directory, databases, durable: true });
  process.stdout.write('open\n');
  const storing = new Storing(archive, prefix);
  let said = 0;
  for (;;) {
    await storing.further(1);
    const all = [...storing.acknowledged];
    process.stdout.write(
      all
        .slice(said)
        .map((uid) => `${uid}\n`)
        .join(''),
    );
    said = all.length;
  }
} catch (thrown) {
  process.stdout.write(`${thrown instanceof PhosphorError ? thrown.kind : String(thrown)}\n`);
}
