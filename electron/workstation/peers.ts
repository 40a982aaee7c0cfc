import type { PacsNode, Settings } from '../../shared/contract/index.ts';
import type { Peer } from '../associations/types.ts';

/** How a node is called: under our title, with what it wants to see of us. */
export async function peerOf(node: PacsNode, { aeTitle, maxPDULength }: Settings): Promise<Peer> {
  return {
    host: node.host,
    port: node.port,
    calledAETitle: node.aeTitle,
    callingAETitle: aeTitle,
    maxPDULength: node.maxPDULength ?? maxPDULength,
  };
}
