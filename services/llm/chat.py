"""What the providers that speak OpenAI's chat completions share; `groq` and `openai` say what differs.

Each attempt is one HTTP request: the SDKs' own retries are off, because the router has the only retry loop.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from services.core.foreign_json import UnreadableJson, read_json
from services.core.frozen import frozen
from services.core.slices import HEADERS, SLICE, UnknownCoding, slices
from services.core.tokens import USUAL_WINDOW
from services.llm.body import Body
from services.llm.chunks import Chunk, NoChunk
from services.llm.error_bodies import read_error
from services.llm.event_stream import EventTooLarge
from services.llm.failures import Failures, retry_after
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
    Thought,
)
from services.llm.thoughts import Thoughts
from services.llm.window import fitted

_DRAIN: Final = 0.25
"""Seconds for the end of the connection's stream to follow its last event, so that the connection can be used again."""
_TOKEN: Final = 8
"""Bytes that a token has at most, in the average of a long text: usual are 3 to 5."""
_MARGIN: Final = 64 * 1024
"""Bytes beyond the limit of tokens, for text unlike any usual one."""
_STREAMED: Final = 2048
"""Bytes of the stream that a token has at most, on average: usual are 300."""
_STREAM_MARGIN: Final = 8 * 1024 * 1024
"""Bytes beyond, for what keeps a connection alive."""
_SEVERITY: Final = (FinishReason.STOP, FinishReason.LENGTH, FinishReason.CONTENT_FILTER)
"""The ends from good to bad."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_FIRST_HALF: Final = re.compile("[\ud800-\udbff]\\Z")


@frozen
class Timeouts:
    """In seconds."""

    connect: float = 10
    first_text: float = 120
    """Silence before the first text: a reasoning model may think for a minute without a word."""
    between_chunks: float = 30
    """Silence in mid-answer. A comment that keeps the connection alive ends a silence."""
    whole: float = 900
    """Silence before an answer that is not streamed: it comes once it is whole."""


class HttpResponse(Protocol):
    """The part of a response of the SDKs' HTTP libraries that is used: the bytes of the answer as they come."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def aiter_raw(self) -> AsyncGenerator[bytes]: ...


class Response(Protocol):
    """The part of the SDKs' responses that is used."""

    @property
    def http_response(self) -> HttpResponse: ...


class _Endless(Exception):
    """The other side sends far more than an answer may have, whatever it is."""


@frozen
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
    """A provider over one SDK's client. `models` are those that a request may name; for any other it gets `model`.

    `windows` are the tokens of prompt and answer together that models take, by their names.
    """

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
        windows: Mapping[str, int] | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.models = frozenset({model, *models})
        self._client = client
        self._timeouts = timeouts or Timeouts()
        self._parameters = Parameters(defaults or Options(), extra or {})
        self._windows = windows or {}

    async def stream(self, request: Request) -> AsyncGenerator[Item]:
        wanted = request.options.model
        model = wanted if wanted is not None and wanted in self.models else self.model
        most = self._parameters.limit(request)
        request, left_out = fitted(request, window=self._windows.get(model, USUAL_WINDOW), answer=most)
        answer = _Answer(Failures(self.name, model), left_out, longest=_TOKEN * most + _MARGIN)
        try:
            async with aclosing(self._chunks(request, model)) as chunks:
                async for chunk in chunks:
                    for item in answer.take(chunk):
                        yield item
        except (TimeoutError, NoChunk, EventTooLarge, UnknownCoding, _Endless, *self._client.failures) as error:
            if answer.finish is None:  # otherwise the answer is whole, whatever happens to its connection
                raise self._judge(error, answer.failures) from error
        for item in answer.end():
            yield item

    async def aclose(self) -> None:
        """Close the connections that are kept for the next request."""
        await self._client.close()

    async def _chunks(self, request: Request, model: str) -> AsyncGenerator[Chunk]:
        """Yield the chunks of the answer to the parameters that the model does not refuse. An error is the last."""
        params: dict[str, Any] | None = self._parameters.of(request, model)
        while params is not None:  # ends, for each turn leaves a parameter out
            asked, params = params, None
            has_begun = False
            most = _STREAMED * self._parameters.limit(request) + _STREAM_MARGIN
            async with aclosing(self._attempt(asked, most=most)) as chunks:
                async for chunk in chunks:
                    if chunk.error is not None and not has_begun:
                        params = self._parameters.without_refused(asked, model, chunk.error)
                    if params is not None:
                        break
                    has_begun = True
                    yield chunk

    async def _attempt(self, params: Mapping[str, Any], *, most: int) -> AsyncGenerator[Chunk]:
        """Ask once, for `most` bytes. An HTTP answer that is no success is a chunk with its error."""
        loop = asyncio.get_running_loop()
        patience = self._timeouts.first_text if "stream" in params else self._timeouts.whole
        deadline = loop.time() + patience
        body = Body()
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline):
                    response = await stack.enter_async_context(self._client.open(**params, extra_headers=HEADERS))
            except self._client.statuses as error:
                yield _refusal(error)
                return
            http = response.http_response
            coding = http.headers.get("content-encoding", "")
            received = await stack.enter_async_context(aclosing(slices(http.aiter_raw(), coding=coding)))
            while not body.is_done:
                async with asyncio.timeout_at(deadline):
                    data = await anext(received, None)
                most -= len(data or b"")
                if most < 0:
                    raise _Endless
                for chunk in body.end() if data is None else body.feed(data):
                    if chunk.text or chunk.finish:
                        patience = self._timeouts.between_chunks
                    if len(chunk.text) <= SLICE:
                        yield chunk
                        continue
                    async for part in _parts(chunk):
                        yield part
                if data is None:
                    return
                deadline = loop.time() + patience
            await self._drain(received)

    async def _drain(self, received: AsyncGenerator[bytes]) -> None:
        with suppress(TimeoutError, *self._client.failures):
            async with asyncio.timeout(_DRAIN):
                async for _ in received:
                    pass

    def _judge(self, error: Exception, failures: Failures) -> ProviderFailure:
        is_late = isinstance(error, (TimeoutError, *self._client.timeouts))
        if isinstance(error, _Endless):
            return failures.of(FailureCode.TOO_LONG)
        return failures.of(FailureCode.TIMED_OUT if is_late else FailureCode.UNAVAILABLE)


