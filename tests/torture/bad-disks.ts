import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Disk, disk } from '../support/unpluggable-disk.ts';
import { type ArchiveArena, must, mustBeWhole, opened, Storing, told } from './archive-arena.ts';
import { Random } from './random.ts';

const CASES = 40;

/** The disk with the archive is unplugged while instances arrive, and comes back. */
export const vanishingVolume = (arena: ArchiveArena) =>
  onDisks(arena, '256m', async (volume, random) => {
    await using it = await opened(volume.location);
    const storing = new Storing(it.archive, `1.2.${random.below(1000)}`);
    await storing.further(1 + random.below(60));
    // Something is in the list by then; instances go on arriving.
    await it.archive.settled();
    await storing.further(random.below(10));
    volume.unplug();
    await told(it.notices, /has gone/);
    must(
      (await it.archive.search({ query: {}, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 10 })).total === 1,
      'no lists',
    );
    volume.plug();
    await told(it.notices, /there again/);
    await storing.further(5);
    await storing.stop();
    await mustBeWhole(it.archive, storing.acknowledged);
    return tally(arena, storing);
  });

/** The disk is made read-only while instances arrive, and writable again. */
export const readOnlyVolume = (arena: ArchiveArena) =>
  onDisks(arena, '256m', async (volume, random) => {
    await using it = await opened(volume.location);
    const storing = new Storing(it.archive, `1.2.${random.below(1000)}`);
    await storing.further(1 + random.below(60));
    const goOn = storing.pause();
    await volume.readOnly(true);
    goOn();
    await told(it.notices, /cannot be written/);
    await volume.readOnly(false);
    await told(it.notices, /there again/);
    await storing.further(5);
    await storing.stop();
    await mustBeWhole(it.archive, storing.acknowledged);
    return tally(arena, storing);
  });

/** The disk fills up while instances arrive, and gets room again. */
export const fullVolume = (arena: ArchiveArena) =>
  onDisks(arena, '2m', async (volume, random) => {
    await using it = await opened(volume.location);
    const storing = new Storing(it.archive, `1.2.${random.below(1000)}`, 64 + random.below(150));
    while ((storing.refusals['storage-full ENOSPC'] ?? 0) < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    volume.resize('256m');
    await storing.further(10);
    await storing.stop();
    await mustBeWhole(it.archive, storing.acknowledged);
    return tally(arena, storing);
  });

async function onDisks(arena: ArchiveArena, size: string, run: (volume: Disk, random: Random) => Promise<string>): Promise<void> {
  for (let index = 0; index < Math.ceil(CASES * arena.scale); index += 1) {
    const folder = join(arena.folder, String(index));
    await mkdir(folder);
    await using volume = await disk(folder, size);
    await arena.attempt(`case ${index}`, async () =>
      volume === undefined ? 'not here: this user may not mount' : run(volume, Random.of(arena.seed, index)),
    );
  }
}

function tally(arena: ArchiveArena, { acknowledged, refusals }: Storing): string {
  arena.count('instances acknowledged', acknowledged.size);
  for (const [refusal, times] of Object.entries(refusals)) arena.count(`refused: ${refusal}`, times);
  return 'nothing lost';
}
