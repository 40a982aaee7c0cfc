import { create } from 'zustand';
import type { ViewerSession } from '../../layout/session.ts';

interface TagSheetState {
  /** The pane whose instance is looked at; undefined = the sheet is closed. */
  readonly pane: string | undefined;
}

export const useTagSheet = create<TagSheetState>(() => ({ pane: undefined }));

/** Opens the table of a pane's instance; it follows that pane. */
export function openTags(session: ViewerSession, pane: string): void {
  session.activate(pane);
  useTagSheet.setState({ pane });
}

export function closeTags(): boolean {
  const { pane } = useTagSheet.getState();
  useTagSheet.setState({ pane: undefined });
  return pane !== undefined;
}

export function toggleTags(session: ViewerSession, pane: string): void {
  if (useTagSheet.getState().pane === pane) closeTags();
  else openTags(session, pane);
}
