"""The bytes of an answer as they come, in slices that others need not wait for long."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterator
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any, Final

SLICE: Final = 4 * 1024
"""Bytes, or characters of one text. What a slice holds at most takes a few milliseconds to read."""
MOST_OF_ERROR: Final = 64 * 1024
"""Bytes, decoded, that are read of an HTTP answer that is no success."""
HEADERS: Final = {"accept-encoding": "identity"}
"""What asks for an answer as it is: a kilobyte that is compressed may be a megabyte."""

_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER: Final = 32 + zlib.MAX_WBITS
"""To zlib: the head tells which of its two formats it is."""


class UnknownCoding(Exception):
    """Bytes are in a coding that we did not ask for and do not know, or are not in the one that they are said to be."""


async def slices(received: AsyncGenerator[bytes], *, coding: str) -> AsyncGenerator[bytes]:
    """Yield what is received, decoded, in slices; between those of one read all others have a turn.

    `coding` is the Content-Encoding. Some servers compress whatever is asked for: what is compressed is never held
    decoded for more than a slice. Raises UnknownCoding.
    """
    cut = _cutter(coding.strip().lower())
    async with aclosing(received):
        async for data in received:
            is_first = True
            for piece in cut(data):
                if not is_first:
                    await asyncio.sleep(0)
                is_first = False
                yield piece


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
                async with aclosing(slices(_items(self._stream), coding=self._coding)) as pieces:
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


async def _items(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    async for data in stream:
        yield data


def _cutter(coding: str) -> Callable[[bytes], Iterator[bytes]]:
    if coding in {"", "identity"}:
        return _plain
    if coding not in _CODINGS:
        raise UnknownCoding
    decoder = zlib.decompressobj(_EITHER)

    def decoded(data: bytes) -> Iterator[bytes]:
        is_full = True
        while (data or is_full) and not decoder.eof:
            try:
                piece = decoder.decompress(data, SLICE)
            except zlib.error:
                raise UnknownCoding from None
            data, is_full = decoder.unconsumed_tail, len(piece) == SLICE
            if piece:
                yield piece

    return decoded


def _plain(data: bytes) -> Iterator[bytes]:
    if len(data) <= SLICE:
        yield data
        return
    for start in range(0, len(data), SLICE):
        yield data[start : start + SLICE]
