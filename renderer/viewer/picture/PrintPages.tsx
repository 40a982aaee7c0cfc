import { useEffect, useRef } from 'react';
import type { LocalStudy } from '../../../shared/contract/index.ts';
import { formatDate, formatName, toDicomDate } from '../../app/format.ts';
import type { ViewerSession } from '../layout/session.ts';
import { say } from '../words.ts';
import type { Prepared } from './prepare.ts';
import { imageArea, MARGIN, type PaperName, paperArea } from './sheets.ts';
import { sayPicture } from './words.ts';

interface PrintPagesProps {
  readonly pages: readonly (readonly Prepared[])[];
  /** Printed as it stands on the screen, in place of images. */
  readonly report: HTMLElement | undefined;
  readonly grid: { readonly columns: number; readonly rows: number };
  readonly paper: PaperName;
  readonly landscape: boolean;
  readonly patient: boolean;
  /** A document as it is: no margins, no head and no foot. */
  readonly bare: boolean;
  readonly session: ViewerSession;
  onPrinted(): void;
}

/** What comes out on paper; the screen does not show it. Prints itself when its images are there. */
export function PrintPages(props: PrintPagesProps) {
  const { pages, report, grid, paper, landscape, patient, bare, session, onPrinted } = props;
  const root = useRef<HTMLDivElement>(null);
  const done = useRef(onPrinted);
  const today = formatDate(toDicomDate(new Date()));
  const whole = paperArea(paper, landscape);
  const area = bare ? whole : imageArea(paper, landscape);
  const margin = bare ? 0 : MARGIN;
  const active = session.state.getState().contents[session.state.getState().active];
  useEffect(() => {
    done.current = onPrinted;
  });
  useEffect(() => {
    const { width, height } = paperArea(paper, landscape);
    const sheet = new CSSStyleSheet();
    // A constructed sheet: the page's Content-Security-Policy takes no style that a script wrote into the document.
    sheet.replaceSync(`@page { size: ${width}mm ${height}mm; margin: ${margin}mm; }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    let gone = false;
    const images = [...(root.current?.querySelectorAll('img') ?? [])];
    // The system's dialog is closed, whatever was chosen in it.
    const after = () => done.current();
    window.addEventListener('afterprint', after);
    void Promise.allSettled(images.map((image) => image.decode())).then(() => {
      if (gone) return;
      root.current?.setAttribute('data-ready', 'true');
      window.print();
    });
    return () => {
      gone = true;
      window.removeEventListener('afterprint', after);
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    };
  }, [paper, landscape, margin]);
  const studyOf = (uid: string | undefined) => session.study(uid)?.study;
  return (
    <div className="print-root" ref={root}>
      {report !== undefined && (
        <section className="print-report">
          {patient && <PageHead study={studyOf(active?.studyInstanceUID)} />}
          <div ref={(place) => place?.replaceChildren(report.cloneNode(true))} />
          <footer>{sayPicture('printed', { date: today })}</footer>
        </section>
      )}
      {pages.map((page, index) => (
        <section
          className="print-page"
          key={page[0]?.url ?? index}
          data-bare={bare}
          style={{ height: `${whole.height - 2 * margin - (bare ? 0.1 : 1)}mm` }}
        >
          {!bare && <PageHead study={patient ? studyOf(page[0]?.studyInstanceUID) : undefined} />}
          <div
            className="print-grid"
            style={{
              gridTemplate: `repeat(${grid.rows}, minmax(0, 1fr)) / repeat(${grid.columns}, minmax(0, 1fr))`,
              height: `${area.height}mm`,
            }}
          >
            {page.map(({ url, width, note, caption }) => (
              <figure key={url} data-caption={caption !== undefined}>
                {caption !== undefined && <p>{caption}</p>}
                <img
                  src={url}
                  alt=""
                  style={width === undefined ? undefined : { width: `${width}mm`, maxWidth: 'none' }}
                  data-true-size={width !== undefined}
                />
                {note !== undefined && <figcaption>{sayPicture(note)}</figcaption>}
              </figure>
            ))}
          </div>
          {!bare && (
            <footer>
              <span>{sayPicture('printed', { date: today })}</span>
              <span>{sayPicture('notPatient')}</span>
              <span>{sayPicture('page', { number: index + 1, count: pages.length })}</span>
            </footer>
          )}
        </section>
      ))}
    </div>
  );
}

/** Whose images these are; without the patient it says so. */
function PageHead({ study }: { study: LocalStudy | undefined }) {
  if (study === undefined) return <header>{sayPicture('anonymous')}</header>;
  return (
    <header>
      <strong>
        <bdi>{formatName(study.patientName) || say('noName')}</bdi>
      </strong>
      <bdi>{study.patientID || say('noID')}</bdi>
      <span>{study.patientBirthDate === '' ? say('noBirthDate') : `* ${formatDate(study.patientBirthDate)}`}</span>
      <span>{study.patientSex}</span>
      <bdi>{study.studyDescription}</bdi>
      <strong>{study.studyDate === '' ? say('noStudyDate') : formatDate(study.studyDate)}</strong>
    </header>
  );
}
