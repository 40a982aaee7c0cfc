/**
 * What people note on studies, under the ID of their archive: user.db outlives the index, and may be taken to another archive's profile.
 * `series_uid` and `sop_uid` are empty where the note is on the study or series. `label_search` is folded (matching.ts): labels that differ
 * in case, accents or width only are one.
 */
export const statements = `
CREATE TABLE labels (
  archive_id TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  sop_uid TEXT NOT NULL,
  label_search TEXT NOT NULL,
  label TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  PRIMARY KEY (archive_id, study_uid, series_uid, sop_uid, label_search)
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_by_label ON labels (archive_id, label_search, study_uid);

CREATE TABLE study_marks (
  archive_id TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0,
  read_state TEXT NOT NULL DEFAULT 'unread',
  opened_at INTEGER,
  PRIMARY KEY (archive_id, study_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_by_pin ON study_marks (archive_id, study_uid) WHERE pinned = 1;
CREATE INDEX marks_by_read_state ON study_marks (archive_id, read_state, study_uid);
CREATE INDEX marks_by_opening ON study_marks (archive_id, opened_at);

CREATE TABLE comments (
  comment_id TEXT PRIMARY KEY,
  archive_id TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  sop_uid TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX comments_by_study ON comments (archive_id, study_uid);

CREATE TABLE annotations (
  archive_id TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  document TEXT,
  revision INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (archive_id, study_uid)
) STRICT;
`;
