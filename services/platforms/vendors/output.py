"""Output that a platform keeps as a text and can be read from any byte on (RFC 9110, 14.2)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Final

import httpx

from services.core.slices import HEADERS, UnknownCoding, decoded
from services.platforms.output import LineSplitter
from services.platforms.port import LogStream
from services.platforms.vendors.client import Client
from services.platforms.vendors.work import Work

_NOTHING_YET: Final = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.NO_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
)


_ABSENCES: Final = 5
"""Looks for a text that is not there, after what should have written it has ended."""


class _Found(Enum):
    NOTHING = "NOTHING"
    """There is no such text, or nothing behind what was read."""
    SOME = "SOME"
    """The connection was lost."""
    ALL = "ALL"


@dataclass(slots=True)
class Output:
    """Emits the lines of a text that grows. The id of a line is the text's name and the byte behind its end."""

    client: Client
    work: Work
    url: str
    stream: LogStream
    name: str

    async def follow(self, has_ended: Callable[[], Awaitable[bool]]) -> None:
        """Read until what writes it has ended and all of it is read, over any number of connections."""
        pause, absences = self.work.limits.poll, 0
        while True:
            ended = await has_ended()  # before the reading: what is written by then is in it
            position = self._position()
            found = await self._read(position, is_last=ended)
            absences += ended and found is _Found.NOTHING
            if ended and (found is _Found.ALL or absences == _ABSENCES):
                return
            pause = self.work.limits.poll if self._position() > position else pause * 1.5
            await asyncio.sleep(min(pause, self.work.limits.longest_poll))

    def _position(self) -> int:
        last = self.work.placement.told.last(self.stream)
        name, _, offset = last.id.rpartition(":") if last else ("", "", "")
        return int(offset) if name == self.name else 0

    async def _read(self, position: int, *, is_last: bool) -> _Found:
        """Read from a byte on, as far as it comes."""
        splitter, offset, skipped = LineSplitter(), position, position
        try:
            async with self.client.stream(self.url, headers={**HEADERS, "range": f"bytes={position}-"}) as answer:
                if answer.status_code in _NOTHING_YET:
                    return _Found.NOTHING
                if not answer.is_success:
                    return _Found.SOME
                if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
                    skipped = 0  # otherwise the text comes from its start
                async with aclosing(decoded(answer)) as chunks:
                    async for chunk in chunks:
                        left_out = min(skipped, len(chunk))
                        skipped -= left_out
                        for piece in chunk[left_out:].splitlines(keepends=True):
                            offset += len(piece)
                            for line in splitter.feed(piece):
                                await self._emit(line, offset)
        except (httpx.HTTPError, UnknownCoding):
            return _Found.SOME
        if is_last:
            for line in splitter.end():
                await self._emit(line, offset)
        return _Found.ALL

    async def _emit(self, line: str, offset: int) -> None:
        await self.work.line(self.stream, line, id=f"{self.name}:{offset}")
