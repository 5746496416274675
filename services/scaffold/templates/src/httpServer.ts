import { STATUS_CODES, createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { HttpError, RequestTimedOut } from './errors.js';
import type { Lifecycle } from './middleware/health.js';

/** What a connection may take, so that slow clients hold none for long. Load balancers keep theirs for 60 seconds. */
const OPTIONS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
  // The app asks for it, and answers as it does.
  requireHostHeader: false,
} as const;

export function httpServer(listener: RequestListener, lifecycle: Lifecycle): Server {
  const server = createServer(OPTIONS, listener);
  server.prependListener('request', (_request, response) => {
    lifecycle.open.add(response);
    if (lifecycle.stopping) closeAfter(response);
    response.once('close', () => {
      lifecycle.open.delete(response);
      if (lifecycle.stopping) setImmediate(() => server.closeIdleConnections());
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuse(toHttpError(error.code), socket);
  });
  // What a client expects is none of our business, so long as it sends its request.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return server;
}

/** What the parser of requests could not read, from which on nothing can be told apart. */
function toHttpError(code: string | undefined): HttpError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestTimedOut();
    case 'HPE_HEADER_OVERFLOW':
      return new HttpError(431, 'HEADERS_TOO_LARGE', 'The headers are too large.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new HttpError(413, 'BODY_TOO_LARGE', 'The body is too large.');
    default:
      return new HttpError(400, 'BAD_REQUEST', 'The request cannot be read.');
  }
}

/** Answer as every error is, and close the connection. */
function refuse({ status, code, message }: HttpError, socket: Duplex): void {
  const body = JSON.stringify({ error: { code, message } });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  else socket.destroy();
}

/** Say `Connection: close`, so that the client sends nothing more on it. */
function closeAfter(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

/** Take no new connections, answer what has begun, and close each connection after its last answer. */
export async function drain(server: Server, lifecycle: Lifecycle): Promise<void> {
  lifecycle.stopping = true;
  lifecycle.open.forEach(closeAfter);
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await closed;
}
