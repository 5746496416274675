"""This file is what the providers that speak OpenAI's chat completions share; `groq` and `openai` say what differs.

Each attempt is one HTTP request: the SDKs' own retries are off, because the router has the only retry loop.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from services.llm.chunks import Chunk, read_chunk
from services.llm.event_stream import EventStream, EventTooLarge
from services.llm.failures import Failures
from services.llm.parameters import Parameters
from services.llm.port import (
    FailureCode,
    Finished,
    FinishReason,
    Item,
    Options,
    ProviderFailure,
    Request,
    Started,
    Text,
)

_DONE: Final = b"[DONE]"
_DRAIN: Final = 0.25
"""Seconds for the end of the connection's stream to follow its last event, so that the connection can be used again."""
_TOKEN: Final = 8
"""Bytes that a token has at most, in the average of a long text: usual are 3 to 5."""
_MARGIN: Final = 64 * 1024
"""Bytes beyond the limit of tokens, for text unlike any usual one."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds."""

    connect: float = 10
    first_text: float = 120
    """Silence before the first text: a reasoning model may think for a minute without a word."""
    between_chunks: float = 30
    """Silence in mid-answer. A comment that keeps the connection alive ends a silence."""


class Response(Protocol):
    """The part of the SDKs' responses that is used: the bytes of the answer as they come."""

    def iter_bytes(self) -> AsyncGenerator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Client:
    """The part of an SDK's client that is used, set up with key, address and no retries."""

    open: Callable[..., AbstractAsyncContextManager[Response]]
    """Ask for a completion. Leaving the block closes the connection, or keeps it if the answer was read to its end."""
    close: Callable[[], Awaitable[None]]
    statuses: type[Exception]
    """Raised for an HTTP answer that is no success; has `status_code`, `response` and `body`."""
    timeouts: tuple[type[Exception], ...]
    failures: tuple[type[Exception], ...]
    """Whatever else the SDK and its HTTP library raise."""


class Chat:
    """A provider over one SDK's client. `models` are those that a request may name; for any other it gets `model`."""

    def __init__(
        self,
        *,
        name: str,
        client: Client,
        model: str,
        models: Sequence[str] = (),
        defaults: Options | None = None,
        timeouts: Timeouts | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.models = frozenset({model, *models})
        self._client = client
        self._timeouts = timeouts or Timeouts()
        self._parameters = Parameters(defaults or Options(), extra or {})

    async def stream(self, request: Request) -> AsyncGenerator[Item]:
        wanted = request.options.model
        model = wanted if wanted is not None and wanted in self.models else self.model
        answer = _Answer(Failures(self.name, model), longest=_TOKEN * self._parameters.limit(request) + _MARGIN)
        try:
            async with aclosing(self._chunks(request, model)) as chunks:
                async for chunk in chunks:
                    for item in answer.take(chunk):
                        yield item
        except (TimeoutError, msgspec.DecodeError, UnicodeDecodeError, EventTooLarge, *self._client.failures) as error:
            if answer.finish is None:  # otherwise the answer is whole, whatever happens to its connection
                raise self._judge(error, answer.failures) from error
        yield answer.end()

    async def aclose(self) -> None:
        """Close the connections that are kept for the next request."""
        await self._client.close()

    async def _chunks(self, request: Request, model: str) -> AsyncGenerator[Chunk]:
        loop = asyncio.get_running_loop()
        patience = self._timeouts.first_text
        deadline = loop.time() + patience
        events = EventStream()
        async with AsyncExitStack() as stack:
            async with asyncio.timeout_at(deadline):
                response = await self._open(stack, request, model)
            received = await stack.enter_async_context(aclosing(response.iter_bytes()))
            while True:
                async with asyncio.timeout_at(deadline):
                    data = await anext(received, None)
                if data is None:
                    return
                for event in events.feed(data):
                    if event == _DONE:
                        await self._drain(received)
                        return
                    chunk = read_chunk(event)
                    if chunk.text or chunk.finish:
                        patience = self._timeouts.between_chunks
                    yield chunk
                deadline = loop.time() + patience

    async def _open(self, stack: AsyncExitStack, request: Request, model: str) -> Response:
        params = self._parameters.of(request, model)
        while True:  # ends, for each turn leaves a parameter out
            try:
                return await stack.enter_async_context(self._client.open(**params))
            except self._client.statuses as error:
                status: Any = error
                fewer = self._parameters.without_refused(params, model, status=status.status_code, body=status.body)
                if fewer is None:
                    raise
                params = fewer

    async def _drain(self, received: AsyncGenerator[bytes]) -> None:
        with suppress(TimeoutError, *self._client.failures):
            async with asyncio.timeout(_DRAIN):
                async for _ in received:
                    pass

    def _judge(self, error: Exception, failures: Failures) -> ProviderFailure:
        if isinstance(error, self._client.statuses):
            status: Any = error
            return failures.of_status(status.status_code, status.response.headers, status.body)
        if isinstance(error, (TimeoutError, *self._client.timeouts)):
            return failures.of(FailureCode.TIMED_OUT)
        return failures.of(FailureCode.UNAVAILABLE)


@dataclass(slots=True)
class _Answer:
    """What has come of an answer, and the items that each chunk makes."""

    failures: Failures
    longest: int
    """Bytes of text, where a chunk counts as one at least; a model that says more might go on for ever."""
    finish: FinishReason | None = None
    _size: int = field(default=0, init=False)
    _has_started: bool = field(default=False, init=False)
    _has_text: bool = field(default=False, init=False)

    def take(self, chunk: Chunk) -> list[Item]:
        if chunk.error is not None and self.finish is None:
            raise self.failures.of_chunk(chunk.error)
        self._size += max(len(chunk.text.encode()), 1)
        if self._size > self.longest:
            raise self.failures.of(FailureCode.TOO_LONG)
        self._has_text = self._has_text or bool(chunk.text)
        if not self._has_text and (chunk.is_refusal or chunk.finish is FinishReason.CONTENT_FILTER):
            raise self.failures.of(FailureCode.CONTENT_REFUSED)
        items: list[Item] = []
        if not self._has_started:
            self._has_started = True
            items.append(Started(self.failures.provider, self.failures.model))
        if chunk.text:
            items.append(Text(chunk.text))
        if chunk.usage is not None:
            items.append(chunk.usage)
        self.finish = self.finish or chunk.finish
        return items

    def end(self) -> Finished:
        if self.finish is None:
            raise self.failures.of(FailureCode.UNAVAILABLE, "The provider cut its answer off.")
        return Finished(self.finish)
