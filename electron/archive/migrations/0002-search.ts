/**
 * What a search of the archive needs beyond C-FIND: referring physician, age, series texts, where a study came from, which studies are known
 * to be incomplete; an index for each column that lists are sorted by; and the words of a study's texts.
 *
 * `fold` and `words` are functions of matching.ts. Ages are at the date of the study: completed months and days, from the date of birth, else
 * from Patient's Age. The two text indexes hold no text of their own (`content = ''`). Descriptions and referring physicians repeat: they are not
 * among the trigrams, a pattern is tried on each different text instead. Lists are mostly sorted by date: that index holds what they are
 * mostly filtered by, so that rows that do not match need not be read.
 */
export const statements = `
ALTER TABLE studies ADD COLUMN referring_search TEXT NOT NULL DEFAULT '';
ALTER TABLE studies ADD COLUMN age_months INTEGER;
ALTER TABLE studies ADD COLUMN age_days INTEGER;
UPDATE studies SET
  referring_search = foldName(referring_alphabetic || '=' || referring_ideographic || '=' || referring_phonetic),
  age_months = ageMonths(birth_date, study_date, ''),
  age_days = ageDays(birth_date, study_date, '');
ALTER TABLE series ADD COLUMN description_search TEXT NOT NULL DEFAULT '';
ALTER TABLE series ADD COLUMN body_part_search TEXT NOT NULL DEFAULT '';
UPDATE series SET description_search = fold(description), body_part_search = fold(body_part);

DROP INDEX studies_by_date;
CREATE INDEX studies_by_date ON studies (study_date, study_time, study_id, modalities, sex, age_months, age_days, patient_id_search, accession_search,
  name_search, ideographic_search, phonetic_search, description_search, referring_search);
CREATE INDEX studies_by_ideographic ON studies (ideographic_search) WHERE ideographic_search <> '';
CREATE INDEX studies_by_phonetic ON studies (phonetic_search) WHERE phonetic_search <> '';
CREATE INDEX studies_by_birth_date ON studies (birth_date);
CREATE INDEX studies_by_age ON studies (age_days);
CREATE INDEX studies_by_sex ON studies (sex);
CREATE INDEX studies_by_description ON studies (description_search);
CREATE INDEX studies_by_referring ON studies (referring_search);
CREATE INDEX studies_by_modalities ON studies (modalities);
CREATE INDEX studies_by_instances ON studies (instance_count);
CREATE INDEX series_by_description ON series (description_search, study_id);
CREATE INDEX series_by_body_part ON series (body_part_search, study_id);

CREATE TABLE study_sources (
  study_id INTEGER NOT NULL REFERENCES studies (study_id),
  origin TEXT NOT NULL,
  source_ae TEXT NOT NULL,
  path TEXT NOT NULL,
  instance_count INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (study_id, origin, source_ae, path)
) STRICT, WITHOUT ROWID;
INSERT INTO study_sources (study_id, origin, source_ae, path, instance_count, first_at, last_at)
  SELECT s.study_id, i.origin, i.source_ae, '', count(*), min(i.arrived_at), max(i.arrived_at)
  FROM instances i JOIN series s USING (series_id) GROUP BY 1, 2, 3;

CREATE TABLE incomplete_studies (
  study_uid TEXT PRIMARY KEY,
  missing INTEGER NOT NULL,
  known_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

DROP TABLE studies_text;
CREATE VIRTUAL TABLE studies_text USING fts5 (
  name, patient_id, accession,
  content = '', contentless_delete = 1, tokenize = 'trigram'
);
INSERT INTO studies_text (rowid, name, patient_id, accession)
  SELECT study_id, name_search || '=' || ideographic_search || '=' || phonetic_search, patient_id_search, accession_search FROM studies;

CREATE VIRTUAL TABLE studies_words USING fts5 (
  patient, study, series,
  content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
INSERT INTO studies_words (rowid, patient, study, series)
  SELECT study_id, words(name_search || ' ' || ideographic_search || ' ' || phonetic_search || ' ' || patient_id_search),
    words(description || ' ' || accession || ' ' || study_ref || ' ' || referring_search || ' ' || modalities),
    words((SELECT group_concat(description || ' ' || body_part, ' ')
      FROM (SELECT description, body_part FROM series s WHERE s.study_id = st.study_id LIMIT 500)))
  FROM studies st;
`;
