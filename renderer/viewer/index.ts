export { prepareDecoders } from './decode-pool.ts';
export { Viewer } from './Viewer.tsx';
