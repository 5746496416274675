"""A fake LLM server: an HTTP server that speaks streamed chat completions as Groq and OpenAI do.

By default it answers as a good model would, with a schema or a backend that runs. A script of behaviours, one a
request, makes it misbehave in each of the ways that the real ones do. It runs in a thread of its own:

    with FakeLLM() as fake:
        provider = OpenAI(key="k", model="m", base_url=fake.openai_url)

or by itself: `python tests/fakes/llm.py --port 9100`, printing its addresses.
"""

import argparse
import asyncio
import json
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Self

from services.core.frozen import frozen

PATHS = {"/openai/v1/chat/completions": "groq", "/v1/chat/completions": "openai"}
USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


@frozen
class Answer:
    """A stream. `pieces` of None are what a good model would say."""

    pieces: Sequence[str] | None = None
    files: Mapping[str, str] | None = None
    """The files of a CODE answer; None for those of a good backend."""
    removed: Sequence[str] = ()
    """Files that a CODE answer removes."""
    stop_in: str | None = None
    """Say nothing more from the middle of this file's content on."""
    piece_size: int = 24
    """Characters of a piece, where `pieces` is None."""
    opening_delay: float = 0
    """Seconds before the response's head."""
    delay: float = 0
    """Seconds before each piece."""
    endless: bool = False
    """Say the pieces over and over."""
    burst: bool = False
    """Send everything in one write."""
    stop_after: int | None = None
    """Say only so many pieces, and finish as if that were all."""
    finish: str | None = "stop"
    has_usage: bool = True
    has_done: bool = True
    has_end: bool = True
    """False keeps the response open after its last event."""
    comments: bool = False
    """Send a keep-alive comment before each event."""
    junk: Sequence[str] = ()
    """Lines to send before each event, which are none of an event stream."""
    line_end: str = "\n"
    write_size: int | None = None
    """Bytes to a write, so that characters and line ends are cut apart; None writes event by event."""
    cut_after: int | None = None
    """Drop the connection after so many pieces."""
    reset_after: int | None = None
    """Reset the connection (TCP's RST) in the middle of the chunk after so many pieces."""
    junk_after: int | None = None
    """Send an event that is no JSON after so many pieces."""
    silent_after: int | None = None
    """Send nothing more after so many pieces, and keep the connection open."""
    error_after: int | None = None
    """Send an error after so many pieces, then end as if nothing were: `x_groq.error` for groq, `error` for openai."""
    refusal: str | None = None
    raw_events: Sequence[str] = ()
    """The data of events to send instead of everything else."""


@frozen
class Status:
    """An answer that is no success."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    message: str = "No."
    code: str = "error"
    body: Any = None
    """The whole body, written as JSON unless it is a string; None for message and code as OpenAI has them."""

    def text(self) -> str:
        if isinstance(self.body, str):
            return self.body
        return json.dumps(self.body or {"error": {"message": self.message, "type": "error", "code": self.code}})


@frozen
class Body:
    """A success with any bytes as its body."""

    content: bytes | Callable[["Recorded"], bytes]
    media_type: str = "text/event-stream"
    write_size: int | None = None
    """Bytes to a write; None writes all at once."""
    cut_after: int | None = None
    """Drop the connection after so many bytes."""
    delay: float = 0
    """Seconds before the response's head."""


@frozen
class Drop:
    """Close the connection without an answer."""


@frozen
class Hang:
    """Accept the request and never answer."""


Behaviour = Answer | Body | Status | Drop | Hang


@dataclass
class Recorded:
    """A request as it came."""

    dialect: str
    headers: dict[str, str]
    body: dict[str, Any]
    text: str = ""
    """All that the answer means to say, also where it is cut off."""
    sent: threading.Event = field(default_factory=threading.Event)
    """Set when the first piece of the answer was sent."""
    left: threading.Event = field(default_factory=threading.Event)
    """Set when the client closed the connection before the answer was over."""


class FakeLLM:
    """The server. `script` is used up one behaviour a request; after that, `default` is.

    `choose` has the first say: what it returns, unless None, is the behaviour for a request.
    """

    def __init__(self, script: Iterable[Behaviour] = (), *, default: Behaviour | None = None, port: int = 0) -> None:
        self.script = deque(script)
        self.default = default or Answer()
        self.choose: Callable[[Recorded], Behaviour | None] = lambda _: None
        self.requests: list[Recorded] = []
        self.connections = 0
        """How many were opened so far."""
        self._port = port
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._open: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def groq_url(self) -> str:
        return self.url

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a server whose two providers this is."""
        return {
            "GROQ_API_KEY": "gsk_test",
            "GROQ_BASE_URL": self.groq_url,
            "GROQ_MODEL": "groq-model",
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": self.openai_url,
            "OPENAI_MODEL": "openai-model",
        }

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as failure:
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for connection in list(self._open):
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._open.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request, and return whether the connection may serve another."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        dialect = PATHS.get(first.split(" ")[1])
        if dialect is None:
            await _send_status(writer, Status(404, message="No such path."))
            return False
        request = Recorded(dialect, headers, json.loads(body))
        self.requests.append(request)
        match self.choose(request) or (self.script.popleft() if self.script else self.default):
            case Answer() as answer:
                return await self._answer(reader, writer, request, answer)
            case Body() as body:
                await _send_body(writer, request, body)
            case Status() as status:
                await _send_status(writer, status)
            case Hang():
                await _until_left(reader, request)
            case Drop():
                pass
        return False

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Recorded, answer: Answer
    ) -> bool:
        """Stream the answer while watching for the client to leave."""
        leaving = asyncio.create_task(_until_left(reader, request))
        sending = asyncio.create_task(_Stream(writer, request, answer).send())
        try:
            await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
            return sending.done() and sending.result() and not leaving.done()
        except ConnectionError:
            request.left.set()
            raise
        finally:
            leaving.cancel()
            sending.cancel()
            await asyncio.gather(leaving, sending, return_exceptions=True)


async def _until_left(reader: asyncio.StreamReader, request: Recorded) -> None:
    """Wait for the client's end of the connection to close, without reading a byte of its next request."""
    while not (reader.at_eof() or reader.exception()):  # noqa: ASYNC110 - a stream has no event for its end
        await asyncio.sleep(0.005)
    request.left.set()


