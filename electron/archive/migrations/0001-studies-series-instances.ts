/**
 * Studies, series and instances with the counts that lists show; a trigram index over the searchable text of studies; what does not fit
 * (conflicts); image descriptions for the viewer, filled in beside the arrivals.
 *
 * `*_search` columns are folded (matching.ts). `modalities` is backslash-separated, sorted. `patient` identifies a patient: ID and issuer,
 * or the name where there is no ID. Image descriptions have their own table, so that walking instances never reads them.
 */
export const statements = `
CREATE TABLE studies (
  study_id INTEGER PRIMARY KEY,
  study_uid TEXT NOT NULL UNIQUE,
  patient TEXT NOT NULL,
  name_alphabetic TEXT NOT NULL,
  name_ideographic TEXT NOT NULL,
  name_phonetic TEXT NOT NULL,
  name_search TEXT NOT NULL,
  ideographic_search TEXT NOT NULL,
  phonetic_search TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  patient_id_search TEXT NOT NULL,
  issuer TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  sex TEXT NOT NULL,
  study_date TEXT NOT NULL,
  study_time TEXT NOT NULL,
  accession TEXT NOT NULL,
  accession_search TEXT NOT NULL,
  description TEXT NOT NULL,
  description_search TEXT NOT NULL,
  study_ref TEXT NOT NULL,
  referring_alphabetic TEXT NOT NULL,
  referring_ideographic TEXT NOT NULL,
  referring_phonetic TEXT NOT NULL,
  modalities TEXT NOT NULL,
  series_count INTEGER NOT NULL,
  instance_count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  arrived_at INTEGER NOT NULL
) STRICT;
CREATE INDEX studies_by_date ON studies (study_date, study_time);
CREATE INDEX studies_by_name ON studies (name_search);
CREATE INDEX studies_by_patient_id ON studies (patient_id_search);
CREATE INDEX studies_by_patient ON studies (patient);
CREATE INDEX studies_by_accession ON studies (accession_search);
CREATE INDEX studies_by_arrival ON studies (arrived_at);

CREATE TABLE series (
  series_id INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL REFERENCES studies (study_id),
  series_uid TEXT NOT NULL,
  modality TEXT NOT NULL,
  series_number INTEGER,
  description TEXT NOT NULL,
  body_part TEXT NOT NULL,
  series_date TEXT NOT NULL,
  instance_count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (study_id, series_uid)
) STRICT;
CREATE INDEX series_by_uid ON series (series_uid);
CREATE INDEX series_by_modality ON series (modality, study_id);

CREATE TABLE instances (
  instance_id INTEGER PRIMARY KEY,
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  sop_uid TEXT NOT NULL UNIQUE,
  sop_class TEXT NOT NULL,
  transfer_syntax TEXT NOT NULL,
  instance_number INTEGER,
  acquisition_number INTEGER,
  number_of_frames INTEGER NOT NULL,
  position TEXT,
  sha256 BLOB NOT NULL,
  data_set_bytes INTEGER NOT NULL,
  file_bytes INTEGER NOT NULL,
  origin TEXT NOT NULL,
  source_ae TEXT NOT NULL,
  arrived_at INTEGER NOT NULL
) STRICT;
CREATE INDEX instances_by_series ON instances (series_id);

CREATE TABLE image_descriptions (
  instance_id INTEGER PRIMARY KEY REFERENCES instances (instance_id),
  json TEXT NOT NULL
) STRICT;

CREATE TABLE conflicts (
  conflict_id INTEGER PRIMARY KEY,
  sop_uid TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  sha256 BLOB NOT NULL,
  origin TEXT NOT NULL,
  source_ae TEXT NOT NULL,
  arrived_at INTEGER NOT NULL,
  UNIQUE (sop_uid, sha256)
) STRICT;

CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;

CREATE VIRTUAL TABLE studies_text USING fts5 (
  name, patient_id, accession, description,
  content = '', contentless_delete = 1, tokenize = 'trigram'
);
`;
