import { IconAlertTriangle, IconCircleCheck, IconCopy, IconListTree, IconPhoto } from '@tabler/icons-react';
import { useState } from 'react';
import type { StoredObject } from '../../dataset/stored-object.ts';
import { useSession } from '../../layout/use-session.ts';
import { NotThere } from '../ObjectView.tsx';
import { findInstance, showInstance } from '../overlays/find-images.ts';
import { addOverlay } from '../overlays/overlay-state.ts';
import { Sheet } from '../Sheet.tsx';
import { openTags } from '../tags/sheet-state.ts';
import { useObject } from '../use-object.ts';
import { sayObject } from '../words.ts';
import { type ContentItem, marksOf, type Reference, readReport, type StructuredReport } from './content.ts';
import { reportText, writtenValue } from './report-text.ts';

interface ViewProps {
  readonly sopInstanceUID: string;
  readonly pane: string;
}

const read = ({ root }: StoredObject): StructuredReport => readReport(root);

/** A structured report as the document that it is: headings, paragraphs, measurements, and the images that it speaks of. */
export function ReportView({ sopInstanceUID, pane }: ViewProps) {
  const session = useSession();
  const loaded = useObject(sopInstanceUID, read);
  const [copied, setCopied] = useState(false);
  if (loaded.state !== 'there') return <NotThere loaded={loaded} pane={pane} />;
  const report = loaded.value;
  const copy = () => void navigator.clipboard.writeText(reportText(report.root)).then(() => setCopied(true));
  const show = (reference: Reference) => {
    const marks = marksOf(report.root);
    if (marks.length > 0) addOverlay(session, { kind: 'marks', sopInstanceUID, title: titleOf(report), marks });
    showInstance(session, pane, reference.sopInstanceUID, reference.frames[0]);
  };
  return (
    <Sheet
      label={titleOf(report)}
      kind="report"
      bar={
        <>
          <State report={report} />
          <span className="spacer" />
          <button type="button" className="object-button" onClick={copy}>
            <IconCopy size={14} aria-hidden="true" />
            {sayObject(copied ? 'report.copied' : 'report.copy')}
          </button>
          <button type="button" className="object-button" onClick={() => openTags(session, pane)}>
            <IconListTree size={14} aria-hidden="true" />
            {sayObject('tags')}
          </button>
        </>
      }
    >
      <article className="report" data-printable="true">
        <Item item={report.root} level={1} show={show} />
        {(report.cut || loaded.object.header.truncated) && <p className="object-warning">{sayObject('cut')}</p>}
      </article>
    </Sheet>
  );
}

const titleOf = (report: StructuredReport): string => report.root.concept?.meaning || sayObject('report.notNamed');

/** Whether the document is finished, and who stands for it. */
function State({ report }: { readonly report: StructuredReport }) {
  const verified = report.verification === 'VERIFIED';
  const Icon = verified ? IconCircleCheck : IconAlertTriangle;
  const observers = report.observers.map(({ name, at }) =>
    sayObject('report.by', { name, at: writtenValue({ kind: 'text', text: at }, 'DATETIME') }),
  );
  return (
    <span className="report-state" data-verified={verified}>
      <Icon size={14} aria-hidden="true" />
      {[
        report.completion === '' ? '' : sayObject(report.completion === 'COMPLETE' ? 'report.complete' : 'report.partial'),
        sayObject(verified ? 'report.verified' : 'report.unverified'),
        ...observers,
      ]
        .filter(Boolean)
        .join(' · ')}
    </span>
  );
}

interface ItemProps {
  readonly item: ContentItem;
  readonly level: number;
  show(reference: Reference): void;
}

function Item({ item, level, show }: ItemProps) {
  const { value, concept, children } = item;
  const name = concept?.meaning ?? '';
  if (value.kind === 'container') {
    const Heading = HEADINGS[Math.min(level, HEADINGS.length) - 1] ?? 'h6';
    return (
      <section className="report-section" data-level={level}>
        {(name !== '' || level === 1) && (
          <Heading>
            <bdi>{name || sayObject('report.notNamed')}</bdi>
          </Heading>
        )}
        <Children items={children} level={level + 1} show={show} />
      </section>
    );
  }
  const long = value.kind === 'text' && value.text.length > 80;
  return (
    <div className="report-item" data-long={long} data-relationship={item.relationship}>
      {name !== '' && (
        <span className="report-name">
          <bdi>{name}</bdi>
        </span>
      )}
      <span className="report-value">
        <Value item={item} show={show} />
      </span>
      {children.length > 0 && (
        <div className="report-below">
          <Children items={children} level={level} show={show} />
        </div>
      )}
    </div>
  );
}

const HEADINGS = ['h2', 'h3', 'h4', 'h5', 'h6'] as const;

function Children({
  items,
  level,
  show,
}: {
  readonly items: readonly ContentItem[];
  readonly level: number;
  show(reference: Reference): void;
}) {
  return items.map((item) => <Item key={item.position} item={item} level={level} show={show} />);
}

function Value({ item, show }: { readonly item: ContentItem; show(reference: Reference): void }) {
  const { value, valueType } = item;
  if (value.kind === 'reference') return <ReferenceLink valueType={valueType} reference={value.reference} show={show} />;
  if (value.kind === 'elsewhere') return <span className="quiet">{sayObject('report.see', { position: value.position })}</span>;
  if (value.kind === 'coordinates') {
    return (
      <span className="quiet numbers">
        {sayObject('report.region', { graphic: value.graphic, count: value.points.length / value.dimensions })}
      </span>
    );
  }
  const written = writtenValue(value, valueType);
  if (written === '') return <span className="quiet">{sayObject('report.empty')}</span>;
  return <bdi className={value.kind === 'number' ? 'numbers' : undefined}>{written}</bdi>;
}

function ReferenceLink({ valueType, reference, show }: { valueType: string; reference: Reference; show(reference: Reference): void }) {
  const session = useSession();
  const there = findInstance(session, reference.sopInstanceUID) !== undefined;
  const word = sayObject(valueType === 'IMAGE' ? 'report.image' : valueType === 'WAVEFORM' ? 'report.waveform' : 'report.composite');
  const frames = reference.frames.length === 0 ? '' : sayObject('report.frames', { frames: reference.frames.slice(0, 8).join(', ') });
  const label = [word, frames].filter(Boolean).join(', ');
  if (!there) {
    return (
      <span className="quiet" title={reference.sopInstanceUID}>
        {label} ({sayObject('report.away')})
      </span>
    );
  }
  return (
    <button type="button" className="report-link" title={sayObject('report.show')} onClick={() => show(reference)}>
      <IconPhoto size={14} aria-hidden="true" />
      {label}
    </button>
  );
}
