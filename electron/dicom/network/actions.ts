import type { UpperLayerDriver as Driver, State } from './state-machine.ts';

// One function per action of PS3.8 tables 9-6 to 9-9, named as there. Each returns the next state.

/** Issue TRANSPORT CONNECT request. Whoever opened the transport has done it. */
export function AE_1(_driver: Driver): State {
  return 4;
}

/** Send A-ASSOCIATE-RQ. */
export function AE_2(driver: Driver): State {
  driver.sendAssociateRQ();
  return 5;
}

/** Issue A-ASSOCIATE confirmation (accept). */
export function AE_3(driver: Driver): State {
  driver.confirmAssociateAccept();
  return 6;
}

/** Issue A-ASSOCIATE confirmation (reject) and close the transport. */
export function AE_4(driver: Driver): State {
  driver.confirmAssociateReject();
  driver.closeTransport();
  return 1;
}

/** Issue transport connection response; start ARTIM. */
export function AE_5(driver: Driver): State {
  driver.startARTIM(2);
  return 2;
}

/** Stop ARTIM; A-ASSOCIATE indication where the upper layer can serve the request, else A-ASSOCIATE-RJ and ARTIM. */
export function AE_6(driver: Driver): State {
  driver.stopARTIM();
  if (driver.acceptableToProvider()) {
    driver.indicateAssociate();
    return 3;
  }
  driver.sendAssociateRJ();
  driver.startARTIM(13);
  return 13;
}

/** Send A-ASSOCIATE-AC. */
export function AE_7(driver: Driver): State {
  driver.sendAssociateAC();
  return 6;
}

/** Send A-ASSOCIATE-RJ and start ARTIM. */
export function AE_8(driver: Driver): State {
  driver.sendAssociateRJ();
  driver.startARTIM(13);
  return 13;
}

/** Send P-DATA-TF. */
export function DT_1(driver: Driver): State {
  driver.sendPData();
  return 6;
}

/** Issue P-DATA indication. */
export function DT_2(driver: Driver): State {
  driver.indicatePData();
  return 6;
}

/** Send A-RELEASE-RQ. */
export function AR_1(driver: Driver): State {
  driver.sendReleaseRQ();
  return 7;
}

/** Issue A-RELEASE indication. */
export function AR_2(driver: Driver): State {
  driver.indicateRelease();
  return 8;
}

/** Issue A-RELEASE confirmation and close the transport. */
export function AR_3(driver: Driver): State {
  driver.confirmRelease();
  driver.closeTransport();
  return 1;
}

/** Send A-RELEASE-RP and start ARTIM. */
export function AR_4(driver: Driver): State {
  driver.sendReleaseRP();
  driver.startARTIM(13);
  return 13;
}

/** Stop ARTIM. */
export function AR_5(driver: Driver): State {
  driver.stopARTIM();
  return 1;
}

/** Issue P-DATA indication (after our release request). */
export function AR_6(driver: Driver): State {
  driver.indicatePData();
  return 7;
}

/** Send P-DATA-TF (before our release response). */
export function AR_7(driver: Driver): State {
  driver.sendPData();
  return 8;
}

/** Issue A-RELEASE indication (collision): the requestor of the association answers first. */
export function AR_8(driver: Driver): State {
  driver.indicateRelease();
  return driver.role === 'requestor' ? 9 : 10;
}

/** Send A-RELEASE-RP (collision, requestor). */
export function AR_9(driver: Driver): State {
  driver.sendReleaseRP();
  return 11;
}

/** Issue A-RELEASE confirmation (collision, acceptor). */
export function AR_10(driver: Driver): State {
  driver.confirmRelease();
  return 12;
}

/** Send A-ABORT (service user) and start ARTIM. */
export function AA_1(driver: Driver): State {
  driver.sendAbort('serviceUser');
  driver.startARTIM(13);
  return 13;
}

/** Stop ARTIM and close the transport. */
export function AA_2(driver: Driver): State {
  driver.stopARTIM();
  driver.closeTransport();
  return 1;
}

/** A-ABORT or A-P-ABORT indication, by who aborted; close the transport. */
export function AA_3(driver: Driver): State {
  driver.indicateAbort();
  driver.closeTransport();
  return 1;
}

/** Issue A-P-ABORT indication. */
export function AA_4(driver: Driver): State {
  driver.indicateProviderAbort();
  return 1;
}

/** Stop ARTIM. */
export function AA_5(driver: Driver): State {
  driver.stopARTIM();
  return 1;
}

/** Ignore the PDU. */
export function AA_6(_driver: Driver): State {
  return 13;
}

/** Send A-ABORT. */
export function AA_7(driver: Driver): State {
  driver.sendAbort('serviceProvider');
  return 13;
}

/** Send A-ABORT (service provider), A-P-ABORT indication, start ARTIM. */
export function AA_8(driver: Driver): State {
  driver.sendAbort('serviceProvider');
  driver.indicateProviderAbort();
  driver.startARTIM(13);
  return 13;
}
