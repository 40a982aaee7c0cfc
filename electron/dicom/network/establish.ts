import { PhosphorError, toErrorData } from '../../../shared/contract/phosphor-error.ts';
import { EstablishedAssociation, type Negotiated } from './association.ts';
import { systemTime, tickerOf } from './clock.ts';
import { endInWords, pduError, timedOut } from './errors.ts';
import { DEFAULT_MAX_PDU_LENGTH } from './limits.ts';
import { agreedContexts, answerTo, peerInformation, proposalOf, Rejections } from './negotiation.ts';
import type { AssociateAC, AssociateRQ, UserInformation } from './pdu.ts';
import type { Transport } from './transport.ts';
import type { Acceptance, AcceptorOptions, Association, AssociationRequest, Rejection, RequestorOptions } from './types.ts';
import { UpperLayer } from './upper-layer.ts';
import type { UpperLayerUser } from './upper-layer-actions.ts';

let associations = 0;
let nextNumber = (): number => {
  associations += 1;
  return associations;
};

/** Where the numbers in the names of associations come from, in a process whose threads share them; else each thread counts its own. */
export function numberAssociations(next: () => number): void {
  nextNumber = next;
}

/**
 * Negotiates as requestor over a connected transport (PS3.8 §7.1). Rejects with PhosphorError `rejected`, `timed-out` (association), `aborted-by-peer`,
 * `connection-lost`, `protocol`, `cancelled`, `invalid-arguments`; the transport is closed then.
 */
export function requestAssociation(transport: Transport, options: RequestorOptions): Promise<Association> {
  const { promise, resolve, reject } = Promise.withResolvers<Association>();
  const { clocks, signal, maxPDULength = DEFAULT_MAX_PDU_LENGTH, time = systemTime, log = silent } = options;
  const ticker = tickerOf(time);
  let rq: AssociateRQ;
  try {
    if (signal?.aborted) throw cancelled();
    rq = proposalOf(options, maxPDULength);
  } catch (thrown) {
    transport.destroy();
    return Promise.reject(thrown);
  }
  const name = nameOf(options.callingAETitle, options.calledAETitle, nextNumber());
  const deadline = ticker.in(clocks.association);
  const onAbort = () => layer.abort(cancelled());
  const fail = once((error: PhosphorError) => {
    signal?.removeEventListener('abort', onAbort);
    log(`${name} ${endInWords(error)}`);
    reject(error);
  });
  const user: UpperLayerUser = {
    ...PASSIVE,
    onAssociateConfirm: (ac: AssociateAC) => {
      const contexts = agreedContexts(rq, ac);
      const peer = ofPeer(ac.userInformation);
      signal?.removeEventListener('abort', onAbort);
      const { callingAETitle, calledAETitle, services = [] } = options;
      const now = () => time.now();
      resolve(new EstablishedAssociation(layer, { name, callingAETitle, calledAETitle, contexts, services, clocks, log, now, ...peer }));
      log(`${name} established, ${contexts.length} of ${rq.contexts.length} presentation contexts`);
      if (options.userIdentity?.positiveResponseRequested && ac.userInformation.userIdentityResponse === undefined) {
        log(`${name} the peer did not confirm the user identity`);
      }
    },
    onFailure: fail,
    onClosed: () => fail(connectionLost()),
    onTick: (now) => {
      if (now >= deadline) layer.abort(timedOut('association'));
    },
  };
  const layer = new UpperLayer(transport, user, { role: 'requestor', clocks, maxPDULength, ticker });
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    layer.requestAssociation(rq);
  } catch (thrown) {
    transport.destroy();
    fail(
      thrown instanceof PhosphorError
        ? thrown
        : new PhosphorError('internal', 'the association could not be requested', {}, { cause: thrown }),
    );
  }
  return promise;
}

/**
 * Waits for the peer's A-ASSOCIATE-RQ and answers it. Rejects with PhosphorError where no association comes about: `rejected` after our A-ASSOCIATE-RJ,
 * `timed-out` (association), `connection-lost`, `protocol` …
 */