async def _send_status(writer: asyncio.StreamWriter, behaviour: Status) -> None:
    body = behaviour.text().encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **behaviour.headers}.items())
    writer.write(f"HTTP/1.1 {behaviour.status} Said\r\n{lines}\r\n".encode() + body)
    await writer.drain()


async def _send_body(writer: asyncio.StreamWriter, request: Recorded, body: Body) -> None:
    content = body.content if isinstance(body.content, bytes) else body.content(request)
    await asyncio.sleep(body.delay)
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {body.media_type}\r\nconnection: close\r\n".encode())
    is_whole = body.cut_after is None
    writer.write(b"transfer-encoding: chunked\r\n\r\n")
    content = content[: body.cut_after]
    size = body.write_size or len(content) or 1
    for start in range(0, len(content), size):
        part = content[start : start + size]
        writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n" if is_whole else b"")
    await writer.drain()


@dataclass
class _Stream:
    """One answer on its way, in the chunked coding of HTTP/1.1."""

    writer: asyncio.StreamWriter
    request: Recorded
    answer: Answer
    gathered: bytes = b""
    """What a burst has still to send."""

    async def send(self) -> bool:
        """Send the answer, and return whether it was sent to its end."""
        answer = self.answer
        await asyncio.sleep(answer.opening_delay)
        self.writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        await self.writer.drain()
        if answer.raw_events:
            for data in answer.raw_events:
                await self._event(data)
        elif not await self._completion():
            return False
        self.writer.write(self.gathered)
        if not answer.has_end:
            await asyncio.Event().wait()
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def _completion(self) -> bool:
        answer = self.answer
        await self._chunk(delta={"role": "assistant", "content": ""})
        if answer.refusal is not None:
            await self._chunk(delta={"refusal": answer.refusal})
        pieces = answer.pieces
        if pieces is None:
            from tests.fakes.good_model import good_pieces  # noqa: PLC0415 - the answers need the product

            pieces = good_pieces(self.request.body, answer)
        pieces = pieces[: answer.stop_after]
        self.request.text = "".join(pieces)
        for number, piece in enumerate(cycle(pieces) if answer.endless else pieces):
            if await self._stops_at(number):
                return False
            if number == answer.error_after:
                break
            await asyncio.sleep(answer.delay)
            await self._chunk(delta={"content": piece})
            self.request.sent.set()
        if await self._stops_at(len(pieces)):
            return False
        if answer.error_after is not None:
            await self._error()
        await self._finish()
        return True

    async def _stops_at(self, number: int) -> bool:
        answer = self.answer
        if number == answer.cut_after:
            return True
        if number == answer.reset_after:
            self._reset()
            return True
        if number == answer.junk_after:
            await self._event("<html>502 Bad Gateway</html>")
        if number == answer.silent_after:
            await asyncio.Event().wait()
        return False

    def _reset(self) -> None:
        """Send a part of a chunk, which is to have 1,000 bytes, and end the connection with no orderly close."""
        self.writer.write(b'3e8\r\ndata: {"choices": [{"del')
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def _error(self) -> None:
        is_groq = self.request.dialect == "groq"
        detail = {"message": "over capacity", "type": "server_error"}
        more: dict[str, Any] = {"x_groq": {"error": "over capacity"}} if is_groq else {"error": detail}
        await self._event(self._data(choices=[], **more))

    async def _finish(self) -> None:
        answer = self.answer
        usage = USAGE if answer.has_usage else None
        if self.request.dialect == "groq":
            await self._chunk(finish=answer.finish, x_groq={"id": "req_1", **({"usage": usage} if usage else {})})
        else:
            await self._chunk(finish=answer.finish)
            if usage is not None and self.request.body.get("stream_options", {}).get("include_usage"):
                await self._event(self._data(choices=[], usage=usage))
        if answer.has_done:
            await self._event("[DONE]")

    async def _chunk(self, delta: Mapping[str, Any] | None = None, finish: str | None = None, **more: Any) -> None:
        await self._event(self._data(choices=[{"index": 0, "delta": delta or {}, "finish_reason": finish}], **more))

    def _data(self, **fields: Any) -> str:
        head = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": self.request.body["model"],
        }
        return json.dumps({**head, **fields}, ensure_ascii=False)

    async def _event(self, data: str) -> None:
        end = self.answer.line_end
        comment = f": keep-alive{end}{end}" if self.answer.comments else ""
        junk = "".join(f"{line}{end}" for line in self.answer.junk)
        text = f"{comment}{junk}data: {data}{end}{end}".encode()
        if self.answer.burst:
            self.gathered += f"{len(text):x}\r\n".encode() + text + b"\r\n"
            return
        size = self.answer.write_size or len(text)
        for start in range(0, len(text), size):
            if self.writer.is_closing():
                raise ConnectionResetError
            part = text[start : start + size]
            self.writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await self.writer.drain()
            await asyncio.sleep(0)


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake LLM server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.01, help="seconds before each piece of an answer")
    options = parser.parse_args()
    with FakeLLM(default=Answer(delay=options.delay), port=options.port) as fake:
        sys.stdout.write(f"GROQ_BASE_URL={fake.groq_url}\nOPENAI_BASE_URL={fake.openai_url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
