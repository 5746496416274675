"""Attacks below GraphQL: bodies, frames, connections that let the server wait, hosts and health."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Final, cast

from graphql import get_introspection_query
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from tests.flooding import flood
from tests.hostile.attacks import attack
from tests.hostile.target import Answer, Tally, Target

TIMES: Final = 10
LARGE: Final = 9_900_000
"""Bytes of what is too large."""


@attack("9.9 MB of `[[],[],…]` and of `{{}}`, by nobody and signed in; 1 MB of it, signed in")
async def brackets(target: Target, tally: Tally) -> None:
    bearer = {"authorization": f"Bearer {target.user().token}"}
    for body in (b"[" + b"[]," * (LARGE // 3) + b"[]]", b'{"a":' * (LARGE // 10)):
        for who in (target.somewhere(), bearer):
            tally.note(await target.request(body, **who))
    million = b'{"query":"{ __typename }","variables":{"a":[' + b"[]," * 340_000 + b"[]]}}"
    objects = b'{"query":"{ __typename }","variables":{"a":[' + b'{"a":1},' * 120_000 + b"{}]}}"
    deep = b'{"query":"{ __typename }","variables":{"a":' + b"[" * 400_000 + b"]" * 400_000 + b"}}"
    just = b'{"query":"{ __typename }","variables":{"a":[' + b"[]," * 149_900 + b"[]]}}"
    for body in (million, objects, deep, just):
        for _ in range(TIMES):
            tally.note(await target.request(body, **bearer))


async def _flood(target: Target, tally: Tally, frames: bytes, *, signed_in: bool = True) -> None:
    """Send frames on a socket as fast as they go, until it is closed."""
    url = f"http://127.0.0.1:{target.config.port}/graphql"
    payload = {"Authorization": f"Bearer {target.user().token}"} if signed_in else None
    code = await asyncio.to_thread(flood, url, frames, payload=payload, headers=target.somewhere())
    tally.say(f"closed with {code}")


@attack("10 MB of pings, and 464,000 small pongs, on a socket")
async def pings(target: Target, tally: Tally) -> None:
    for frame, number in ((Frame(Opcode.PING, b"x" * 125), 80_000), (Frame(Opcode.PONG, b""), 464_000)):
        for signed_in in (True, False):
            await _flood(target, tally, frame.serialize(mask=True) * number, signed_in=signed_in)


@attack("100,000 messages, and a message in 100,000 fragments, on a socket")
async def messages(target: Target, tally: Tally) -> None:
    for text in (b'{"type":"ping"}', b'{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}', b"{}"):
        await _flood(target, tally, Frame(Opcode.TEXT, text).serialize(mask=True) * 100_000)
    begun = Frame(Opcode.TEXT, b"{", fin=False).serialize(mask=True)
    await _flood(target, tally, begun + Frame(Opcode.CONT, b" ", fin=False).serialize(mask=True) * 100_000)
    await _flood(target, tally, Frame(Opcode.TEXT, b" " * LARGE).serialize(mask=True))


@attack("bad UTF-8 on 200 sockets, 20 at a time")
async def bad_text(target: Target, tally: Tally) -> None:
    frame = Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True)
    for _ in range(10):
        await asyncio.gather(*(_flood(target, tally, frame) for _ in range(20)))


@attack("100 operations at once on each of 10 sockets")
async def operations(target: Target, tally: Tally) -> None:
    mallory = target.user()
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(target.socket(by=mallory)) for _ in range(10)]
        for socket in sockets:
            frames = b"".join(
                Frame(
                    Opcode.TEXT,
                    b'{"type":"subscribe","id":"%d","payload":{"query":"{ projects { nodes { id name } } }"}}' % number,
                ).serialize(mask=True)
                for number in range(100)
            )
            socket.transport.write(frames)
        for socket in sockets:
            ended = 0
            while ended < 100:
                text = await socket.recv()
                kind = "complete" if '"complete"' in str(text) else "error" if '"error"' in str(text) else ""
                ended += bool(kind)
                tally.say(kind or "next")


@attack("10 MB of trailers, of the extension of a chunk, and of line breaks, by nobody")
async def beside_bodies(target: Target, tally: Tally) -> None:
    begun = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    begun += b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"
    last = begun + b"0\r\n"
    floods = (
        last + b"a:b\r\n" * 2_000_000,
        last + (b"a: " + b"b" * 60_000 + b"\r\n") * 166,
        last + b"a" * LARGE,
        begun + b"1;" + b"a" * LARGE,
        begun + (b"1;" + b"a" * 1_000 + b"\r\n{\r\n") * 10_000,
        b"\r\n" * (LARGE // 2),
    )
    for sent in floods:
        tally.note(await target.raw(sent, parts=20))


@attack("500 connections that are idle, with half of the headers, or with half of a body, for 12 s", megabytes=200)
async def waiting(target: Target, tally: Tally) -> None:
    post = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
    begun = (b"", b"GET /api/live HTTP/1.1\r\nhost: lo", post)

    async def wait(data: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", target.config.port)
        writer.write(data)
        try:
            async with asyncio.timeout(target.config.header_seconds + 2):
                tally.say("ended" if not await reader.read() else "answered")
        except TimeoutError:
            tally.say("still open" if data != post else "still open (a body has more time)")
        finally:
            writer.close()

    await asyncio.gather(*(wait(begun[number % 3]) for number in range(500)))


@attack("300 sockets of nobody from one address")
async def sockets(target: Target, tally: Tally) -> None:
    here = target.somewhere()

    class Here(Target):
        def somewhere(self) -> dict[str, str]:
            return here

    same = Here(target.config, target.pid)
    async with AsyncExitStack() as stack:
        for _ in range(300):
            try:
                await stack.enter_async_context(same.socket())
                tally.say("open")
            except InvalidStatus as refused:
                tally.say(str(refused.response.status_code))


@attack("2 MB of headers, 5,000 requests in a row without waiting, requests that are none")
async def headers(target: Target, tally: Tally) -> None:
    one = b"GET /api/live HTTP/1.1\r\nhost: localhost\r\n"
    floods = [one + b"x: y\r\n" * 350_000, one + b"x: " + b"y" * 2_000_000, (one + b"\r\n") * 5_000, b"\x00" * 100_000]
    for _ in range(5):
        for sent in floods:
            tally.note(await target.raw(sent, parts=20))


@attack("100 readers that ask for half a megabyte and never read it", megabytes=250)
async def readers(target: Target, tally: Tally) -> None:
    body = json.dumps({"query": get_introspection_query()}).encode()
    head = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    writers: list[asyncio.StreamWriter] = []
    for _ in range(100):
        reader, writer = await asyncio.open_connection("127.0.0.1", target.config.port, limit=1024)
        cast("asyncio.Transport", writer.transport).pause_reading()
        writer.write((head % len(body) + body) * 3)
        writers.append(writer)
        del reader
    await asyncio.sleep(3)
    for writer in writers:
        writer.transport.abort()
    tally.say("left", len(writers))


@attack("300 times `/api/health` at once, and `/api/live`")
async def health(target: Target, tally: Tally) -> None:
    for path in ("/api/health", "/api/live"):
        asked = [target.request(method="GET", path=path) for _ in range(300)]
        for answer in await asyncio.gather(*asked):
            tally.note(answer)


@attack("requests for `evil.example`, from its page, as a dev user")
async def rebinding(target: Target, tally: Tally) -> None:
    body = b'{"query": "{ viewer { id } }"}'
    answers: list[Answer] = []
    for host, origin in (
        ("evil.example", "http://evil.example"),
        ("localhost", "http://evil.example"),
        ("localhost", "http://localhost:5173"),
        ("127.0.0.1.evil.example:8000", "null"),
    ):
        answers.append(await target.request(body, host=host, origin=origin, x_dev_user_id="alice"))
    for answer in answers:
        tally.note(answer)
        if answer.status == 200:
            tally.say("500 a page signed in as a dev user")
