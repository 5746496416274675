"""The bytes of an answer as they come: decoded by us, in slices that others need not wait for long.

HTTP libraries undo as many codings as an answer names, each without a bound: three kilobytes may so become gigabytes.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from contextlib import aclosing
from typing import Final

import httpx

SLICE: Final = 4 * 1024
"""Bytes, or characters of one text. What a slice holds at most takes a few milliseconds to read."""
HEADERS: Final = {"accept-encoding": "identity"}
"""What asks for an answer as it is: a kilobyte that is compressed may be a megabyte."""

_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER: Final = 32 + zlib.MAX_WBITS
"""To zlib: the head tells which of its two formats it is."""


class UnknownCoding(Exception):
    """Bytes are in a coding that we did not ask for and do not know, or are not in the one that they are said to be."""


class TooLarge(Exception):
    """An answer has more bytes than it may have."""


async def content_of(response: httpx.Response, *, most: int) -> bytes:
    """Return the decoded body of an answer that is read as it comes.

    Raises TooLarge, UnknownCoding and httpx.HTTPError.
    """
    received = bytearray()
    async with aclosing(decoded(response)) as pieces:
        async for piece in pieces:
            received += piece
            if len(received) > most:
                raise TooLarge
    return bytes(received)


async def decoded(response: httpx.Response) -> AsyncGenerator[bytes]:
    """Yield the decoded body of an answer in slices. Raises UnknownCoding and httpx.HTTPError."""
    coding = response.headers.get("content-encoding", "")
    async with aclosing(slices(as_they_come(response.aiter_raw()), coding=coding)) as pieces:
        async for piece in pieces:
            yield piece


async def slices(received: AsyncGenerator[bytes], *, coding: str) -> AsyncGenerator[bytes]:
    """Yield what is received, decoded, in slices; between those of one read all others have a turn.

    `coding` is the Content-Encoding: one at most. Some servers compress whatever is asked for: what is compressed is
    never held decoded for more than a slice. Raises UnknownCoding.
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


async def as_they_come(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Yield what a stream has."""
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
