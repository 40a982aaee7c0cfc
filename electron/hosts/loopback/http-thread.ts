import { parentPort, workerData } from 'node:worker_threads';
import { PhosphorError, systemCode, toErrorData } from '../../../shared/contract/phosphor-error.ts';
import { loadStaticSite } from '../static-files.ts';
import { createContractSockets } from './contract-sockets.ts';
import { DropSpool } from './drop-spool.ts';
import { createHttpServer } from './http-server.ts';
import { digest, Keyring } from './keys.ts';
import type { FromHttpThread, HttpThreadData, ToHttpThread } from './protocol.ts';

/** The thread that serves the loopback host: HTTP, WebSocket, validation and JSON all happen here, away from the main thread. */
async function serve(data: HttpThreadData): Promise<void> {
  const tell = (message: FromHttpThread): void => parentPort?.postMessage(message);
  const keyring = new Keyring(data.keys);
  const spool = new DropSpool(data.archive);
  const server = createHttpServer({
    site: await loadStaticSite(data.rendererDirectory),
    archive: data.archive,
    keyring,
    spool,
    onExchanged: (token) => tell({ kind: 'exchanged', tokenDigest: digest(token), keys: keyring.keys() }),
  });
  const sockets = createContractSockets({
    server,
    keyring,
    onRequest: (ticket, command, args) => tell({ kind: 'request', ticket, command, args }),
  });

  parentPort?.on('message', (message: ToHttpThread) => {
    switch (message.kind) {
      case 'answer':
        sockets.answer(message.ticket, message.answer);
        break;
      case 'event':
        sockets.event(message.event);
        tell({ kind: 'acknowledge', count: 1 });
        break;
      case 'skipped':
        sockets.skipped();
        break;
      case 'admit':
        keyring.admit(message.tokenDigest, message.expiresAt);
        tell({ kind: 'admitted', tokenDigest: message.tokenDigest });
        break;
      case 'close':
        sockets.close();
        server.close(() => void spool.close().finally(() => parentPort?.close()));
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 500).unref();
        break;
    }
  });

  server.on('error', (error) => {
    const code = systemCode(error);
    const problem = new PhosphorError(
      code === 'EADDRINUSE' ? 'port-in-use' : 'unreachable',
      'the loopback host cannot listen',
      code === undefined ? {} : { code },
    );
    tell({ kind: 'failed', error: problem.data });
  });
  server.listen({ host: '127.0.0.1', port: data.port }, () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) tell({ kind: 'listening', port: address.port });
  });
}

serve(workerData as HttpThreadData).catch((thrown: unknown) => {
  parentPort?.postMessage({ kind: 'failed', error: toErrorData(thrown) } satisfies FromHttpThread);
});
