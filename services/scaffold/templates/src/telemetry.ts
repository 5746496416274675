import { SpanKind, SpanStatusCode, context, propagation, trace, type Span, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { Request, RequestHandler, Response } from 'express';

import type { Database } from './services/database.js';

/**
 * OpenTelemetry: a span for each request, within the trace that its sender names, and one for each call of the database.
 * This module is loaded when traces are asked for, and only then.
 */
export class Telemetry {
  private readonly provider: NodeTracerProvider;
  private readonly tracer: Tracer;

  /** `endpoint` takes OTLP over HTTP. */
  constructor(endpoint: string, name: string, database: Database) {
    const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
    this.provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ 'service.name': name }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    this.provider.register();
    this.tracer = this.provider.getTracer(name);
    this.traceCalls(database);
  }

  /** Comes before all that a request is to be traced through. */
  readonly requests: RequestHandler = (request, response, next) => {
    const sender = propagation.extract(context.active(), request.headers);
    const span = this.tracer.startSpan(request.method, { kind: SpanKind.SERVER }, sender);
    response.locals.traceId = span.spanContext().traceId;
    response.once('close', () => {
      endRequest(span, request, response);
    });
    context.with(trace.setSpan(sender, span), next);
  };

  /** Send what has not been sent. */
  async stop(): Promise<void> {
    await this.provider.shutdown();
  }

  private traceCalls({ client }: Database): void {
    client.middlewareStack.add(
      (next, { commandName }) =>
        (call) => {
          const operation = String(commandName).replace(/Command$/, '');
          const attributes = { 'db.system.name': 'aws.dynamodb', 'db.operation.name': operation };
          return this.tracer.startActiveSpan(operation, { kind: SpanKind.CLIENT, attributes }, (span) =>
            ended(span, next(call)),
          );
        },
      { step: 'initialize', priority: 'high', name: 'traced' },
    );
  }
}

function endRequest(span: Span, request: Request, response: Response): void {
  const { path } = (request.route ?? {}) as { path?: string };
  const route = path === undefined ? undefined : `${request.baseUrl}${path}`;
  if (route !== undefined) span.updateName(`${request.method} ${route}`).setAttribute('http.route', route);
  span.setAttributes({
    'http.request.method': request.method,
    'http.response.status_code': response.statusCode,
    'url.path': request.path,
  });
  if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** What went wrong is named, and not quoted: it may hold what is stored. */
async function ended<Output>(span: Span, call: Promise<Output>): Promise<Output> {
  try {
    return await call;
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
    throw error;
  } finally {
    span.end();
  }
}
