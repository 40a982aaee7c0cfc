import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy } from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';

/** Folder of what pdf.js needs for some documents only (build/scripts/pdf-data.ts). */
declare const __PDF_DATA__: string;

GlobalWorkerOptions.workerSrc = workerUrl;

/** Pages beyond these are not shown. */
export const MAX_PAGES = 500;
/** Pixels of one page's canvas. */
export const MAX_PAGE_PIXELS = 16_000_000;

/**
 * Opens a PDF in a worker of its own; scripts and forms of the document are never run. Rejects where it is damaged or wants a password. `close`
 * ends the worker.
 */
export function openPDF(bytes: Uint8Array): { document: Promise<PDFDocumentProxy>; close(): void } {
  const task = getDocument({
    // The worker takes the bytes over.
    data: bytes.slice(),
    enableXfa: false,
    // The fonts that every PDF may take for granted are our own: it looks the same on every computer.
    useSystemFonts: false,
    cMapUrl: `${__PDF_DATA__}cmaps/`,
    standardFontDataUrl: `${__PDF_DATA__}standard_fonts/`,
    wasmUrl: `${__PDF_DATA__}wasm/`,
    iccUrl: `${__PDF_DATA__}iccs/`,
    // From our own files, whatever scheme the window's page has.
    useWorkerFetch: true,
    canvasMaxAreaInBytes: MAX_PAGE_PIXELS * 4,
    verbosity: 0,
  });
  return { document: task.promise, close: () => void task.destroy() };
}
