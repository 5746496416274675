"""The bytes of an answer as they come, in slices that others need not wait for long."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Final

SLICE: Final = 16 * 1024
"""Bytes, or characters of one text. What a slice holds at most takes some milliseconds to read."""
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
