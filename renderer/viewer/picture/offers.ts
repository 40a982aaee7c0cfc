import { useEffect } from 'react';
import type { SheetSize } from './sheets.ts';

/** A picture of what goes on one page, `width` mm wide there. */
export interface PaperPage {
  readonly url: string;
  readonly width: number;
  /** What stands beside it on paper. */
  readonly caption?: string;
}

/** What a pane without an image can put on paper. */
export interface PrintOffer {
  /** `document`: its pages are pages of paper, with nothing of ours on them. */
  readonly kind: 'document' | 'waves';
  /** Pages for so much room, mm. */
  count(area: SheetSize): number;
  /** The first `most` of them, one after the other; their addresses are revoked by who asked for them. */
  pages(area: SheetSize, most: number): AsyncIterable<PaperPage>;
}

const offers = new Map<string, PrintOffer>();

export function offerOf(pane: string): PrintOffer | undefined {
  return offers.get(pane);
}

/** As long as the caller stands in its pane, this is what the print dialog finds there. */
export function useOffer(pane: string, offer: PrintOffer | undefined): void {
  useEffect(() => {
    if (offer === undefined) return undefined;
    offers.set(pane, offer);
    return () => {
      if (offers.get(pane) === offer) offers.delete(pane);
    };
  }, [pane, offer]);
}
