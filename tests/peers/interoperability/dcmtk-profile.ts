/** A storescu profile `Files` that proposes each SOP class in one transfer syntax only, whatever DCMTK would choose by itself (`-xf`). */
export function storescuProfile(transferSyntaxUID: string, sopClassUIDs: readonly string[]): string {
  return [
    '[[TransferSyntaxes]]',
    '[Stored]',
    `TransferSyntax1 = ${transferSyntaxUID}`,
    '[[PresentationContexts]]',
    '[Needed]',
    ...sopClassUIDs.map((uid, index) => `PresentationContext${index + 1} = ${uid}\\Stored`),
    '[[Profiles]]',
    '[Files]',
    'PresentationContexts = Needed',
    '',
  ].join('\n');
}
