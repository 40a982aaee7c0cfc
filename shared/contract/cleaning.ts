import { z } from 'zod';

const days = z.number().nonnegative().max(36_500);
const gigabytes = z.number().nonnegative().max(1_000_000);

/** Setting `cleaning`: which studies leave the archive by themselves. 0 = this rule is off. */
export const cleaningSettings = z.strictObject({
  enabled: z.boolean(),
  /** Gigabytes (10⁹ bytes) that the archive's files may take. */
  maxGigabytes: gigabytes,
  /** Gigabytes that stay free on the disk. */
  minFreeGigabytes: gigabytes,
  /** Days since the newest instance arrived. */
  olderThanDays: days,
  /** Days since a study was last opened; where both are given, both must have passed. */
  notOpenedForDays: days,
  /** Studies may go although no other copy is known. */
  evenOnlyCopies: z.boolean(),
});
export type CleaningSettings = z.infer<typeof cleaningSettings>;
