import { CommandField, type ServiceProvider } from '../network/index.ts';
import { withIdentifier } from './find-provider.ts';
import { Retrieve } from './move-provider.ts';
import { SOPClass } from './sop-classes.ts';
import { IDENTIFIER_SYNTAXES } from './transfer-syntaxes.ts';
import type { GetProviderOptions } from './types.ts';

/**
 * C-GET as SCP (PS3.4 C.4.3.3): C-STORE sub-operations on the association of the request, in the contexts in which its requestor took the SCP role
 * (`AcceptorOptions.subOperations`). An instance for which there is none is a failed sub-operation.
 */
export function getProvider(options: GetProviderOptions): ServiceProvider {
  return {
    commandField: CommandField.cGetRQ,
    abstractSyntaxes: options.sopClassUIDs ?? [SOPClass.StudyRootGet, SOPClass.PatientRootGet],
    transferSyntaxes: IDENTIFIER_SYNTAXES,
    handle: (request) =>
      withIdentifier(request, (query) => {
        const connect = async () => request.association;
        return new Retrieve({ ...options, connect, sameAssociation: true }, request, query).run();
      }),
  };
}
