/**
 * States of PS3.8 table 9-1 to 9-5: 1 idle; 2 awaiting A-ASSOCIATE-RQ; 3 awaiting the local answer; 4 awaiting the transport; 5 awaiting
 * A-ASSOCIATE-AC or -RJ; 6 data transfer; 7 awaiting A-RELEASE-RP; 8 awaiting the local release response; 9 release collision, requestor, awaiting
 * the local response; 10 release collision, acceptor, awaiting A-RELEASE-RP; 11 release collision, requestor, awaiting A-RELEASE-RP; 12 release
 * collision, acceptor, awaiting the local response; 13 awaiting the transport's close.
 */
export type State = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13;

/** What the actions drive: the upper layer's sending half, its timer and its user. */
export interface UpperLayerDriver {
  readonly role: 'requestor' | 'acceptor';
  sendAssociateRQ(): void;
  sendAssociateAC(): void;
  sendAssociateRJ(): void;
  sendPData(): void;
  sendReleaseRQ(): void;
  sendReleaseRP(): void;
  /** Source and reason as the event's cause wants them; `serviceUser` for AA-1. */
  sendAbort(source: 'serviceUser' | 'serviceProvider'): void;
  startARTIM(state: 2 | 13): void;
  stopARTIM(): void;
  closeTransport(): void;
  /** Whether the upper layer itself can serve the A-ASSOCIATE-RQ (protocol version, application context); prepares the A-ASSOCIATE-RJ. */
  acceptableToProvider(): boolean;
  indicateAssociate(): void;
  confirmAssociateAccept(): void;
  confirmAssociateReject(): void;
  indicatePData(): void;
  indicateRelease(): void;
  confirmRelease(): void;
  /** A-ABORT or A-P-ABORT indication for the A-ABORT PDU that came in. */
  indicateAbort(): void;
  /** A-P-ABORT indication: our own upper layer, or the transport, gave up. */
  indicateProviderAbort(): void;
}

// One function per action of PS3.8 §9.2.2, named as there. Each returns the next state.

/** Issue TRANSPORT CONNECT request. Whoever opened the transport has done it (PS3.8 table 9-6). */
export function AE_1(_driver: UpperLayerDriver): State {
  return 4;
}

/** Send A-ASSOCIATE-RQ (PS3.8 table 9-6). */
export function AE_2(driver: UpperLayerDriver): State {
  driver.sendAssociateRQ();
  return 5;
}

/** Issue A-ASSOCIATE confirmation (accept) (PS3.8 table 9-6). */
export function AE_3(driver: UpperLayerDriver): State {
  driver.confirmAssociateAccept();
  return 6;
}

/** Issue A-ASSOCIATE confirmation (reject) and close the transport (PS3.8 table 9-6). */
export function AE_4(driver: UpperLayerDriver): State {
  driver.confirmAssociateReject();
  driver.closeTransport();
  return 1;
}

/** Issue transport connection response; start ARTIM (PS3.8 table 9-6). */
export function AE_5(driver: UpperLayerDriver): State {
  driver.startARTIM(2);
  return 2;
}

/** Stop ARTIM; A-ASSOCIATE indication where the upper layer can serve the request, else A-ASSOCIATE-RJ and ARTIM (PS3.8 table 9-6). */
export function AE_6(driver: UpperLayerDriver): State {
  driver.stopARTIM();
  if (driver.acceptableToProvider()) {
    driver.indicateAssociate();
    return 3;
  }
  driver.sendAssociateRJ();
  driver.startARTIM(13);
  return 13;
}

/** Send A-ASSOCIATE-AC (PS3.8 table 9-6). */
export function AE_7(driver: UpperLayerDriver): State {
  driver.sendAssociateAC();
  return 6;
}

/** Send A-ASSOCIATE-RJ and start ARTIM (PS3.8 table 9-6). */
export function AE_8(driver: UpperLayerDriver): State {
  driver.sendAssociateRJ();
  driver.startARTIM(13);
  return 13;
}

