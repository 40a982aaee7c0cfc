import { type NodeUserIdentity, type PacsNode, type PacsNodeDraft, pacsNodeDraft } from '../../shared/contract/index.ts';

/** What stands in the form, as typed. */
export interface NodeForm {
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly aeTitle: string;
  readonly tls: boolean;
  readonly serverName: string;
  readonly trustAnchorsFile: string;
  readonly anyName: boolean;
  readonly identity: IdentityChoice;
  readonly username: string;
  /** Typed now; what is stored is never here. */
  readonly secret: string;
  /** The stored one goes when the form is saved. */
  readonly forgetSecret: boolean;
  readonly positiveResponseRequested: boolean;
  readonly maxPDULength: string;
  /** '': none. */
  readonly fallbackCharacterSet: string;
}

export type IdentityChoice = 'none' | NodeUserIdentity['type'];
/** Those that are proved by something secret. */
export type SecretIdentity = Exclude<NodeUserIdentity['type'], 'username'>;

/** Fields that are typed into, in their order on screen. */
export const NODE_FIELDS = [
  'name',
  'host',
  'port',
  'aeTitle',
  'serverName',
  'trustAnchorsFile',
  'username',
  'secret',
  'maxPDULength',
] as const satisfies readonly (keyof NodeForm)[];
export type NodeField = (typeof NODE_FIELDS)[number];

/** What is wrong with a field: the name of a sentence in the catalogue. */
export type Complaint = Exclude<NodeField, 'secret'> | 'nameTaken' | 'secretMissing' | 'secretLong' | 'kerberos' | 'saml' | 'jwt';

/** `unknown`: not asked yet. */
export type SecretState = 'unknown' | 'absent' | 'stored' | 'sealed';

export interface Circumstances {
  /** The entry as it is saved; undefined: not yet. */
  readonly saved: PacsNode | undefined;
  readonly secretState: SecretState;
  readonly nodes: readonly PacsNode[];
}

/** A node, and what becomes of its secret: a new one, null = none any more, undefined = as it is. */
export interface ReadNode {
  readonly draft: PacsNodeDraft;
  readonly secret: string | null | undefined;
}

/** Checks the form by the contract's own schema: the node with its secret, or what is wrong with which field. */
export function readForm(form: NodeForm, circumstances: Circumstances): ReadNode | { wrong: ReadonlyMap<NodeField, Complaint> } {
  const { saved, nodes } = circumstances;
  const wrong = new Map<NodeField, Complaint>();
  const checked = pacsNodeDraft.safeParse(draftOf(form, saved));
  for (const { path } of checked.error?.issues ?? []) {
    const field = NODE_FIELDS.find((one) => one === path.at(-1));
    if (field !== undefined && field !== 'secret') wrong.set(field, field);
  }
  if (nodes.some((node) => node.nodeId !== saved?.nodeId && sameName(node.name, form.name))) wrong.set('name', 'nameTaken');
  if (form.tls && trustAnchorsOf(form) !== '' && !FULL_PATH.test(trustAnchorsOf(form))) wrong.set('trustAnchorsFile', 'trustAnchorsFile');
  if (hasUsername(form.identity) && form.username.trim() === '') wrong.set('username', 'username');
  const secret = secretOf(form, circumstances);
  if (typeof secret === 'object' && secret !== null) wrong.set('secret', secret.wrong);
  else if (checked.success && wrong.size === 0) return { draft: checked.data, secret };
  return { wrong };
}

/** The form of a node, or an empty one. */
export function formOf(node: PacsNode | undefined): NodeForm {
  return {
    name: node?.name ?? '',
    host: node?.host ?? '',
    port: numberText(node?.port),
    aeTitle: node?.aeTitle ?? '',
    tls: node?.tls !== undefined,
    serverName: node?.tls?.serverName ?? '',
    trustAnchorsFile: node?.tls?.trustAnchorsFile ?? '',
    anyName: node?.tls?.checkName === false,
    identity: node?.userIdentity?.type ?? 'none',
    username: node?.userIdentity?.username ?? '',
    secret: '',
    forgetSecret: false,
    positiveResponseRequested: node?.userIdentity?.positiveResponseRequested ?? false,
    maxPDULength: numberText(node?.maxPDULength),
    fallbackCharacterSet: node?.fallbackCharacterSet ?? '',
  };
}

