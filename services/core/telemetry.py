"""Telemetry: what a process measures of itself, and traces of what it does, for whoever listens.

Nobody does until `listen` names a listener; until then a measurement is one comparison, and a span nothing. The
listener is OpenTelemetry's (services.bootstrap.opentelemetry). Instruments are declared in services.core.instruments.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from services.core.frozen import frozen

Attributes = Mapping[str, str | int | float | bool]
"""What tells measurements, or spans, of one name apart; of measurements by few values: each is a series of its own."""


class Kind(Enum):
    """What an instrument is."""

    COUNTER = "counter"
    """Only grows."""
    UP_DOWN_COUNTER = "up-down counter"
    HISTOGRAM = "histogram"


class Role(Enum):
    """What a span is in its trace (https://opentelemetry.io/docs/specs/otel/trace/api/#spankind)."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    CONSUMER = "CONSUMER"


class Span(Protocol):
    """A part of a trace, from its making to its end."""

    def note(self, attributes: Attributes) -> None:
        """Say more of it."""
        ...

    def fail(self, error: str) -> None:
        """Say that it failed, and by which code."""
        ...

    def end(self) -> None: ...


@frozen(eq=False)
class Instrument:
    """Something that is measured."""

    name: str
    """By OpenTelemetry's semantic conventions, where they have one."""
    kind: Kind
    unit: str
    """By UCUM, as the conventions want it: `s`, `{token}`."""
    description: str
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram's."""

    @property
    def prometheus(self) -> str:
        """Its name in Prometheus' form (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/)."""
        name = self.name.replace(".", "_") + ("_seconds" if self.unit == "s" else "")
        return f"{name}_total" if self.kind is Kind.COUNTER else name

    def record(self, value: float, attributes: Attributes | None = None) -> None:
        """Measure a value; of a counter, add it."""
        if _listeners:
            _listeners[-1].record(self, value, attributes or {})

    @asynccontextmanager
    async def during(self) -> AsyncGenerator[None]:
        """Count one more for the length of the block."""
        self.record(1)
        try:
            yield
        finally:
            self.record(-1)


class Listener(Protocol):
    """Whoever takes measurements and spans."""

    def record(self, instrument: Instrument, value: float, attributes: Attributes) -> None: ...

    def span(self, name: str, role: Role, attributes: Attributes, parent: str | None) -> AbstractContextManager[Span]:
        """Return a span for the length of a block, and the parent of all that begin in it. It begins at once.

        `parent` is a traceparent; None, or one that is none, for the span around it.
        """
        ...

    def aside(self, name: str, role: Role, attributes: Attributes, *, began: datetime | None) -> Span:
        """Begin a span that is the parent of nothing, for what is no block of one task."""
        ...

    def traceparent(self) -> str | None:
        """Return where a trace is, for others to go on with it (https://www.w3.org/TR/trace-context/)."""
        ...


class _Nothing:
    """The span of nobody who listens."""

    def note(self, attributes: Attributes) -> None:
        del attributes

    def fail(self, error: str) -> None:
        del error

    def end(self) -> None:
        pass


_NOTHING: Final = _Nothing()
_NOWHERE: Final[AbstractContextManager[Span]] = nullcontext(_NOTHING)
_listeners: Final[list[Listener]] = []
"""The last of them listens."""


def listen(listener: Listener) -> None:
    """Let a listener have what this process measures from now on."""
    _listeners.append(listener)


def dismiss(listener: Listener) -> None:
    """Let it have nothing any more."""
    _listeners.remove(listener)


def span(
    name: str, role: Role = Role.INTERNAL, attributes: Attributes | None = None, *, parent: str | None = None
) -> AbstractContextManager[Span]:
    """Return a span for the length of a block, and the parent of all that begin in it, also in tasks."""
    return _listeners[-1].span(name, role, attributes or {}, parent) if _listeners else _NOWHERE


def aside(
    name: str, role: Role = Role.INTERNAL, attributes: Attributes | None = None, *, began: datetime | None = None
) -> Span:
    """Begin a span that ends when it is told to, and is the parent of nothing; perhaps one that began earlier."""
    return _listeners[-1].aside(name, role, attributes or {}, began=began) if _listeners else _NOTHING


def is_heard() -> bool:
    """Tell whether anybody listens, where to say something costs more than that."""
    return bool(_listeners)


def traceparent() -> str | None:
    """Return where the trace is, to be kept with what goes on elsewhere; None where there is none."""
    return _listeners[-1].traceparent() if _listeners else None
