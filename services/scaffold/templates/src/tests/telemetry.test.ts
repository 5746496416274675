import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

import { withServer } from './backend.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

interface Sent {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

test('a request and its calls of the database are spans of the trace that its sender names', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;

  await withServer({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }, async (send) => {
    await send('GET', '/ready', undefined, { traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
  });
  collector.close();

  const spans: Sent[] = bodies
    .flatMap((body) => JSON.parse(body).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans);
  const request = spans.find(({ name, traceId }) => name === 'GET /ready' && traceId === TRACE);
  const call = spans.find(({ name, traceId }) => name === 'GetItem' && traceId === TRACE);
  assert.equal(request?.parentSpanId, 'b7ad6b7169203331');
  assert.equal(call?.parentSpanId, request?.spanId);
});
