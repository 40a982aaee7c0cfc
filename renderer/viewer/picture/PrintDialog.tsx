import './print.css';
import { Button, Checkbox, NativeSelect, Radio } from '@mantine/core';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import { Dialog } from '../../ui/Dialog.tsx';
import { AnnotationLayer } from '../annotations/AnnotationLayer.tsx';
import { CornerText } from '../CornerText.tsx';
import { closeDialog, saySo } from '../dialogs.ts';
import { useSession } from '../layout/use-session.ts';
import { OverlayLayer } from '../objects/overlays/OverlayLayer.tsx';
import { BlendLayer } from '../presentation/BlendLayer.tsx';
import { GraphicsLayer } from '../presentation/GraphicsLayer.tsx';
import { paneElement } from './copy.ts';
import { offerOf, type PrintOffer } from './offers.ts';
import { PrintPages } from './PrintPages.tsx';
import { HiddenPane, type Prepared, pictureOf, type Wanted, wantedOf } from './prepare.ts';
import { GRIDS, imageArea, PAPERS, type PaperName, pagesOf, paperArea } from './sheets.ts';
import { sayPicture } from './words.ts';

const SOURCES = ['panes', 'keyImages', 'marked'] as const;
type Source = (typeof SOURCES)[number] | 'report' | PrintOffer['kind'];
const MOST = 200;

const isOfImages = (source: Source): source is (typeof SOURCES)[number] => SOURCES.some((one) => one === source);

