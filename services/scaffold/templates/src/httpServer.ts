import { createServer, type RequestListener, type Server } from 'node:http';

import type { Lifecycle } from './middleware/health.js';

/** What a connection may take, so that slow clients hold none for long. Load balancers keep theirs for 60 seconds. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
} as const;

export function httpServer(listener: RequestListener, lifecycle: Lifecycle): Server {
  const server = createServer(LIMITS, listener);
  server.on('request', (_request, response) => {
    response.once('close', () => {
      if (lifecycle.stopping) setImmediate(() => server.closeIdleConnections());
    });
  });
  return server;
}

/** Take no new connections, answer what has begun, and close each connection after its last answer. */
export async function drain(server: Server, lifecycle: Lifecycle): Promise<void> {
  lifecycle.stopping = true;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await closed;
}
