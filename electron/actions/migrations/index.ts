import { migration as m001 } from './001-actions.ts';
import { migration as m002 } from './002-starts.ts';

/** In order; the number of those applied is the database's `user_version`. Never changed once released, only added to. */
export const migrations: readonly string[] = [m001, m002];
