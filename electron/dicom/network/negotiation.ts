import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, transferSyntaxOf } from '../dataset/index.ts';
import { CommandField } from './command-set.ts';
import { pduError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { APPLICATION_CONTEXT, type AssociateAC, type AssociateRQ, ContextResult, type UserInformation } from './pdu.ts';
import type {
  Acceptance,
  AcceptedContext,
  AcceptorOptions,
  PeerInformation,
  Rejection,
  RequestorOptions,
  Roles,
  ServiceProvider,
} from './types.ts';

const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2';
const DEFAULT_ROLES: Roles = { scu: true, scp: false };

/** A-ASSOCIATE-RJ values that we send (PS3.8 table 9-21). */
export const Rejections = {
  noReason: { result: 1, source: 1, reason: 1 },
  callingAETitleNotRecognized: { result: 1, source: 1, reason: 3 },
  calledAETitleNotRecognized: { result: 1, source: 1, reason: 7 },
  temporaryCongestion: { result: 2, source: 3, reason: 1 },
  localLimitExceeded: { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, Rejection>;

/** The A-ASSOCIATE-RQ for what is wanted. Throws PhosphorError `invalid-arguments`. */
export function proposalOf(options: RequestorOptions, maxPDULength: number): AssociateRQ {
  const { contexts } = options;
  if (contexts.length === 0 || contexts.length > LIMITS.presentationContexts) {
    throw new PhosphorError('invalid-arguments', 'an association proposes 1 to 128 presentation contexts');
  }
  const roles = new Map<string, Roles>();
  for (const { abstractSyntax, roles: wanted } of contexts) if (wanted) roles.set(abstractSyntax, wanted);
  const userInformation: UserInformation = {
    ...ownInformation(maxPDULength),
    roles: [...roles].map(([sopClassUID, wanted]) => ({ sopClassUID, ...wanted })),
    extendedNegotiation: [...(options.extendedNegotiation ?? [])],
    commonExtendedNegotiation: [...(options.commonExtendedNegotiation ?? [])],
    ...(options.userIdentity === undefined ? {} : { userIdentity: options.userIdentity }),
  };
  return {
    protocolVersion: 1,
    calledAETitle: options.calledAETitle,
    callingAETitle: options.callingAETitle,
    applicationContext: APPLICATION_CONTEXT,
    contexts: contexts.map((context, index) => ({
      id: 2 * index + 1,
      abstractSyntax: context.abstractSyntax,
      transferSyntaxes: [...context.transferSyntaxes],
    })),
    userInformation,
  };
}

/** What an A-ASSOCIATE-AC agreed to. Throws PhosphorError `protocol` where it accepts what was not proposed. */
export function agreedContexts(rq: AssociateRQ, ac: AssociateAC): AcceptedContext[] {
  const proposed = new Map(rq.contexts.map((context) => [context.id, context]));
  const wanted = new Map(rq.userInformation.roles.map((role) => [role.sopClassUID, role]));
  const answered = new Map(ac.userInformation.roles.map((role) => [role.sopClassUID, role]));
  const agreed: AcceptedContext[] = [];
  for (const { id, result, transferSyntax } of ac.contexts) {
    const context = proposed.get(id);
    if (context === undefined) throw pduError('the peer answered a presentation context that was not proposed');
    if (result !== ContextResult.acceptance) continue;
    if (!context.transferSyntaxes.includes(transferSyntax)) throw pduError('the peer accepted a transfer syntax that was not proposed');
    const want = wanted.get(context.abstractSyntax);
    const answer = answered.get(context.abstractSyntax);
    // Without an answer the default roles stand (PS3.7 D.3.3.4).
    const requestorRoles = want && answer ? { scu: want.scu && answer.scu, scp: want.scp && answer.scp } : DEFAULT_ROLES;
    agreed.push({ id, abstractSyntax: context.abstractSyntax, transferSyntax, requestorRoles });
  }
  return agreed;
}

/** An acceptor's answer: the A-ASSOCIATE-AC and what it agrees to. */
export function answerTo(
  rq: AssociateRQ,
  services: readonly ServiceProvider[],
  acceptance: Acceptance,
  options: Pick<AcceptorOptions, 'subOperations'> & { maxPDULength: number },
): { ac: AssociateAC; contexts: AcceptedContext[] } {
  const wantedRoles = new Map(rq.userInformation.roles.map((role) => [role.sopClassUID, role]));
  const roles = new Map<string, Roles>();
  const contexts: AcceptedContext[] = [];
  const answers: AssociateAC['contexts'] = [];
  for (const { id, abstractSyntax, transferSyntaxes } of rq.contexts) {
    const wanted = wantedRoles.get(abstractSyntax) ?? DEFAULT_ROLES;
    const provider = services.find((service) => service.abstractSyntaxes.includes(abstractSyntax));
    const granted: Roles = {
      scu: wanted.scu && provider !== undefined,
      scp: wanted.scp && ((options.subOperations?.(abstractSyntax) ?? false) || takesEvents(services, abstractSyntax)),
    };
    const transferSyntax = granted.scu || granted.scp ? chooseTransferSyntax(transferSyntaxes, provider?.transferSyntaxes) : undefined;
    if (wantedRoles.has(abstractSyntax)) roles.set(abstractSyntax, granted);
    if (transferSyntax !== undefined) {
      contexts.push({ id, abstractSyntax, transferSyntax, requestorRoles: granted });
      answers.push({ id, result: ContextResult.acceptance, transferSyntax });
    } else {
      const result = granted.scu || granted.scp ? ContextResult.transferSyntaxesNotSupported : ContextResult.abstractSyntaxNotSupported;
      answers.push({ id, result, transferSyntax: transferSyntaxes[0] ?? IMPLICIT_VR_LITTLE_ENDIAN });
    }
  }
  const { userIdentity, asynchronousOperations } = rq.userInformation;
  const { userIdentityResponse } = acceptance;
  const ac: AssociateAC = {
    protocolVersion: 1,
    // Both titles are returned as they came (PS3.8 table 9-17).
    calledAETitle: rq.calledAETitle,
    callingAETitle: rq.callingAETitle,
    applicationContext: APPLICATION_CONTEXT,
    contexts: answers,
    userInformation: {
      ...ownInformation(options.maxPDULength),
      roles: [...roles].map(([sopClassUID, granted]) => ({ sopClassUID, ...granted })),
      extendedNegotiation: [...(acceptance.extendedNegotiation ?? [])],
      // One operation at a time in each direction, said only where it was asked (PS3.7 D.3.3.3).
      ...(asynchronousOperations === undefined ? {} : { asynchronousOperations: { invoked: 1, performed: 1 } }),
      // Whoever did not look at the identity does not confirm it (PS3.7 D.3.3.7).
      ...(userIdentity?.positiveResponseRequested && userIdentityResponse !== undefined ? { userIdentityResponse } : {}),
    },
  };
  return { ac, contexts };
}

/** A peer that reports events is the SCP of their class (PS3.7 §10.1.1). */
function takesEvents(services: readonly ServiceProvider[], abstractSyntax: string): boolean {
  return services.some(
    (service) => service.commandField === CommandField.nEventReportRQ && service.abstractSyntaxes.includes(abstractSyntax),
  );
}

/** The first proposed one that we take: the peer knows best what it can send without converting. */
function chooseTransferSyntax(proposed: readonly string[], taken: readonly string[] | undefined): string | undefined {
  return proposed.find((uid) => (taken === undefined ? transferSyntaxOf(uid) !== undefined : taken.includes(uid)));
}

export function peerInformation(user: UserInformation): PeerInformation {
  const { maxPDULength, implementationClassUID, implementationVersionName } = user;
  // Room for the header of a presentation data value and two bytes of it: with less no message could be sent.
  if (maxPDULength > 0 && maxPDULength < 8) throw pduError('the peer announced an impossible maximum length');
  return { maxPDULength, implementationClassUID, implementationVersionName };
}

function ownInformation(maxPDULength: number): UserInformation {
  return {
    maxPDULength,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    roles: [],
    extendedNegotiation: [],
    commonExtendedNegotiation: [],
  };
}
