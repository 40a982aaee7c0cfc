import { z } from 'zod';

/** Files and folders by their paths, or what this window handed over under `dropId` because it knows no paths: one of the two. */
export const importRequest = z
  .strictObject({
    command: z.literal('import'),
    paths: z.array(z.string().min(1).max(4096)).max(10_000),
    dropId: z.uuid().optional(),
    /** What people call it, for the drawer and the audit trail. */
    label: z.string().max(256).optional(),
  })
  .refine(({ paths, dropId }) => (paths.length === 0) !== (dropId === undefined), 'either paths or what was dropped');
