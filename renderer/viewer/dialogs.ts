import { create } from 'zustand';

/** What stands over the viewer; one at a time. */
export type ViewerDialog = 'presets' | 'corners' | 'keys' | 'print' | 'gsdf' | 'about';

interface Dialogs {
  readonly open: ViewerDialog | undefined;
  /** A sentence about what was just done, for a few seconds. */
  readonly said: { readonly sentence: string; readonly tone: 'good' | 'error' } | undefined;
}

export const useDialogs = create<Dialogs>(() => ({ open: undefined, said: undefined }));

export function openDialog(open: ViewerDialog): void {
  useDialogs.setState({ open });
}

export function closeDialog(): void {
  useDialogs.setState({ open: undefined });
}

const SAID_MS = 4000;
let forget: ReturnType<typeof setTimeout> | undefined;

/** Good news goes by itself; an error stays until it is clicked away. */
export function saySo(sentence: string, tone: 'good' | 'error' = 'good'): void {
  clearTimeout(forget);
  useDialogs.setState({ said: { sentence, tone } });
  if (tone === 'good') forget = setTimeout(hush, SAID_MS);
}

export function hush(): void {
  useDialogs.setState({ said: undefined });
}
