import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificate, certificateMaker, OPENSSL_MISSING } from '../support/certificates.ts';
import { type DcmtkServer, startStorescp } from '../support/dcmtk.ts';
import { freePort } from '../support/free-port.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type RunningWorkstation, startWorkstation } from '../support/workstation.ts';
import { addNode, expectNoErrors, launchChromium, openWindow, type Window } from './browser.ts';

const PASSCODE = 'open-sesame-4711';
const suite = OPENSSL_MISSING === undefined ? describe : describe.skip;

suite(`a PACS that is careful about who calls it${OPENSSL_MISSING === undefined ? '' : ` (${OPENSSL_MISSING})`}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let browser: Browser;
  let workstation: RunningWorkstation;
  let window: Window;
  let page: Page;
  let authority: Certificate;
  let stranger: Certificate;
  let encrypted: DcmtkServer;
  let strict: Receiver;
  let profile: string;

  beforeAll(async () => {
    folder = await temporaryFolder('secure-node');
    profile = join(folder.path, 'profile');
    const make = certificateMaker(folder.path);
    authority = make('authority', { ca: true });
    stranger = make('stranger', { ca: true });
    const theirs = make('theirs', { issuer: authority });
    // Ours ends soon: the self-test has something to say.
    const ours = make('ours', { issuer: authority, until: 9 });
    await chmod(ours.privateKeyFile, 0o600);
    await mkdir(profile, { mode: 0o700 });
    const tls = { certificateFile: ours.certificateFile, privateKeyFile: ours.privateKeyFile, trustAnchorsFile: stranger.certificateFile };
    await writeFile(join(profile, 'settings.jsonc'), JSON.stringify({ tls }));
    const userIdentity = { required: true, passcodes: { jane: PASSCODE } };
    [encrypted, strict, browser, workstation] = await Promise.all([
      startStorescp(join(folder.path, 'storescp'), {
        aeTitle: 'ENCRYPTED',
        args: ['+tls', theirs.privateKeyFile, theirs.certificateFile, '+cf', authority.certificateFile],
      }),
      startReceiver(join(folder.path, 'strict'), { access: { aeTitle: 'STRICT', acceptAnyone: true, userIdentity } }),
      launchChromium(),
      startWorkstation({ profile, port: await freePort() }),
    ]);
    window = await openWindow(browser, await workstation.launchPage());
    page = window.page;
  });

  afterAll(async () => {
    await browser?.close();
    await workstation?.stop();
    await encrypted?.stop();
    await strict?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const field = (name: string): Locator => page.getByRole('textbox', { name, exact: true });
  const answer = (): Locator => page.locator('.editor-answer');
  const head = (): Locator => page.getByRole('button', { name: /^Advanced/ });
  const closeEditor = async (): Promise<void> => {
    await page.keyboard.press('Escape');
    await page.locator('.editor').waitFor({ state: 'detached' });
  };
  const edit = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: `What to do with ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await page.getByRole('heading', { name: `Edit ${name}` }).waitFor();
    await field('Name').and(page.locator(':focus')).waitFor();
  };
  const testConnection = () => page.getByRole('button', { name: 'Test connection' }).click();

  test('a plain form keeps the advanced part folded, says what is in it, and opens by the keyboard', async () => {
    await page.getByRole('button', { name: 'Add a PACS' }).first().click();
    await head().getByText('TLS, user identity, PDU length').waitFor();
    expect(await head().getAttribute('aria-expanded')).toBe('false');
    expect(await page.getByRole('switch').count()).toBe(0);
    await field('AE title').press('Tab');
    await head().and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Enter');
    const inside = [
      page.getByRole('switch', { name: 'Encrypted connection (TLS)' }),
      page.getByRole('combobox', { name: 'Say who is calling' }),
      field('Announced PDU length (bytes)'),
      page.getByRole('combobox', { name: 'Character set, where none is declared' }),
      page.getByRole('button', { name: 'Save' }),
    ];
    for (const next of inside) {
      await page.keyboard.press('Tab');
      await next.and(page.locator(':focus')).waitFor();
    }
    expect(await field('Announced PDU length (bytes)').getAttribute('placeholder')).toBe('131072 (default)');
    await closeEditor();
  });

  test('a PACS that speaks TLS only: called plainly it breaks off; by TLS the sentence says whose certificate is not trusted; with its authority it answers', async () => {
    await addNode(page, { name: 'ENCRYPTED', host: '127.0.0.1', port: encrypted.port, aeTitle: 'ENCRYPTED' });
    await answer().locator('[data-good="false"]').waitFor();

    await head().press('Enter');
    await page.getByRole('switch', { name: 'Encrypted connection (TLS)' }).press('Space');
    await page.getByText('The certificate expires on', { exact: false }).waitFor();
    await page.getByText('Warning:').first().waitFor();
    await testConnection();
    await answer().getByText('Nobody whom this workstation trusts vouches for the certificate of ENCRYPTED.').waitFor();

    await field('Trust anchors').fill('authority.crt');
    await testConnection();
    await page.getByText('The full path of the file').waitFor();
    await field('Trust anchors').and(page.locator(':focus')).waitFor();

    await field('Trust anchors').fill(authority.certificateFile);
    await testConnection();
    await answer()
      .getByText(/^ENCRYPTED answered in/)
      .waitFor();
    await closeEditor();
  });

  test('the certificate bears another name: the sentence says so, and any name may be allowed', async () => {
    await edit('ENCRYPTED');
    // Something in it is set: it is open.
    expect(await field('Trust anchors').inputValue()).toBe(authority.certificateFile);
    await field('Server name').fill('other.example');
    await testConnection();
    await answer()
      .getByText(/certificate of ENCRYPTED is made out to another name/)
      .waitFor();
    await page.getByRole('checkbox', { name: 'Any name in the certificate' }).press('Space');
    await page.getByText(/can pass for this PACS/).waitFor();
    await testConnection();
    await answer()
      .getByText(/^ENCRYPTED answered in/)
      .waitFor();
    await closeEditor();
    const { nodes } = JSON.parse(await readFile(join(profile, 'nodes.json'), 'utf8'));
    expect(nodes[0].tls).toEqual({ checkName: false, serverName: 'other.example', trustAnchorsFile: authority.certificateFile });
  });

  test('a PACS that wants a passcode: without one it refuses, with a wrong one the identity is the thing to check, with the right one it answers', async () => {
    await addNode(page, { name: 'STRICT', host: '127.0.0.1', port: strict.listener.port, aeTitle: 'STRICT' });
    await answer()
      .getByText(/whether it wants to know who is calling/)
      .waitFor();

    await head().click();
    await page.getByRole('combobox', { name: 'Say who is calling' }).selectOption({ label: 'User name and passcode' });
    await testConnection();
    await page.getByText('None is stored: enter it.').waitFor();
    await field('User name').and(page.locator(':focus')).waitFor();
    await field('User name').fill('jane');
    await field('Passcode').fill('wrong');
    await testConnection();
    await answer()
      .getByText(/does not accept the user identity/)
      .waitFor();
    await field('Passcode').fill(PASSCODE);
    await testConnection();
    await answer()
      .getByText(/^STRICT answered in/)
      .waitFor();
    expect(await field('Passcode').inputValue()).toBe('');
    expect(await field('Passcode').getAttribute('placeholder')).toBe('stored');
    await closeEditor();
  });

  test('what is stored is never shown; the rest may be changed without it; cleared it is gone from the disk, and the PACS is not called', async () => {
    await edit('STRICT');
    await expect.poll(() => field('Passcode').getAttribute('placeholder')).toBe('stored');
    expect(await page.content()).not.toContain(PASSCODE);
    await field('Announced PDU length (bytes)').fill('100');
    await testConnection();
    await page.getByText('A whole number from 4096 to 1048576.').waitFor();
    await field('Announced PDU length (bytes)').fill('65536');
    await testConnection();
    await answer()
      .getByText(/^STRICT answered in/)
      .waitFor();
    expect(await readFile(join(profile, 'secrets.json'), 'utf8')).toContain(PASSCODE);
    await page.getByRole('button', { name: 'Clear: Passcode' }).click();
    await page.getByText('Forgotten when you save').waitFor();
    await testConnection();
    await answer()
      .getByText(/the secret for that is not stored on this computer/)
      .waitFor();
    expect(await readFile(join(profile, 'secrets.json'), 'utf8')).not.toContain(PASSCODE);
    await closeEditor();
  });

  test('a token is pasted into an area, in lines or not; what is none is said so at once', async () => {
    await edit('STRICT');
    const type = page.getByRole('combobox', { name: 'Say who is calling' });
    await type.selectOption({ label: 'JSON Web Token' });
    await field('JSON Web Token').fill('no token');
    await page.getByRole('checkbox', { name: 'Ask the PACS to confirm it' }).click();
    await page.getByText('Not a token: three parts with dots.').waitFor();
    await field('JSON Web Token').fill('eyJhbGciOiJIUzI1NiJ9\n.eyJzdWIiOiJqYW5lIn0\n.c2lnbmF0dXJl');
    await testConnection();
    await answer()
      .getByText(/does not accept the user identity/)
      .waitFor();
    const { nodes } = JSON.parse(await readFile(join(profile, 'secrets.json'), 'utf8'));
    expect(Object.values(nodes)).toEqual([{ secret: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl' }]);
    await closeEditor();
  });

  test('a name that another PACS has is criticised at its field', async () => {
    await addNode(page, { name: 'strict', host: '127.0.0.1', port: 104, aeTitle: 'OTHER' });
    await page.getByText('Another PACS has this name.').waitFor();
    await field('Name').and(page.locator(':focus')).waitFor();
    await closeEditor();
  });

  test('removed and brought back, a PACS is as it was but for its secret, and that is said', async () => {
    await page.getByRole('button', { name: 'What to do with STRICT' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(/STRICT is back\. What proves who calls it was forgotten/).waitFor();
    await edit('STRICT');
    expect(await page.getByRole('combobox', { name: 'Say who is calling' }).inputValue()).toBe('jwt');
    expect(await page.getByRole('button', { name: /^Clear/ }).count()).toBe(0);
    await closeEditor();
    expectNoErrors(window);
  });

  test('a secret that the desktop window has sealed: the field says so, and one that is entered here serves this window', async () => {
    const other = join(folder.path, 'profile-sealed');
    const nodeId = '00000000-0000-4000-8000-000000000001';
    const userIdentity = { type: 'passcode', username: 'jane', positiveResponseRequested: false };
    const { port } = strict.listener;
    const node = { nodeId, kind: 'pacs', name: 'SEALED', host: '127.0.0.1', port, aeTitle: 'STRICT', method: 'move', userIdentity };
    await mkdir(other, { mode: 0o700 });
    await writeFile(join(other, 'nodes.json'), JSON.stringify({ version: 1, nodes: [node] }));
    await writeFile(join(other, 'secrets.json'), JSON.stringify({ version: 1, nodes: { [nodeId]: { sealed: 'cmluZw==' } }, callers: {} }));
    await using second = await startWorkstation({ profile: other, port: await freePort() });
    const opened = await openWindow(browser, await second.launchPage());
    const within = opened.page;
    await within.getByRole('button', { name: 'What to do with SEALED' }).click();
    await within.getByRole('menuitem', { name: 'Edit' }).click();
    await within.getByText('The desktop window sealed it; this one cannot read it.', { exact: false }).waitFor();
    await within.getByRole('button', { name: 'Test connection' }).click();
    await within
      .locator('.editor-answer')
      .getByText(/was sealed by the desktop window/)
      .waitFor();
    await within.getByRole('textbox', { name: 'Passcode', exact: true }).fill(PASSCODE);
    await within.getByRole('button', { name: 'Test connection' }).click();
    await within
      .locator('.editor-answer')
      .getByText(/^SEALED answered in/)
      .waitFor();
    expectNoErrors(opened);
    await within.context().close();
  });
});
