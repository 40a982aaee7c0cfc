import { openDialog } from './dialogs.ts';
import type { Command, ImageCommand } from './keys.ts';
import type { ViewerSession } from './layout/session.ts';
import { toggleTags } from './objects/tags/sheet-state.ts';
import type { Pane } from './pane.ts';
import { copyPicture } from './picture/copy.ts';
import { presetsOf } from './presets.ts';
import { screenScale } from './screen.ts';
import { FREE, LINKED } from './sync/follow.ts';
import { storedWindows } from './voi.ts';
import { popOut } from './windows/pop-out.ts';

/** Does what a key, a button or a menu entry asks for. `close` is the caller's: it needs to know what is open. */
export function runCommand(session: ViewerSession, command: Command): void {
  const pane = session.active;
  const { getState } = session.state;
  switch (command.do) {
    case 'tool':
      session.set({ tool: command.tool });
      return;
    case 'slice':
      pane.scrollBy(command.by);
      return;
    case 'pane':
      session.activateNext(command.by);
      return;
    case 'volume':
      pane.volumeBy(command.by);
      return;
    case 'first':
      pane.scrollTo(0);
      return;
    case 'last':
      session.toLast();
      return;
    case 'next-series':
    case 'previous-series':
      session.nextSeries(command.do === 'next-series' ? 1 : -1);
      return;
    case 'split':
      session.split(command.direction);
      return;
    case 'close-pane':
      session.closePane();
      return;
    case 'full-pane':
      session.toggleFull(pane.id);
      return;
    case 'layout':
      session.set({ picker: !getState().picker });
      return;
    case 'chrome':
      session.set({ chrome: !getState().chrome });
      return;
    case 'measurements':
      session.set({ measurements: !getState().measurements });
      return;
    case 'overlays':
      pane.change({ overlays: !pane.presentation.overlays });
      return;
    case 'link':
      session.setLinks(getState().links === FREE ? LINKED : FREE);
      return;
    case 'tags':
      toggleTags(session, pane.id);
      return;
    case 'undo':
      session.history.undo();
      return;
    case 'redo':
      session.history.redo();
      return;
    case 'delete': {
      const { selected } = session.annotations;
      if (selected !== undefined) session.annotations.remove([selected]);
      return;
    }
    case 'key-image':
      toggleKeyImage(session, pane);
      return;
    case 'cine':
      if (pane.playing) pane.stop();
      else pane.play();
      return;
    case 'faster':
    case 'slower':
      pane.setCine({ rate: nextRate(pane.view.rate, command.do === 'faster' ? 1 : -1) });
      return;
    case 'copy':
    case 'copy-without-patient':
      copyPicture(session, { patient: command.do === 'copy' });
      return;
    case 'print':
      openDialog('print');
      return;
    case 'pop-out':
      void popOut(session);
      return;
    case 'preferences':
      openDialog('presets');
      return;
    case 'keys':
      openDialog('keys');
      return;
    case 'close':
      return;
    default:
      changeImage(session, pane, command);
  }
}

/** What changes how an image is shown: one step of the history each. */
function changeImage(
  session: ViewerSession,
  pane: Pane,
  command: { readonly do: ImageCommand } | Extract<Command, { do: 'preset' | 'rotate' }>,
): void {
  const panes = command.do === 'reset-all' ? session.panes() : [pane];
  const ends = panes.map((one) => session.editing(one));
  switch (command.do) {
    case 'preset':
      setPreset(session, pane, command.index);
      break;
    case 'auto':
      pane.setWindow('auto');
      break;
    case 'invert':
      pane.change({ invert: !pane.presentation.invert });
      break;
    case 'flip-horizontal':
      pane.flip('horizontal');
      break;
    case 'flip-vertical':
      pane.flip('vertical');
      break;
    case 'rotate':
      pane.rotateBy(command.by);
      break;
    case 'fit':
      pane.fit();
      break;
    case 'one-to-one':
      pane.scaleTo(1);
      break;
    case 'true-size': {
      const scale = screenScale(pane.view);
      if (scale !== undefined) pane.scaleTo(scale);
      break;
    }
    case 'reset':
    case 'reset-all':
      for (const one of panes) one.reset();
      session.set({ crosshair: undefined });
      break;
  }
  for (const end of ends) end();
}

function setPreset(session: ViewerSession, pane: Pane, index: number): void {
  const content = session.state.getState().contents[pane.id];
  const modality = (content === undefined ? undefined : session.find(content)?.series.modality) ?? '';
  const preset = presetsOf(modality)[index];
  const { shown } = pane.view;
  const stored = shown?.image === undefined ? undefined : storedWindows(shown.image)[index];
  if (preset !== undefined) pane.setWindow({ center: preset.center, width: preset.width, function: 'LINEAR' });
  else if (stored !== undefined) pane.setWindow(stored);
}

function toggleKeyImage(session: ViewerSession, pane: Pane): void {
  const { shown } = pane.view;
  const content = session.state.getState().contents[pane.id];
  if (shown === undefined || content === undefined) return;
  const { sopInstanceUID } = shown.instance;
  const marked = session.annotations.of(sopInstanceUID, shown.frame).filter(({ kind }) => kind === 'key-image');
  if (marked.length > 0) session.annotations.remove(marked.map(({ id }) => id));
  else {
    session.annotations.put({
      id: crypto.randomUUID(),
      kind: 'key-image',
      ...content,
      sopInstanceUID,
      frame: shown.frame,
      points: [],
      name: '',
    });
  }
}

const RATES = [1, 2, 4, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];

function nextRate(rate: number, by: 1 | -1): number {
  const next = by > 0 ? RATES.find((step) => step > rate) : RATES.findLast((step) => step < rate);
  return next ?? rate;
}
