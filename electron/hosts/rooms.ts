import type { DemoFactory, OpenWorkstation } from '../workstation/types.ts';

/** What the hosts take from the rooms above them, loaded when it is needed: `phosphor --help` opens no database. */
export const openWorkstation: OpenWorkstation = async (options) => {
  const workstation = await import('../workstation/workstation.ts');
  return await workstation.openWorkstation(options);
};

export const startDemoPacs: DemoFactory = async (options) => {
  const demo = await import('../demo/demo-pacs.ts');
  return await demo.startDemoPacs(options);
};
