import { describe, expect, it, test } from 'vitest';
import { type Circumstances, formOf, type NodeForm, readForm } from '../../../renderer/nodes/draft.ts';
import type { PacsNode } from '../../../shared/contract/index.ts';

const MAIN: PacsNode = {
  nodeId: '00000000-0000-4000-8000-000000000001',
  kind: 'pacs',
  name: 'MAIN',
  host: 'pacs.example',
  port: 104,
  aeTitle: 'MAINPACS',
  method: 'move',
};
const NEW: Circumstances = { saved: undefined, secretState: 'absent', nodes: [] };
const typed = (changes: Partial<NodeForm> = {}): NodeForm => ({
  ...formOf(undefined),
  name: ' MAIN ',
  host: 'pacs.example',
  port: '104',
  aeTitle: 'MAINPACS',
  ...changes,
});
const draftOf = (form: NodeForm, circumstances = NEW) => {
  const read = readForm(form, circumstances);
  return 'draft' in read ? read.draft : read;
};
const wrong = (form: NodeForm, circumstances = NEW) => {
  const read = readForm(form, circumstances);
  return 'wrong' in read ? Object.fromEntries(read.wrong) : {};
};
const secret = (form: NodeForm, circumstances = NEW) => {
  const read = readForm(form, circumstances);
  return 'wrong' in read ? Object.fromEntries(read.wrong) : read.secret;
};

describe('the form of a PACS', () => {
  it('reads what is right', () => {
    expect(draftOf(typed())).toEqual({ name: 'MAIN', host: 'pacs.example', port: 104, aeTitle: 'MAINPACS', method: 'move' });
  });

  it.each<[keyof NodeForm, string]>([
    ['name', '   '],
    ['host', 'http://pacs/'],
    ['port', '1e3'],
    ['port', '70000'],
    ['port', ''],
    ['aeTitle', 'A TITLE THAT IS TOO LONG'],
    ['aeTitle', 'BACK\\SLASH'],
    ['maxPDULength', '4095'],
    ['maxPDULength', '1048577'],
    ['maxPDULength', '64k'],
  ])('points at %s where it says %j', (field, value) => {
    expect(wrong(typed({ [field]: value }))).toEqual({ [field]: field });
  });

  it('points at a name that another PACS has', () => {
    expect(wrong(typed({ name: 'main' }), { ...NEW, nodes: [MAIN] })).toEqual({ name: 'nameTaken' });
    expect(wrong(typed({ name: 'main' }), { ...NEW, nodes: [MAIN], saved: MAIN })).toEqual({});
  });

  it('gives back every part of a node that was only looked at', () => {
    const whole: PacsNode = {
      ...MAIN,
      method: 'get',
      maxPDULength: 65_536,
      tls: { serverName: 'other.example', trustAnchorsFile: '/etc/ca.pem', checkName: false },
      userIdentity: { type: 'passcode', username: 'jane', positiveResponseRequested: true },
    };
    const { nodeId: _nodeId, kind: _kind, ...draft } = whole;
    expect(readForm(formOf(whole), { saved: whole, secretState: 'stored', nodes: [whole] })).toEqual({ draft, secret: undefined });
  });
});

describe('encryption in the form', () => {
  it('is off until it is switched on, and what was typed for it does not count then', () => {
    const form = typed({ serverName: 'not a name', trustAnchorsFile: 'ca.pem', anyName: true });
    expect(draftOf(form)).not.toHaveProperty('tls');
    expect(draftOf(typed({ tls: true }))).toMatchObject({ tls: { checkName: true } });
  });

  it.each([
    ['"/etc/ssl/the hospital.pem"', '/etc/ssl/the hospital.pem'],
    [' /etc/ca.pem ', '/etc/ca.pem'],
    ['C:\\certificates\\ca.pem', 'C:\\certificates\\ca.pem'],
    ['\\\\server\\share\\ca.pem', '\\\\server\\share\\ca.pem'],
  ])('takes the path %s as it was pasted', (trustAnchorsFile, path) => {
    expect(draftOf(typed({ tls: true, trustAnchorsFile }))).toMatchObject({ tls: { trustAnchorsFile: path } });
  });

  it.each(['ca.pem', '~/ca.pem', './ca.pem'])('points at the path %s, which is another file elsewhere', (trustAnchorsFile) => {
    expect(wrong(typed({ tls: true, trustAnchorsFile }))).toEqual({ trustAnchorsFile: 'trustAnchorsFile' });
  });

  it('points at a server name that is none', () => {
    expect(wrong(typed({ tls: true, serverName: 'http://pacs' }))).toEqual({ serverName: 'serverName' });
  });
});

describe('the user identity in the form', () => {
  const known = (type: NonNullable<PacsNode['userIdentity']>['type'], secretState: Circumstances['secretState']): Circumstances => {
    const saved: PacsNode = { ...MAIN, userIdentity: { type, username: 'jane', positiveResponseRequested: false } };
    return { saved, secretState, nodes: [saved] };
  };
  const passcode = typed({ identity: 'passcode', username: 'jane' });

  it('wants a user name, and a secret where none is stored', () => {
    expect(wrong(typed({ identity: 'passcode' }))).toEqual({ username: 'username', secret: 'secretMissing' });
    expect(draftOf(typed({ identity: 'username', username: ' jane ' }))).toMatchObject({
      userIdentity: { type: 'username', username: 'jane', positiveResponseRequested: false },
    });
  });

  it.each(['stored', 'sealed', 'unknown'] as const)('leaves a secret alone that is %s and not typed anew', (state) => {
    expect(secret(passcode, known('passcode', state))).toBeUndefined();
    expect(secret({ ...passcode, secret: 'new' }, known('passcode', state))).toBe('new');
  });

  it('does not take a stored passcode for a token, and asks for one', () => {
    expect(secret(typed({ identity: 'jwt' }), known('passcode', 'stored'))).toEqual({ secret: 'secretMissing' });
  });

  it('forgets the secret when it is cleared, and when nothing secret is shown any more', () => {
    expect(secret({ ...passcode, forgetSecret: true }, known('passcode', 'stored'))).toBeNull();
    expect(secret(typed(), known('passcode', 'stored'))).toBeNull();
    expect(secret(typed({ identity: 'username', username: 'jane' }), known('jwt', 'sealed'))).toBeNull();
    expect(secret(typed(), known('username', 'absent'))).toBeUndefined();
  });

  test.each<[NodeForm['identity'], string, unknown]>([
    ['passcode', ' with spaces ', ' with spaces '],
    ['passcode', 'ü'.repeat(40_000), { secret: 'secretLong' }],
    ['kerberos', 'YIIC\nZgYJ\n', 'YIICZgYJ'],
    ['kerberos', 'no base64!', { secret: 'kerberos' }],
    ['kerberos', '  \n', { secret: 'kerberos' }],
    ['saml', '\n<saml:Assertion>…</saml:Assertion>\n', '<saml:Assertion>…</saml:Assertion>'],
    ['saml', 'PHNhbWw+', { secret: 'saml' }],
    ['jwt', 'eyJh\n.eyJz.SflK \n', 'eyJh.eyJz.SflK'],
    ['jwt', 'eyJh', { secret: 'jwt' }],
  ])('reads the %s %j as it must be sent', (identity, given, expected) => {
    expect(secret(typed({ identity, username: 'jane', secret: given }))).toEqual(expected);
  });
});
