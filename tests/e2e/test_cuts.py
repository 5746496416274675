"""The promise that a socket cut at any byte of a stream, then resumed, gives the same text as a whole one.

The server sends the same bytes for each replay of an ended stream from the same cursor. So sockets that are really cut
at some offsets, and the recorded bytes of a whole one read up to every offset, speak of the same thing. Where
neighbouring pieces of a file come as one event is up to the server: it depends on where a reader begins.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from services.core.frozen import frozen
from tests.fakes.proxy import Cut, Proxy, between
from tests.models import writing
from tests.snapinfra import GENERATION, Server, User, events, rebuilt

FILES: Final = {f"src/part-{number}.ts": f"export const part{number} = {number};\n" for number in range(100)}
SPREAD: Final = 30
"""How many frames are cut right before, at and after their first byte; and as many offsets between them."""

Event = dict[str, Any]


@pytest.fixture(scope="module")
def server(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose model writes many small files: most of their events stay apart, however late a reader is."""
    with writing(FILES, emulator, tmp_path_factory.mktemp("data")) as running:
        yield running


@frozen
class Stream:
    """A generation that has ended, and a subscriber's way to it through a proxy."""

    user: User
    generation_id: str
    proxy: Proxy

    async def whole(self) -> list[Event]:
        """Follow it to its end."""
        return await events(self.user, self.generation_id)

    async def until_cut(self, cut: Cut) -> list[Event]:
        """Follow it over a socket that is cut, and return what came before."""
        came: list[Event] = []
        await self.follow(cut, came)
        return came

    async def until_silent(self, offset: int) -> list[Event]:
        """Follow it over a socket that passes no more bytes of the server, leave, and return what came before."""
        came: list[Event] = []
        before = len(self.proxy.connections)
        following = asyncio.create_task(self.follow(Cut(from_server=offset, silently=True), came))
        async with asyncio.timeout(90):
            await self.proxy.connected(before + 1)
            await self.proxy.connections[-1].silent.wait()
        following.cancel()
        await asyncio.wait([following])
        return came

    async def follow(self, cut: Cut, came: list[Event]) -> None:
        """Follow it over a socket that is cut, adding what comes."""
        self.proxy.cuts.append(cut)
        try:
            async with aclosing(self.user.follow(GENERATION, id=self.generation_id, after=None)) as results:
                async for result in results:
                    came.append(result["data"]["generationEvents"])  # noqa: PERF401 - kept when the socket fails
        except (OSError, EOFError, WebSocketException):
            pass

    async def rest(self, came: Sequence[Event]) -> list[Event]:
        """Resume after the last event that came, where one came."""
        if came and came[-1]["__typename"] == "GenerationFinished":
            return []
        return await events(self.user, self.generation_id, after=came[-1]["cursor"] if came else None)


@pytest.fixture
async def stream(server: Server, alice: User) -> AsyncIterator[Stream]:
    project_id = (await alice.project())["id"]
    await events(alice, await alice.generate(project_id, "SCHEMA"))
    generation_id = await alice.generate(project_id, "CODE")
    await events(alice, generation_id)
    address = urlsplit(alice.url)
    assert address.port is not None
    async with between(address.port) as proxy:
        through = address._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()
        yield Stream(User(through, alice.token), generation_id, proxy)


async def test_a_stream_cut_at_any_byte_and_resumed_is_the_same(stream: Stream) -> None:
    whole = await stream.whole()
    sent = bytes(stream.proxy.connections[0].from_server)
    had = events_at_each_offset(sent)
    resumed = [await stream.rest(whole[:count]) for count in range(len(whole) + 1)]

    assert len(whole) >= 300
    assert rebuilt(whole)[1] == FILES
    assert had[-1] == whole
    assert len(had) == len(sent) + 1
    for came in {id(came): came for came in had}.values():  # one list for all offsets with the same events
        assert came == whole[: len(came)]
    for count, rest in enumerate(resumed):
        assert joined(whole[:count] + rest) == joined(whole)


async def test_sockets_really_cut_among_and_within_frames_resume_to_the_same(stream: Stream) -> None:
    whole = await stream.whole()
    sent = bytes(stream.proxy.connections[0].from_server)
    for offset in offsets(sent):
        came = await stream.until_cut(Cut(from_server=offset))
        assert len(stream.proxy.connections[-1].from_server) == offset
        assert came == whole[: len(came)]
        assert joined(came + await stream.rest(came)) == joined(whole)


async def test_a_subscription_cut_before_the_server_has_heard_all_of_it_resumes_to_the_same(stream: Stream) -> None:
    whole = await stream.whole()
    asked = len(stream.proxy.connections[0].from_client)
    for offset in range(0, asked, asked // 20):
        came = await stream.until_cut(Cut(from_client=offset))
        assert joined(came + await stream.rest(came)) == joined(whole)


async def test_a_line_that_went_silent_is_left_and_the_stream_resumed(stream: Stream) -> None:
    whole = await stream.whole()
    for offset in (0, 100, 1000, 10_000, 50_000):
        came = await stream.until_silent(offset)
        assert joined(came + await stream.rest(came)) == joined(whole)


def joined(came: Sequence[Event]) -> list[Event]:
    """Join neighbouring pieces of a file, as the server may: the whole is named by its last piece."""
    all_joined: list[Event] = []
    for event in came:
        before = all_joined[-1] if all_joined else {}
        if event["__typename"] == before.get("__typename") == "FileDelta" and event["path"] == before["path"]:
            all_joined[-1] = event | {"text": before["text"] + event["text"]}
        else:
            all_joined.append(event)
    return all_joined


def events_at_each_offset(sent: bytes) -> list[list[Event]]:
    """Return, for each count of bytes from none to all, the events that a client has been given by then."""
    head = sent.index(b"\r\n\r\n") + 4
    parser = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
    had: list[list[Event]] = [[]] * (head + 1)
    for offset in range(head, len(sent)):
        parser.receive_data(sent[offset : offset + 1])
        news = [event for frame in parser.events_received() for event in carried(frame)]
        had.append([*had[-1], *news] if news else had[-1])
    return had


def carried(frame: Any) -> list[Event]:
    """Return the event that a frame carries, if it does."""
    assert isinstance(frame, Frame)
    if frame.opcode is not Opcode.TEXT:
        return []
    message = json.loads(bytes(frame.data))
    return [message["payload"]["data"]["generationEvents"]] if message["type"] == "next" else []


def offsets(sent: bytes) -> list[int]:
    """Choose offsets: around the first byte of frames, and between."""
    head = sent.index(b"\r\n\r\n") + 4
    parser = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
    firsts = [head]
    for offset in range(head, len(sent)):
        parser.receive_data(sent[offset : offset + 1])
        if parser.events_received():
            firsts.append(offset + 1)
    chosen = {first + beside for first in firsts[:: len(firsts) // SPREAD] for beside in (-1, 0, 1)}
    chosen |= set(range(0, len(sent), len(sent) // SPREAD))
    return sorted(offset for offset in chosen if offset < len(sent))
