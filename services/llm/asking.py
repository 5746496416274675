"""What is measured of asking a model, by the conventions for clients of generative AI.

https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from collections.abc import Callable

from services.core.instruments import FIRST_TOKEN, PROVIDER_SECONDS
from services.core.telemetry import Role, aside


class Asking:
    """One request to a provider: its times, and its span. Neither says what was asked or answered."""

    __slots__ = ("_attributes", "_began", "_monotonic", "_span")

    def __init__(self, provider: str, monotonic: Callable[[], float]) -> None:
        self._attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider}
        self._monotonic = monotonic
        self._began = monotonic()
        self._span = aside("chat", Role.CLIENT, self._attributes)

    def begun(self, model: str) -> None:
        """Note that the first of the answer is there."""
        self._attributes["gen_ai.response.model"] = model
        self._span.note(self._attributes)
        FIRST_TOKEN.record(self._monotonic() - self._began, self._attributes)

    def failed(self, code: str) -> None:
        self._attributes["error.type"] = code
        self._span.fail(code)

    def end(self) -> None:
        self._span.end()
        PROVIDER_SECONDS.record(self._monotonic() - self._began, self._attributes)
