import { IconDownload, IconListTree } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { useSession } from '../../layout/use-session.ts';
import { NotThere } from '../ObjectView.tsx';
import { Sheet } from '../Sheet.tsx';
import { openTags } from '../tags/sheet-state.ts';
import { useObject } from '../use-object.ts';
import { sayObject } from '../words.ts';
import { type CdaBlock, readCda } from './cda.ts';
import { documentName, type EncapsulatedDocument, readDocument } from './document.ts';

const PdfPages = lazy(() => import('./PdfPages.tsx').then((room) => ({ default: room.PdfPages })));

interface ViewProps {
  readonly sopInstanceUID: string;
  readonly pane: string;
}

/** An encapsulated document: PDF page by page, CDA as text, everything else as a file to be saved. */
export function DocumentView({ sopInstanceUID, pane }: ViewProps) {
  const session = useSession();
  const loaded = useObject(sopInstanceUID, readDocument);
  const [tools, setTools] = useState<HTMLSpanElement | null>(null);
  if (loaded.state !== 'there') return <NotThere loaded={loaded} pane={pane} />;
  const document = loaded.value;
  return (
    <Sheet
      label={document.title || documentName(document)}
      kind={document.form}
      bar={
        <>
          <span className="object-title">
            <bdi>{document.title}</bdi>
          </span>
          <span className="object-tools" ref={setTools} />
          <span className="spacer" />
          <Save document={document} />
          <button type="button" className="object-button" onClick={() => openTags(session, pane)}>
            <IconListTree size={14} aria-hidden="true" />
            {sayObject('tags')}
          </button>
        </>
      }
    >
      {document.form === 'pdf' ? (
        <Suspense fallback={<p className="object-empty">{sayObject('loading')}</p>}>
          <PdfPages bytes={document.bytes} tools={tools} pane={pane} />
        </Suspense>
      ) : document.form === 'cda' ? (
        <CdaText bytes={document.bytes} />
      ) : (
        <p className="object-empty">
          {sayObject('document.other', { type: document.type })} · {sayObject('document.bytes', { count: document.bytes.length })}
        </p>
      )}
    </Sheet>
  );
}

function Save({ document }: { readonly document: EncapsulatedDocument }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    // Never of a type that the window would open by itself.
    const made = URL.createObjectURL(new Blob([document.bytes], { type: 'application/octet-stream' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [document]);
  return (
    <a className="object-button" href={url} download={documentName(document)}>
      <IconDownload size={14} aria-hidden="true" />
      {sayObject('document.save')}
    </a>
  );
}

function CdaText({ bytes }: { readonly bytes: Uint8Array }) {
  const read = useMemo(() => readCda(bytes), [bytes]);
  if (read === 'broken' || read === 'too-large') {
    return <p className="object-empty">{sayObject(read === 'broken' ? 'document.broken' : 'document.tooLarge')}</p>;
  }
  return (
    <article className="report cda" data-printable="true">
      <h2>
        <bdi>{read.title}</bdi>
      </h2>
      {read.blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the text never changes
        <Block key={index} block={block} />
      ))}
      {read.cut && <p className="object-warning">{sayObject('document.cutText')}</p>}
    </article>
  );
}

function Block({ block: { kind, cells } }: { readonly block: CdaBlock }) {
  if (kind === 'heading') return <h3>{cells[0]}</h3>;
  if (kind === 'file') return <p className="quiet">{sayObject('document.file', { type: cells[0] || '?' })}</p>;
  return (
    <p className={kind === 'row' ? 'cda-row' : undefined}>
      {cells.map((cell, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name
        <span key={column}>{cell}</span>
      ))}
    </p>
  );
}
