export { viewerEnglish } from './catalogue.en.ts';
export { Viewer } from './Viewer.tsx';