async def _parts(chunk: Chunk) -> AsyncGenerator[Chunk]:
    """Yield a chunk of long text in parts; between them all others have a turn."""
    *starts, last = range(0, len(chunk.text), SLICE)
    for start in starts:
        yield Chunk(text=chunk.text[start : start + SLICE])
        await asyncio.sleep(0)
    yield msgspec.structs.replace(chunk, text=chunk.text[last:])


def _refusal(error: Any) -> Chunk:
    """Return the chunk of an SDK's error for an HTTP answer that is no success.

    The SDKs' `body` is only what is in a field `error`, where there is one.
    """
    status, headers, body = error.status_code, error.response.headers, error.body
    if body is not None:  # otherwise it could not be read
        try:
            body = read_json(error.response.content)
        except UnreadableJson:
            body = error.response.text
    return Chunk(error=read_error(body, status=status, retry_after=retry_after(headers)))


@dataclass(slots=True)
class _Answer:
    """What has come of an answer, and the items that each chunk makes."""

    failures: Failures
    left_out: tuple[str, ...]
    """What of the request's parts the model is not given."""
    longest: int
    """Bytes of text, where a chunk counts as one at least; a model that says more might go on for ever."""
    finish: FinishReason | None = None
    _size: int = field(default=0, init=False)
    _has_started: bool = field(default=False, init=False)
    _has_text: bool = field(default=False, init=False)
    _half: str = field(default="", init=False)
    """The first half of a surrogate pair, whose other half may come with the next chunk."""
    _thoughts: Thoughts = field(default_factory=Thoughts, init=False)

    def take(self, chunk: Chunk) -> list[Item]:
        """Take the next chunk. Raises ProviderFailure where it breaks the answer off."""
        if self.finish is None and chunk.error is not None:
            raise self.failures.of_error(chunk.error)
        self._size += max(len((chunk.thought + chunk.text).encode(errors="replace")), 1)
        if self._size > self.longest:
            raise self.failures.of(FailureCode.TOO_LONG)
        items: list[Item] = [Thought(chunk.thought)] if chunk.thought else []
        items += self._thoughts.feed(self._whole(chunk.text)) if chunk.text else []
        self._has_text = self._has_text or any(isinstance(item, Text) for item in items)
        if chunk.finish is not None or chunk.unknown_finish is not None or chunk.is_refusal:
            self._end_with(chunk)
        if not self._has_started:
            self._has_started = True
            items.insert(0, Started(self.failures.provider, self.failures.model, self.left_out))
        if chunk.usage is not None:
            items.append(chunk.usage)
        return items

    def end(self) -> list[Item]:
        """Return what is still to be told, and the end. Raises ProviderFailure where the answer has none."""
        if self.finish is None:
            raise self.failures.of(FailureCode.UNAVAILABLE, "The provider cut its answer off.")
        rest, self._half = "\ufffd" if self._half else "", ""
        items: list[Item] = [*self._thoughts.feed(rest), *self._thoughts.end()]
        if self.finish is FinishReason.STOP and not self._thoughts.has_answer:
            raise self.failures.of(FailureCode.UNAVAILABLE, "The model never came from its thoughts to an answer.")
        return [*items, Finished(self.finish)]

    def _end_with(self, chunk: Chunk) -> None:
        """Take how a chunk says that the answer ends. Of several ends the worst counts."""
        end = FinishReason.CONTENT_FILTER if chunk.is_refusal else chunk.finish
        if end is FinishReason.CONTENT_FILTER and not self._has_text:
            raise self.failures.of(FailureCode.CONTENT_REFUSED)
        if end is None:
            message = f"The provider broke its answer off, for a reason that we do not know: {chunk.unknown_finish}."
            raise self.failures.of(FailureCode.UNAVAILABLE, message)
        self.finish = max(self.finish or end, end, key=_SEVERITY.index)

    def _whole(self, text: str) -> str:
        """Return a text with its surrogate pairs joined, but for half of one at its end."""
        text = self._half + text
        if _SURROGATE.search(text) is None:
            return text
        half = _FIRST_HALF.search(text)
        self._half = half[0] if half is not None else ""
        whole = text.removesuffix(self._half)
        return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
