"""Answers that are no success, of which the SDKs of providers read all there is: as much as an error may have."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any, Final

from services.core.slices import UnknownCoding, as_they_come, slices

MOST_OF_ERROR: Final = 64 * 1024
"""Bytes, decoded, that are read of an HTTP answer that is no success."""


def bounded_errors(byte_stream: type[Any]) -> Callable[[Any], Awaitable[None]]:
    """Return a hook for the responses of httpx, or of a library like it: the SDKs read errors, and redirects, whole.

    `byte_stream` is the library's AsyncByteStream. Of what is no success as much is read as an error may have.
    """

    class Bounded(byte_stream):
        def __init__(self, stream: Any, coding: str) -> None:
            self._stream, self._coding = stream, coding

        async def __aiter__(self) -> AsyncGenerator[bytes]:
            left = MOST_OF_ERROR
            with suppress(UnknownCoding):
                async with aclosing(slices(as_they_come(self._stream), coding=self._coding)) as pieces:
                    async for piece in pieces:
                        yield piece[:left]
                        left -= len(piece)
                        if left <= 0:
                            return

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def bound(response: Any) -> None:
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            response.stream = Bounded(response.stream, response.headers.pop("content-encoding", ""))

    return bound
