import { type Association, CommandField, type ProposedContext, type ServiceProvider, Status } from '../network/index.ts';
import { finalStatusOf, requireContext, serviceOperation } from './final-status.ts';
import { SOPClass } from './sop-classes.ts';
import { UNCOMPRESSED } from './transfer-syntaxes.ts';
import type { EchoOutcome, ServiceOperation } from './types.ts';

/** C-ECHO as SCU (PS3.4 annex A, PS3.7 §9.1.5). Throws `no-presentation-context`. */
export function echo(association: Association): ServiceOperation<EchoOutcome> {
  const context = requireContext(association, [SOPClass.Verification]);
  let sentAt = association.now();
  const operation = association.send({
    context,
    command: { commandField: CommandField.cEchoRQ, affectedSOPClassUID: SOPClass.Verification },
    onSent: () => {
      sentAt = association.now();
    },
  });
  const done = operation.done.then(({ command }) => ({ ...finalStatusOf(command), latencyMs: association.now() - sentAt }));
  return serviceOperation(operation, done);
}

export function verificationContexts(): ProposedContext[] {
  return [{ abstractSyntax: SOPClass.Verification, transferSyntaxes: UNCOMPRESSED }];
}

/** C-ECHO as SCP. */
export function verificationProvider(): ServiceProvider {
  return {
    commandField: CommandField.cEchoRQ,
    abstractSyntaxes: [SOPClass.Verification],
    handle(request) {
      void request.respond({ status: Status.success });
      return undefined;
    },
  };
}
