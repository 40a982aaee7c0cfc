import { recall, remember } from '../../app/memory.ts';
import { answerWindow } from '../../app/popped-out.ts';
import { saySo } from '../dialogs.ts';
import type { ViewerSession } from '../layout/session.ts';
import { placeFor, type ScreenPlace, screenOf, type WindowPlace } from './screens.ts';
import { sayWindow } from './words.ts';

const LAST = 'viewer.window';

/** Not in TypeScript's library yet. */
interface ScreenDetails {
  readonly screens: readonly ScreenPlace[];
  readonly currentScreen: ScreenPlace;
}
type WithScreens = Window & { getScreenDetails?(): Promise<ScreenDetails> };

/** The series of the active pane in a window of its own, on the screen where such a window was last. */
export async function popOut(session: ViewerSession): Promise<void> {
  const { active, contents } = session.state.getState();
  const content = contents[active];
  if (content === undefined) {
    saySo(sayWindow('nothing'), 'error');
    return;
  }
  const name = crypto.randomUUID();
  const details = await screensIfAllowed();
  opened = opened.filter((one) => !one.closed);
  const place = placeFor(details?.screens ?? [], details?.currentScreen, lastPlace(), opened.map(placeOf));
  answerWindow(name, { ...content, index: Math.max(0, session.active.presentation.index) });
  const features = place === undefined ? '' : `,left=${place.left},top=${place.top},width=${place.width},height=${place.height}`;
  const made = window.open(`${location.pathname}#window=${name}`, name, `popup${features}`);
  if (made === null) saySo(sayWindow('blocked'), 'error');
  else opened.push(made);
}

/** Windows that this one has opened. */
let opened: Window[] = [];

function placeOf({ screenX, screenY, outerWidth, outerHeight }: Window): WindowPlace {
  return { left: screenX, top: screenY, width: outerWidth, height: outerHeight };
}

/** Notes where this window stands, now and whenever that changes, until the result is called. */
export function rememberPlace(): () => void {
  const note = async () => {
    const place = placeOf(window);
    const details = await screensIfAllowed();
    const on = details === undefined ? undefined : screenOf(details.screens, place);
    remember(LAST, on === undefined ? place : { ...place, screen: on.label });
  };
  const now = () => void note();
  // A window that is moved tells nobody; it is asked when the reader turns to it or away, and when it goes.
  const events = ['resize', 'focus', 'blur', 'pagehide'] as const;
  for (const event of events) window.addEventListener(event, now);
  now();
  return () => {
    for (const event of events) window.removeEventListener(event, now);
  };
}

/** All screens, where the reader has allowed it; asking for the permission is for another time, so that the click still opens a window. */
async function screensIfAllowed(): Promise<ScreenDetails | undefined> {
  const asking = (window as WithScreens).getScreenDetails;
  if (asking === undefined || !('isExtended' in screen) || screen.isExtended !== true) return undefined;
  try {
    const { state } = await navigator.permissions.query({ name: 'window-management' as PermissionName });
    if (state === 'granted') return await asking.call(window);
    if (state === 'prompt') void asking.call(window).catch(() => undefined);
    return undefined;
  } catch {
    return undefined;
  }
}

function lastPlace(): WindowPlace | undefined {
  const { left, top, width, height, screen: on } = recall<Partial<WindowPlace>>(LAST, {});
  const numbers = [left, top, width, height].every((value) => Number.isFinite(value) && Math.abs(Number(value)) < 100_000);
  if (!numbers || left === undefined || top === undefined || width === undefined || height === undefined || width < 200 || height < 200)
    return undefined;
  return { left, top, width, height, ...(typeof on === 'string' ? { screen: on } : {}) };
}
