import { randomBytes } from 'node:crypto';
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes a page (0600, in the run folder) that takes a browser to the loopback host and hands the token over in the URL's fragment: a
 * command line would show it to every user of the machine. Returns its path.
 */
export async function writeLaunchPage(runDirectory: string, port: number, token: string): Promise<string> {
  const path = join(runDirectory, `window-${randomBytes(6).toString('hex')}.html`);
  const target = `http://127.0.0.1:${port}/#launch=${token}`;
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${target}">
<title>Phosphor</title>
<style>html { background: #0c0d0e; color: #aab1b8; font: 13px sans-serif }</style>
<p>Phosphor opens here. This page works once and for 30 seconds; <code>phosphor window</code> writes a new one.</p>
</html>
`;
  await writeFile(path, page, { mode: 0o600, flag: 'wx' });
  await chmod(path, 0o600);
  return path;
}

/** Removes one launch page, or all that an earlier run left behind. */
export async function removeLaunchPages(runDirectory: string, path?: string): Promise<void> {
  const pages = path === undefined ? await readdir(runDirectory) : [];
  const stale = pages.filter((name) => /^window-[0-9a-f]{12}\.html$/.test(name)).map((name) => join(runDirectory, name));
  await Promise.all((path === undefined ? stale : [path]).map((page) => rm(page, { force: true })));
}
