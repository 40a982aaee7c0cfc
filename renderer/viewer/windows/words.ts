import { roomWords } from '../../i18n/room-words.ts';

export const sayWindow = roomWords('viewer-windows', {
  popOut: 'Series in a window of its own',
  linkWindows: 'Link the windows: scroll and window',
  nothing: 'There is no series in this pane.',
  blocked: 'The browser did not open a window. Allow this page to open windows.',
  orphan: 'The window that this one belongs to has been closed.',
  close: 'Close the window',
  dismiss: 'Dismiss',
});
