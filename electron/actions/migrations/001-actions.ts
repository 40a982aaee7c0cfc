/**
 * The queue and the completions. `position` keeps the order of requests; `complete` is the ActionComplete without `seq` (a number of one
 * process life). Attempts and the per-instance ledger get tables of their own in later migrations.
 */
export const migration = `
  CREATE TABLE actions (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    action_id TEXT NOT NULL UNIQUE,
    action TEXT NOT NULL,
    tag TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    finished_at INTEGER,
    complete TEXT,
    dismissed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX actions_unfinished ON actions (position) WHERE complete IS NULL;
  CREATE INDEX actions_listed ON actions (finished_at) WHERE complete IS NOT NULL AND dismissed = 0;
`;