/** Send P-DATA-TF (PS3.8 table 9-7). */
export function DT_1(driver: UpperLayerDriver): State {
  driver.sendPData();
  return 6;
}

/** Issue P-DATA indication (PS3.8 table 9-7). */
export function DT_2(driver: UpperLayerDriver): State {
  driver.indicatePData();
  return 6;
}

/** Send A-RELEASE-RQ (PS3.8 table 9-8). */
export function AR_1(driver: UpperLayerDriver): State {
  driver.sendReleaseRQ();
  return 7;
}

/** Issue A-RELEASE indication (PS3.8 table 9-8). */
export function AR_2(driver: UpperLayerDriver): State {
  driver.indicateRelease();
  return 8;
}

/** Issue A-RELEASE confirmation and close the transport (PS3.8 table 9-8). */
export function AR_3(driver: UpperLayerDriver): State {
  driver.confirmRelease();
  driver.closeTransport();
  return 1;
}

/** Send A-RELEASE-RP and start ARTIM (PS3.8 table 9-8). */
export function AR_4(driver: UpperLayerDriver): State {
  driver.sendReleaseRP();
  driver.startARTIM(13);
  return 13;
}

/** Stop ARTIM (PS3.8 table 9-8). */
export function AR_5(driver: UpperLayerDriver): State {
  driver.stopARTIM();
  return 1;
}

/** Issue P-DATA indication (after our release request) (PS3.8 table 9-8). */
export function AR_6(driver: UpperLayerDriver): State {
  driver.indicatePData();
  return 7;
}

/** Send P-DATA-TF (before our release response) (PS3.8 table 9-8). */
export function AR_7(driver: UpperLayerDriver): State {
  driver.sendPData();
  return 8;
}

/** Issue A-RELEASE indication (collision): the requestor of the association answers first (PS3.8 table 9-8). */
export function AR_8(driver: UpperLayerDriver): State {
  driver.indicateRelease();
  return driver.role === 'requestor' ? 9 : 10;
}

/** Send A-RELEASE-RP (collision, requestor) (PS3.8 table 9-8). */
export function AR_9(driver: UpperLayerDriver): State {
  driver.sendReleaseRP();
  return 11;
}

/** Issue A-RELEASE confirmation (collision, acceptor) (PS3.8 table 9-8). */
export function AR_10(driver: UpperLayerDriver): State {
  driver.confirmRelease();
  return 12;
}

/** Send A-ABORT (service user) and start ARTIM, or restart it where it runs (PS3.8 table 9-9). */
export function AA_1(driver: UpperLayerDriver): State {
  driver.sendAbort('serviceUser');
  driver.startARTIM(13);
  return 13;
}

/** Stop ARTIM where it runs; close the transport (PS3.8 table 9-9). */
export function AA_2(driver: UpperLayerDriver): State {
  driver.stopARTIM();
  driver.closeTransport();
  return 1;
}

/** A-ABORT or A-P-ABORT indication, by who aborted; close the transport (PS3.8 table 9-9). */
export function AA_3(driver: UpperLayerDriver): State {
  driver.indicateAbort();
  driver.closeTransport();
  return 1;
}

/** Issue A-P-ABORT indication (PS3.8 table 9-9). */
export function AA_4(driver: UpperLayerDriver): State {
  driver.indicateProviderAbort();
  return 1;
}

/** Stop ARTIM (PS3.8 table 9-9). */
export function AA_5(driver: UpperLayerDriver): State {
  driver.stopARTIM();
  return 1;
}

/** Ignore the PDU (PS3.8 table 9-9). */
export function AA_6(_driver: UpperLayerDriver): State {
  return 13;
}

/** Send A-ABORT (PS3.8 table 9-9). */
export function AA_7(driver: UpperLayerDriver): State {
  driver.sendAbort('serviceProvider');
  return 13;
}

/** Send A-ABORT (service provider), A-P-ABORT indication, start ARTIM (PS3.8 table 9-9). */
export function AA_8(driver: UpperLayerDriver): State {
  driver.sendAbort('serviceProvider');
  driver.indicateProviderAbort();
  driver.startARTIM(13);
  return 13;
}
