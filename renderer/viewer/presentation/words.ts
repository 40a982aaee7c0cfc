import { roomWords } from '../../i18n/room-words.ts';

/** Words of presentation states. */
export const say = roomWords('presentation', {
  menu: 'Presentation states',
  title: 'Window, view and marks',
  asStored: 'As stored',
  adopt: 'Take its graphics over as marks',
  noLabel: 'Without a label',
  hidden: 'Overlays and graphics hidden',
  none: 'No presentation state is about this image.',
  applied: 'Presentation state {{label}}',
  profile: {
    applied: 'Colours by the ICC profile',
    unsupported: 'ICC profile of another kind than tables and curves not applied',
    'not-rgb': 'ICC profile of other colours than RGB not applied',
    damaged: 'Damaged ICC profile not applied',
  },
  notApplied: {
    mask: 'subtraction of a mask not applied',
    overlays: "the state's own overlays not applied",
    palette: 'palette of the state not applied',
    icc: 'ICC profile of the state not applied',
    tables: 'a damaged lookup table not applied',
    registration: 'registration of the images laid over not applied',
    blending: 'blending not applied',
    absent: 'the images that it lays over are not open',
    cut: 'too many graphics: not all are shown',
  },
});
