import { roomWords } from '../../i18n/room-words.ts';

export const sayVideo = roomWords('viewer-video', {
  save: 'Save as a video, without text and marks',
  working: 'Making the video: image {{number}} of {{count}} …',
  saved: 'The video was saved as {{name}}. What is burnt into the images is in it too.',
  cut: 'The video holds the first {{count}} images.',
  noFrames: 'A video is made of a series with two images or more.',
  noEncoder: 'This browser brings no encoder that could make a video of this size. Export the images as pictures.',
  failed: 'The video could not be made: an image did not come, or the encoder gave up.',
});