export function hasUsername(identity: IdentityChoice): boolean {
  return identity === 'username' || identity === 'passcode';
}

export function needsSecret(identity: IdentityChoice): identity is SecretIdentity {
  return identity in SECRET_READERS;
}

/** Whether the stored secret is one of this kind: a passcode is no token. */
export function secretFits({ identity }: NodeForm, { saved, secretState }: Pick<Circumstances, 'saved' | 'secretState'>): boolean {
  return secretState !== 'absent' && needsSecret(identity) && saved?.userIdentity?.type === identity;
}

function draftOf(form: NodeForm, saved: PacsNode | undefined): unknown {
  const { name, host, aeTitle, identity, username, positiveResponseRequested } = form;
  const [serverName, trustAnchorsFile] = [form.serverName.trim(), trustAnchorsOf(form)];
  return {
    name,
    host,
    port: wholeNumber(form.port),
    aeTitle,
    method: saved?.method ?? 'move',
    ...(form.maxPDULength.trim() === '' ? {} : { maxPDULength: wholeNumber(form.maxPDULength) }),
    ...(form.fallbackCharacterSet === '' ? {} : { fallbackCharacterSet: form.fallbackCharacterSet }),
    ...(form.tls
      ? {
          tls: {
            checkName: !form.anyName,
            ...(serverName === '' ? {} : { serverName }),
            ...(trustAnchorsFile === '' ? {} : { trustAnchorsFile }),
          },
        }
      : {}),
    ...(identity === 'none'
      ? {}
      : { userIdentity: { type: identity, positiveResponseRequested, ...(hasUsername(identity) ? { username } : {}) } }),
  };
}

function secretOf(form: NodeForm, circumstances: Circumstances): string | null | undefined | { wrong: Complaint } {
  const { identity } = form;
  const { saved, secretState } = circumstances;
  const nothing = secretState !== 'absent' && needsSecret(saved?.userIdentity?.type ?? 'none') ? null : undefined;
  if (!needsSecret(identity)) return nothing;
  if (form.secret === '') {
    if (form.forgetSecret) return nothing;
    return secretFits(form, circumstances) ? undefined : { wrong: 'secretMissing' };
  }
  const secret = SECRET_READERS[identity](form.secret);
  if (secret === undefined) return { wrong: identity === 'passcode' ? 'secretMissing' : identity };
  return new TextEncoder().encode(secret).length > MAX_SECRET_BYTES ? { wrong: 'secretLong' } : secret;
}

/** A field of the user identity sub-item has 16 bits for its length (PS3.7 D.3.3.7). */
const MAX_SECRET_BYTES = 65_535;

/** What was pasted as it is stored; undefined where it cannot be what it should be. Mail and terminals break long lines. */
const SECRET_READERS = {
  passcode: (typed: string) => typed,
  kerberos: (typed: string) => matching(typed.replaceAll(/\s/g, ''), /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  saml: (typed: string) => matching(typed.trim(), /^<[\s\S]*>$/),
  jwt: (typed: string) => matching(typed.replaceAll(/\s/g, ''), /^[\w-]+\.[\w-]+\.[\w-]*$/),
} as const satisfies Record<SecretIdentity, (typed: string) => string | undefined>;

function matching(text: string, form: RegExp): string | undefined {
  return text !== '' && form.test(text) ? text : undefined;
}

/** Where the workstation was started says nothing to a person: only a full path is the same file always. */
const FULL_PATH = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/;

/** File managers copy a path with quotation marks around it. */
function trustAnchorsOf({ trustAnchorsFile }: NodeForm): string {
  return trustAnchorsFile.trim().replace(/^(["'])(.*)\1$/, '$2');
}

function wholeNumber(typed: string): number {
  return /^\s*\d{1,8}\s*$/.test(typed) ? Number(typed) : Number.NaN;
}

function numberText(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

function sameName(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}
