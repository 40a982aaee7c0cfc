import { IconMinus, IconPlus } from '@tabler/icons-react';
import { type PDFDocumentProxy, type PDFPageProxy, TextLayer } from 'pdfjs-dist';
import { useEffect, useMemo, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useOffer } from '../../picture/offers.ts';
import { sayObject } from '../words.ts';
import { MAX_PAGE_PIXELS, MAX_PAGES, openPDF } from './pdf.ts';
import { printOffer } from './print-pages.ts';

const STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4] as const;
/** CSS pixels of a point of the document. */
const CSS_UNITS = 96 / 72;

interface PagesProps {
  readonly bytes: Uint8Array;
  /** Where zoom and page count go. */
  readonly tools: HTMLElement | null;
  readonly pane: string;
}

type Opened =
  | { readonly state: 'opening' | 'broken' }
  | { readonly state: 'open'; readonly pages: readonly PDFPageProxy[]; readonly count: number };

/** The pages of a PDF below each other; each is drawn when it comes into view. */
export function PdfPages({ bytes, tools, pane }: PagesProps) {
  const opened = useDocument(bytes);
  const offer = useMemo(() => (opened.state === 'open' ? printOffer(opened.pages) : undefined), [opened]);
  useOffer(pane, offer);
  const box = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState<number>();
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const first = opened.state === 'open' ? opened.pages[0] : undefined;
  const fit = first === undefined || width === 0 ? 1 : Math.max(0.2, (width - 24) / (first.getViewport({ scale: 1 }).width * CSS_UNITS));
  const scale = zoom ?? Math.min(fit, 2);
  const step = (by: 1 | -1) =>
    setZoom((by > 0 ? STEPS.find((one) => one > scale * 1.001) : STEPS.findLast((one) => one < scale * 0.999)) ?? scale);
  return (
    <div className="pdf-pages" ref={box} data-state={opened.state}>
      {tools !== null &&
        opened.state === 'open' &&
        createPortal(
          <>
            <button type="button" className="object-button" title={sayObject('document.zoomOut')} onClick={() => step(-1)}>
              <IconMinus size={14} aria-label={sayObject('document.zoomOut')} />
            </button>
            <button type="button" className="object-button numbers" title={sayObject('document.fit')} onClick={() => setZoom(undefined)}>
              {sayObject('document.percent', { percent: Math.round(scale * 100) })}
            </button>
            <button type="button" className="object-button" title={sayObject('document.zoomIn')} onClick={() => step(1)}>
              <IconPlus size={14} aria-label={sayObject('document.zoomIn')} />
            </button>
          </>,
          tools,
        )}
      {opened.state === 'opening' && <p className="object-empty">{sayObject('loading')}</p>}
      {opened.state === 'broken' && <p className="object-empty">{sayObject('document.broken')}</p>}
      {opened.state === 'open' &&
        width > 0 &&
        opened.pages.map((page) => <Page key={page.pageNumber} page={page} count={opened.count} scale={scale} />)}
      {opened.state === 'open' && opened.count > opened.pages.length && (
        <p className="object-warning">{sayObject('document.cut', { count: opened.pages.length })}</p>
      )}
    </div>
  );
}

function useDocument(bytes: Uint8Array): Opened {
  const [opened, setOpened] = useState<Opened>({ state: 'opening' });
  useEffect(() => {
    let live = true;
    const { document, close } = openPDF(bytes);
    document
      .then(async (pdf) => {
        const pages = await firstPages(pdf);
        if (live) setOpened({ state: 'open', pages, count: pdf.numPages });
      })
      .catch(() => {
        if (live) setOpened({ state: 'broken' });
      });
    return () => {
      live = false;
      close();
    };
  }, [bytes]);
  return opened;
}

async function firstPages(pdf: PDFDocumentProxy): Promise<PDFPageProxy[]> {
  const pages: PDFPageProxy[] = [];
  for (let number = 1; number <= Math.min(pdf.numPages, MAX_PAGES); number++) pages.push(await pdf.getPage(number));
  return pages;
}

function Page({ page, count, scale }: { readonly page: PDFPageProxy; readonly count: number; readonly scale: number }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);
  const near = useNear(box);
  const viewport = page.getViewport({ scale: scale * CSS_UNITS });
  const { width, height } = viewport;
  useEffect(() => {
    const [element, layer] = [canvas.current, text.current];
    if (!near || element === null || layer === null) return undefined;
    const own = page.getViewport({ scale: scale * CSS_UNITS });
    const density = Math.min(devicePixelRatio, Math.sqrt(MAX_PAGE_PIXELS / (own.width * own.height)));
    element.width = Math.max(1, Math.floor(own.width * density));
    element.height = Math.max(1, Math.floor(own.height * density));
    const drawing = page.render({ canvas: element, viewport: own, transform: [density, 0, 0, density, 0, 0] });
    drawing.promise.then(
      () => {
        element.dataset.drawn = 'true';
      },
      () => undefined,
    );
    layer.replaceChildren();
    layer.style.setProperty('--total-scale-factor', String(scale * CSS_UNITS));
    const words = new TextLayer({ textContentSource: page.streamTextContent(), container: layer, viewport: own });
    words.render().catch(() => undefined);
    return () => {
      drawing.cancel();
      words.cancel();
    };
  }, [page, scale, near]);
  return (
    <div
      className="pdf-page"
      ref={box}
      style={{ width, height }}
      aria-label={sayObject('document.page', { number: page.pageNumber, count })}
      role="img"
    >
      <canvas ref={canvas} style={{ width, height }} />
      <div className="pdf-text" ref={text} />
    </div>
  );
}

/** Whether an element is on the screen or about to be. */
function useNear(box: React.RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), { rootMargin: '600px' });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return near;
}