/** Which images go on paper and how; the system's own print dialog, with its printers and its PDF, comes after it. */
export function PrintDialog() {
  const session = useSession();
  const [counts] = useState(() => SOURCES.map((source) => wantedOf(session, source).length));
  const [report] = useState(
    () => paneElement(session.state.getState().active)?.querySelector<HTMLElement>('[data-printable]') ?? undefined,
  );
  const [offer] = useState(() => offerOf(session.state.getState().active));
  const [source, setSource] = useState<Source>(() =>
    offer !== undefined ? offer.kind : report !== undefined && counts[0] === 0 ? 'report' : 'panes',
  );
  const [grid, setGrid] = useState<number>(0);
  const [paper, setPaper] = useState<PaperName>('A4');
  const [landscape, setLandscape] = useState(offer?.kind === 'waves');
  const [patient, setPatient] = useState(true);
  const [trueSize, setTrueSize] = useState(false);
  const [working, setWorking] = useState<{ readonly number: number; readonly count: number }>();
  const [hidden] = useState(() => new HiddenPane(session));
  const [pages, setPages] = useState<readonly (readonly Prepared[])[]>();
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<HTMLDivElement>(null);
  const { columns, rows } = trueSize || !isOfImages(source) ? GRIDS[0] : (GRIDS[grid] ?? GRIDS[0]);
  const upright = landscape ? { columns: rows, rows: columns } : { columns, rows };
  const whole = imageArea(paper, landscape);
  const area = { width: whole.width / upright.columns, height: whole.height / upright.rows };
  const images = isOfImages(source);
  const bare = source === 'document';
  const room = bare ? paperArea(paper, landscape) : whole;
  const count = images ? (counts[SOURCES.indexOf(source)] ?? 0) : source === 'report' ? 1 : (offer?.count(room) ?? 0);

  useEffect(() => {
    if (drawing.current !== null && box.current !== null) hidden.pane.attach(drawing.current, box.current);
    return () => hidden.pane.detach();
  }, [hidden]);
  useEffect(() => () => hidden.close(), [hidden]);

  const prepare = async (wanted: readonly Wanted[]): Promise<Prepared[]> => {
    const prepared: Prepared[] = [];
    hidden.pane.resize();
    for (const [index, one] of wanted.entries()) {
      setWorking({ number: index + 1, count: wanted.length });
      const onScreen = one.pane === undefined || trueSize ? undefined : paneElement(one.pane);
      if (onScreen !== undefined) prepared.push({ ...one, url: await pictureOf(onScreen, patient) });
      else if (box.current !== null) {
        const note = await hidden.show(one, trueSize);
        const url = await pictureOf(box.current, patient);
        prepared.push({ ...one, url, ...(note === undefined ? {} : { note }), ...(note === 'isTrueSize' ? { width: area.width } : {}) });
      }
    }
    return prepared;
  };
  const prepareOffered = async (): Promise<Prepared[]> => {
    const content = session.state.getState().contents[session.state.getState().active];
    const prepared: Prepared[] = [];
    if (offer === undefined || content === undefined) return prepared;
    setWorking({ number: 1, count: Math.min(count, MOST) });
    for await (const page of offer.pages(room, MOST)) {
      prepared.push({ ...content, sopInstanceUID: '', frame: 0, ...page });
      setWorking({ number: Math.min(prepared.length + 1, count), count: Math.min(count, MOST) });
    }
    return prepared;
  };
  const print = async (): Promise<void> => {
    try {
      if (count > MOST) saySo(sayPicture('tooMany', { count: MOST }), 'error');
      if (source === 'report') setPages([]);
      else if (!images) setPages(pagesOf(await prepareOffered(), 1));
      else {
        const wanted = wantedOf(session, source);
        setPages(pagesOf(await prepare(wanted.slice(0, MOST)), upright.columns * upright.rows));
      }
    } catch {
      saySo(sayPicture('failed'), 'error');
    } finally {
      setWorking(undefined);
    }
  };
  const printed = () => {
    for (const { url } of pages?.flat() ?? []) URL.revokeObjectURL(url);
    setPages(undefined);
    closeDialog();
  };

  return (
    <Dialog
      title={sayPicture('title')}
      closeLabel={sayPicture('close')}
      onClose={closeDialog}
      foot={
        <>
          <span className="soft numbers" role="status">
            {working === undefined
              ? sayPicture('pages', { count: images ? Math.ceil(count / (columns * rows)) : count })
              : sayPicture('preparing', working)}
          </span>
          <span className="spacer" />
          <Button variant="filled" disabled={working !== undefined || count === 0} onClick={() => void print()}>
            {sayPicture('run')}
          </Button>
        </>
      }
    >
      <Radio.Group className="print-what" label={sayPicture('what')} value={source} onChange={(value) => setSource(value as Source)}>
        {SOURCES.map((one, index) => (
          <Radio key={one} value={one} disabled={counts[index] === 0} label={sayPicture(one, { count: counts[index] ?? 0 })} />
        ))}
        {report !== undefined && <Radio value="report" label={sayPicture('report')} />}
        {offer !== undefined && <Radio value={offer.kind} label={sayPicture(offer.kind, { count: offer.count(whole) })} />}
      </Radio.Group>
      <div className="print-how">
        <NativeSelect
          label={sayPicture('perPage')}
          disabled={trueSize || !images}
          value={String(grid)}
          data={GRIDS.map((one, index) => ({ value: String(index), label: `${one.columns} × ${one.rows}` }))}
          onChange={(event) => setGrid(Number(event.currentTarget.value))}
        />
        <NativeSelect
          label={sayPicture('paper')}
          value={`${paper} ${landscape}`}
          data={(Object.keys(PAPERS) as PaperName[]).flatMap((name) =>
            [false, true].map((wide) => ({ value: `${name} ${wide}`, label: `${name}, ${sayPicture(wide ? 'landscape' : 'portrait')}` })),
          )}
          onChange={(event) => {
            const [name, wide] = event.currentTarget.value.split(' ');
            setPaper(name === 'Letter' ? 'Letter' : 'A4');
            setLandscape(wide === 'true');
          }}
        />
      </div>
      <Checkbox
        className="print-check"
        label={sayPicture('patient')}
        description={bare ? sayPicture('asItIs') : undefined}
        disabled={bare}
        checked={patient && !bare}
        onChange={(event) => setPatient(event.currentTarget.checked)}
      />
      <Checkbox
        className="print-check"
        label={sayPicture('trueSize')}
        description={sayPicture('trueSizeHelp')}
        disabled={!images}
        checked={trueSize && images}
        onChange={(event) => setTrueSize(event.currentTarget.checked)}
      />
      <div className="print-hidden" aria-hidden="true">
        <HiddenImage hidden={hidden} box={box} drawing={drawing} size={HiddenPane.sizeOf(area)} />
      </div>
      {pages !== undefined &&
        createPortal(
          <PrintPages
            pages={pages}
            report={source === 'report' ? report : undefined}
            grid={images ? upright : GRIDS[0]}
            paper={paper}
            landscape={landscape}
            patient={patient}
            bare={bare}
            session={session}
            onPrinted={printed}
          />,
          document.body,
        )}
    </Dialog>
  );
}

interface HiddenImageProps {
  readonly hidden: HiddenPane;
  readonly box: React.RefObject<HTMLDivElement | null>;
  readonly drawing: React.RefObject<HTMLDivElement | null>;
  readonly size: { readonly width: number; readonly height: number };
}

function HiddenImage({ hidden, box, drawing, size }: HiddenImageProps) {
  const session = useSession();
  const { pane } = hidden;
  const view = useSyncExternalStore(pane.subscribe, pane.snapshot);
  const study = session.state
    .getState()
    .studies.find(({ series }) => series.some(({ series: one }) => one.seriesInstanceUID === view.seriesUID));
  const series = study?.series.find(({ series: one }) => one.seriesInstanceUID === view.seriesUID)?.series;
  return (
    <div className="viewer-pane" ref={box} style={size}>
      <div className="viewer-canvas" ref={drawing} />
      <BlendLayer pane={pane.id} view={view} />
      <OverlayLayer pane={pane.id} view={view} active={false} />
      <GraphicsLayer view={view} />
      <AnnotationLayer pane={pane} view={view} modality={series?.modality ?? ''} />
      <CornerText view={view} study={study} series={series} />
    </div>
  );
}