export function acceptAssociation(transport: Transport, options: AcceptorOptions): Promise<Association> {
  const { promise, resolve, reject } = Promise.withResolvers<Association>();
  const { clocks, maxPDULength = DEFAULT_MAX_PDU_LENGTH, time = systemTime, log = silent } = options;
  // Its titles are not known yet.
  const number = nextNumber();
  let name = nameOf('?', transport.remoteAddress, number);
  const ticker = tickerOf(time);
  let judgeUntil = Number.POSITIVE_INFINITY;
  const fail = once((error: PhosphorError) => {
    log(`${name} ${endInWords(error)}`);
    reject(error);
  });
  const user: UpperLayerUser = {
    ...PASSIVE,
    onAssociateIndication: (rq: AssociateRQ) => {
      name = nameOf(rq.calledAETitle, rq.callingAETitle, number);
      judgeUntil = ticker.in(clocks.association);
      // After the machine has reached state 3, however fast the judge is.
      queueMicrotask(() => void decide(rq));
    },
    onFailure: fail,
    onClosed: () => fail(connectionLost()),
    onTick: (now) => {
      // Whoever judges for us (a host name is looked up …) holds no caller for ever: PS3.8 has no clock for it.
      if (now >= judgeUntil && layer.state === 3) layer.reject(Rejections.temporaryCongestion);
    },
  };
  const layer = new UpperLayer(transport, user, { role: 'acceptor', clocks, maxPDULength, ticker });

  const decide = async (rq: AssociateRQ): Promise<void> => {
    let decision: Acceptance | { readonly reject: Rejection };
    try {
      decision = await options.authorize(requestOf(rq, transport.remoteAddress));
    } catch (thrown) {
      const { kind, message } = toErrorData(thrown);
      log(`${name} could not be judged: ${kind}, ${message}`);
      decision = { reject: Rejections.noReason };
    }
    // The peer may be gone by now.
    if (layer.state !== 3) return;
    if ('reject' in decision) {
      layer.reject(decision.reject);
      return;
    }
    try {
      establish(rq, decision);
    } catch (thrown) {
      layer.abort(thrown instanceof PhosphorError ? thrown : pduError('the association request cannot be answered'));
    }
  };

  const establish = (rq: AssociateRQ, acceptance: Acceptance): void => {
    const services = acceptance.services ?? options.services;
    const { subOperations } = options;
    const { ac, contexts } = answerTo(rq, services, acceptance, {
      maxPDULength,
      ...(subOperations === undefined ? {} : { subOperations }),
    });
    const { callingAETitle, calledAETitle } = rq;
    const peer = ofPeer(rq.userInformation);
    const now = () => time.now();
    resolve(new EstablishedAssociation(layer, { name, callingAETitle, calledAETitle, contexts, services, clocks, log, now, ...peer }));
    layer.accept(ac);
    log(`${name} established, ${contexts.length} of ${rq.contexts.length} presentation contexts`);
  };

  layer.awaitAssociation();
  return promise;
}

function requestOf(rq: AssociateRQ, remoteAddress: string): AssociationRequest {
  const { callingAETitle, calledAETitle, userInformation } = rq;
  const { userIdentity, extendedNegotiation, commonExtendedNegotiation } = userInformation;
  const roles = new Map(userInformation.roles.map((role) => [role.sopClassUID, { scu: role.scu, scp: role.scp }]));
  const contexts = rq.contexts.map((context) => {
    const wanted = roles.get(context.abstractSyntax);
    return { ...context, ...(wanted === undefined ? {} : { roles: wanted }) };
  });
  const { maxPDULength, implementationClassUID, implementationVersionName } = userInformation;
  return {
    callingAETitle,
    calledAETitle,
    remoteAddress,
    contexts,
    peer: { maxPDULength, implementationClassUID, implementationVersionName },
    extendedNegotiation,
    commonExtendedNegotiation,
    ...(userIdentity === undefined ? {} : { userIdentity }),
  };
}

/** What an association keeps of what the peer said of itself. */
function ofPeer(said: UserInformation): Pick<Negotiated, 'peer' | 'extendedNegotiation'> {
  return { peer: peerInformation(said), extendedNegotiation: said.extendedNegotiation };
}

function nameOf(local: string, remote: string, number: number): string {
  return `${local}->${remote}(${number})`;
}

function silent(): void {}

/** What ends a negotiation is told once; the transport's close, which always follows, is no second end. */
function once(tell: (error: PhosphorError) => void): (error: PhosphorError) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    tell(error);
  };
}

function cancelled(): PhosphorError {
  return new PhosphorError('cancelled', 'the association was given up');
}

function connectionLost(): PhosphorError {
  return new PhosphorError('connection-lost', 'the connection was closed before the association was established');
}

/** A user during the negotiation: no data may come yet. */
const PASSIVE: Omit<UpperLayerUser, 'onFailure' | 'onClosed'> = {
  onFragment: () => undefined,
  insideMessage: () => false,
  onReceived: () => {},
  onReleaseIndication: () => {},
  onReleaseConfirm: () => {},
  onDrain: () => {},
  onTick: () => {},
};
