import { Button } from '@mantine/core';
import { useEffect } from 'react';
import { progressFraction, progressWords } from '../actions/words.ts';
import { ageInYears, contentOf, formatBytes, formatCount, formatDate, formatName, formatTime, otherNameGroups } from '../app/format.ts';
import { promisedImages } from '../app/promised.ts';
import { loadSeries, type SeriesEntry, seriesEntries } from '../app/series.ts';
import { app, selectedEntry, useApp } from '../app/store.ts';
import { cancelAction, openStudy, retrieveOf, retrieveStudy } from '../app/study-commands.ts';
import { imageCount, type StudyEntry, whereabouts } from '../app/study-list.ts';
import { t } from '../i18n/index.ts';
import { Tip } from '../ui/Tip.tsx';
import { seriesCount } from './SeriesRowView.tsx';

/** A PACS is asked for the series of a study when the selection rests on it this long. */
const REST_MS = 350;

/** The selected study: who, what, where, its series, and the two things to do with it. */
export function Details() {
  useApp((state) => state.listVersion);
  const entry = useApp(selectedEntry);
  return (
    <aside className="details panel" aria-label={t('details.title')}>
      {entry === undefined ? <p className="details-none">{t('details.none')}</p> : <Study key={entry.uid} entry={entry} />}
    </aside>
  );
}

function Study({ entry }: { entry: StudyEntry }) {
  const { study } = entry;
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const groups = otherNameGroups(study.patientName);
  const born = [formatDate(study.patientBirthDate), age === undefined ? '' : t('table.years', { count: age })].filter(Boolean).join(' · ');
  const facts: readonly (readonly [string, string])[] = [
    [t('table.patientID'), study.patientID],
    [t('details.born'), born],
    [t('details.sex'), study.patientSex],
    [t('table.studyDate'), [formatDate(study.studyDate), formatTime(study.studyTime)].filter(Boolean).join(' ')],
    [t('table.studyDescription'), contentOf(study)],
    [t('details.accession'), study.accessionNumber],
    [t('details.referring'), formatName(study.referringPhysicianName)],
  ];
  return (
    <>
      <h2 className="details-name">
        <bdi>{formatName(study.patientName) || t('table.noName')}</bdi>
        {groups.map((group) => (
          <bdi key={group} className="details-group">
            {group}
          </bdi>
        ))}
      </h2>
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        <Holders entry={entry} />
      </dl>
      <Buttons entry={entry} />
      <SeriesList entry={entry} />
    </>
  );
}

function Holders({ entry }: { entry: StudyEntry }) {
  const nodes = useApp((state) => state.workstation.nodes);
  const number = (count: number | undefined) => (count === undefined ? '' : ` (${formatCount(count)})`);
  const here = entry.local === undefined ? [] : [`${t('details.here')}${number(entry.local.numberOfInstances)}`];
  const there = entry.nodes.map(
    (hit) => `${nodes.find((node) => node.nodeId === hit.nodeId)?.name ?? t('actions.gone')}${number(hit.numberOfInstances)}`,
  );
  return (
    <div>
      <dt>{t('details.held')}</dt>
      <dd>{[...here, ...there].join(', ')}</dd>
    </div>
  );
}

function Buttons({ entry }: { entry: StudyEntry }) {
  const running = useApp((state) => retrieveOf(state, entry.uid));
  const promised = useApp((state) => promisedImages(state.workstation, entry.uid));
  const where = whereabouts(entry, promised);
  const fraction = running === undefined ? undefined : progressFraction(running);
  return (
    <div className="details-buttons">
      <Tip label={t('details.open')} keys="Enter">
        <Button variant="filled" onClick={() => openStudy(entry)}>
          {t('details.open')}
        </Button>
      </Tip>
      {running !== undefined ? (
        <Button onClick={() => cancelAction(running.update.actionId)}>{t('details.cancel')}</Button>
      ) : (
        where !== 'local' &&
        entry.nodes.length > 0 && (
          <Tip label={where === 'part' ? t('details.retrieveRest') : t('details.retrieve')} keys="Ctrl+R">
            <Button onClick={() => retrieveStudy(entry)}>{where === 'part' ? t('details.retrieveRest') : t('details.retrieve')}</Button>
          </Tip>
        )
      )}
      {running !== undefined && (
        <div className="details-progress numbers" role="status">
          <progress value={fraction} max={1} aria-label={t('details.retrieve')} />
          {progressWords(running).join(' · ')}
        </div>
      )}
    </div>
  );
}

function SeriesList({ entry }: { entry: StudyEntry }) {
  const known = useApp((state) => state.series[entry.uid]);
  const selected = useApp((state) => state.selected);
  useEffect(() => {
    const timer = setTimeout(() => void loadSeries(entry), entry.local === undefined ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [entry]);
  const series = seriesEntries(known);
  const images = imageCount(entry);
  const summary = [
    ...(series.length > 0 ? [t('details.series', { count: series.length })] : []),
    ...(images === undefined ? [] : [t('details.images', { count: images, number: formatCount(images) })]),
    ...(entry.local === undefined ? [] : [t('details.size', { size: formatBytes(entry.local.bytes) })]),
  ].join(' · ');
  return (
    <section className="details-series">
      <h3 className="panel-title numbers">{summary}</h3>
      {known?.state === 'failed' && <p className="error">{known.sentence}</p>}
      {series.length === 0 && (known === undefined || known.state === 'loading') && <p className="quiet">{t('table.seriesLoading')}</p>}
      <ul>
        {series.map((one) => (
          <SeriesLine key={one.uid} study={entry} entry={one} selected={selected === `${entry.uid} ${one.uid}`} />
        ))}
      </ul>
    </section>
  );
}

function SeriesLine({ study, entry, selected }: { study: StudyEntry; entry: SeriesEntry; selected: boolean }) {
  const { series } = entry;
  const choose = () => app.set((state) => (state.expanded[study.uid] === true ? { selected: `${study.uid} ${entry.uid}` } : {}));
  return (
    <li>
      <button type="button" className="series-line" aria-pressed={selected} onClick={choose} onDoubleClick={() => openStudy(study)}>
        <span className="series-mark numbers">{series.seriesNumber ?? '–'}</span>
        <span className="series-words">
          <bdi>{series.seriesDescription || series.bodyPartExamined || t('table.seriesUnnamed')}</bdi>
          <span className="quiet numbers">{[series.modality, seriesCount(entry)].filter(Boolean).join(' · ')}</span>
        </span>
      </button>
    </li>
  );
}
