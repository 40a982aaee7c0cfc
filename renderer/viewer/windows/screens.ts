/** A screen as the Window Management API tells of it, in pixels of the desktop. */
export interface ScreenPlace {
  readonly label: string;
  readonly availLeft: number;
  readonly availTop: number;
  readonly availWidth: number;
  readonly availHeight: number;
}

export interface WindowPlace {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Name of the screen, where it could be known. */
  readonly screen?: string;
}

/**
 * Where a further window goes: where the last one was if its screen is still there, else all of a screen that the first window is not on, else
 * beside it. Without permission to know the screens, the last place or none: then the system chooses. Never exactly over a window that is open
 * (`open`): on a screen without one, else a little aside.
 */
export function placeFor(
  screens: readonly ScreenPlace[],
  current: ScreenPlace | undefined,
  last: WindowPlace | undefined,
  open: readonly WindowPlace[] = [],
): WindowPlace | undefined {
  const place = wantedPlace(screens, current, last);
  if (place === undefined || !open.some((one) => covers(one, place))) return place;
  const empty = screens.find((screen) => !isSame(screen, current) && !open.some((one) => holds(screen, one)));
  if (empty !== undefined) return whole(empty);
  const on = screenOf(screens, place);
  let aside = place;
  for (let step = 0; step < open.length && open.some((one) => covers(one, aside)); step++) {
    aside = { ...aside, left: aside.left + ASIDE, top: aside.top + ASIDE, width: aside.width - ASIDE, height: aside.height - ASIDE };
  }
  return on === undefined ? aside : inside(aside, on);
}

/** By so many pixels a window stands aside of the one below it. */
const ASIDE = 32;

function covers(a: WindowPlace, b: WindowPlace): boolean {
  return Math.abs(a.left - b.left) < ASIDE && Math.abs(a.top - b.top) < ASIDE;
}

function wantedPlace(
  screens: readonly ScreenPlace[],
  current: ScreenPlace | undefined,
  last: WindowPlace | undefined,
): WindowPlace | undefined {
  if (screens.length === 0) return last;
  // Two screens of one make have one name.
  const called = last?.screen === undefined ? [] : screens.filter(({ label }) => label === last.screen);
  const known = last === undefined ? undefined : (called.find((screen) => holds(screen, last)) ?? called[0]);
  if (last !== undefined && known !== undefined) return inside(last, known);
  if (last !== undefined && last.screen === undefined) {
    const on = screens.find((screen) => holds(screen, last));
    if (on !== undefined) return inside(last, on);
  }
  const other = screens.find((screen) => !isSame(screen, current));
  return other === undefined ? undefined : whole(other);
}

/** The screen that holds the middle of a window. */
export function screenOf(screens: readonly ScreenPlace[], place: WindowPlace): ScreenPlace | undefined {
  return screens.find((screen) => holds(screen, place));
}

function whole({ label, availLeft, availTop, availWidth, availHeight }: ScreenPlace): WindowPlace {
  return { left: availLeft, top: availTop, width: availWidth, height: availHeight, screen: label };
}

/** The place, moved and cut so that it lies on the screen whole. */
function inside(place: WindowPlace, screen: ScreenPlace): WindowPlace {
  const width = Math.min(place.width, screen.availWidth);
  const height = Math.min(place.height, screen.availHeight);
  const within = (value: number, low: number, room: number) => Math.max(low, Math.min(low + room, value));
  return {
    left: within(place.left, screen.availLeft, screen.availWidth - width),
    top: within(place.top, screen.availTop, screen.availHeight - height),
    width,
    height,
    screen: screen.label,
  };
}

function holds({ availLeft, availTop, availWidth, availHeight }: ScreenPlace, { left, top, width, height }: WindowPlace): boolean {
  const [x, y] = [left + width / 2, top + height / 2];
  return x >= availLeft && x < availLeft + availWidth && y >= availTop && y < availTop + availHeight;
}

function isSame(a: ScreenPlace, b: ScreenPlace | undefined): boolean {
  return b !== undefined && a.availLeft === b.availLeft && a.availTop === b.availTop && a.label === b.label;
}
