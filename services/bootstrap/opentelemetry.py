"""OpenTelemetry as the listener of a process: metrics at a port for Prometheus, metrics and traces by OTLP.

What the settings do not say, its own variables do (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/):
the sampler, headers of requests, how often metrics are sent.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    INVALID_SPAN,
    NoOpTracer,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    use_span,
)
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import start_http_server

from services.config import BadConfig, Config
from services.core.telemetry import Attributes, Instrument, Kind, Role, Span, dismiss, listen

SCOPE: Final = "snapinfra"
_TRACE_CONTEXT: Final = TraceContextTextMapPropagator()


class _Span:
    """One of OpenTelemetry's."""

    __slots__ = ("_span",)

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def fail(self, error: str) -> None:
        self._span.set_attribute("error.type", error)
        self._span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        if self._span.is_recording():
            self._span.end()


class OpenTelemetry:
    """A listener (services.core.telemetry)."""

    def __init__(self, meters: MeterProvider, tracer: Tracer) -> None:
        self._meter = meters.get_meter(SCOPE)
        self._tracer = tracer
        self._instruments: dict[Instrument, Any] = {}

    def record(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        own = self._instruments.get(instrument) or self._make(instrument)
        (own.record if instrument.kind is Kind.HISTOGRAM else own.add)(value, attributes)

    @contextmanager
    def span(self, name: str, role: Role, attributes: Attributes, parent: str | None) -> Generator[Span]:
        context = _TRACE_CONTEXT.extract({"traceparent": parent}) if parent else None
        begun = self._begin(name, role, attributes, context)
        with use_span(begun, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            span = _Span(begun)
            try:
                yield span
            except Exception as error:
                span.fail(type(error).__name__)
                raise
            finally:
                span.end()

    def aside(self, name: str, role: Role, attributes: Attributes, *, began: datetime | None) -> Span:
        return _Span(self._begin(name, role, attributes, None, began))

    def _begin(
        self, name: str, role: Role, attributes: Attributes, context: Context | None, began: datetime | None = None
    ) -> OtelSpan:
        """Begin a span. What a process calls of its own accord, as when it waits for jobs, begins no trace."""
        if role is Role.CLIENT and not get_current_span().get_span_context().is_valid:
            return INVALID_SPAN
        at = None if began is None else int(began.timestamp() * 1e9)
        return self._tracer.start_span(name, context, SpanKind[role.value], attributes, start_time=at)

    def traceparent(self) -> str | None:
        carrier = dict[str, str]()
        _TRACE_CONTEXT.inject(carrier)
        return carrier.get("traceparent")

    def _make(self, instrument: Instrument) -> Any:
        named = {"name": instrument.name, "unit": instrument.unit, "description": instrument.description}
        match instrument.kind:
            case Kind.COUNTER:
                own: Any = self._meter.create_counter(**named)
            case Kind.UP_DOWN_COUNTER:
                own = self._meter.create_up_down_counter(**named)
            case Kind.HISTOGRAM:
                own = self._meter.create_histogram(**named, explicit_bucket_boundaries_advisory=instrument.buckets)
        return self._instruments.setdefault(instrument, own)


@asynccontextmanager
async def observing(config: Config, name: str) -> AsyncGenerator[None]:
    """Listen for the length of the block; at its end, send what is left. Raises BadConfig where the port is taken."""
    resource = Resource.create(
        {
            "service.namespace": SCOPE,
            "service.name": name,
            "service.version": version(SCOPE),
            "deployment.environment.name": config.stage,
        }
    )
    readers, closing = list[MetricReader](), ExitStack()
    try:
        if config.metrics_port is not None:
            readers.append(PrometheusMetricReader())
            closing.callback(_serve(config.metrics_host, config.metrics_port))
        endpoint = None if config.otlp_endpoint is None else config.otlp_endpoint.rstrip("/")
        tracer: Tracer = NoOpTracer()
        if endpoint is not None:
            readers.append(PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics")))
            tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
            tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
            closing.callback(tracers.shutdown)
            tracer = tracers.get_tracer(SCOPE)
        meters = MeterProvider(readers, resource, shutdown_on_exit=False)
        closing.callback(meters.shutdown)
        listener = OpenTelemetry(meters, tracer)
        listen(listener)
        closing.callback(dismiss, listener)
        yield
    finally:
        await asyncio.to_thread(closing.close)  # what is left is sent, which may take a while


def _serve(host: str, port: int) -> Callable[[], None]:
    """Show the metrics at a port, in a thread, and return what ends that."""
    try:
        server, thread = start_http_server(port, host)
    except OSError as error:
        why = f"Metrics can't be shown at {host}:{port}: {os.strerror(error.errno or 0)}."
        raise BadConfig(f"{why} Choose another port by the setting METRICS_PORT.") from None

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
