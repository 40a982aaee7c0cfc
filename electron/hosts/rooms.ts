/** What the hosts take from the rooms above them, in one place. */
export { startDemoPacs } from '../demo/demo-pacs.ts';
export { openWorkstation } from '../workstation/workstation.ts';
