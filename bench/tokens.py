"""A provider for measurements: a server that streams the same bytes to whoever asks, at a given pace.

`python -m bench.tokens` prints its port and serves until its input closes. The model that a request names is the order:
`burst-2000` has 2,000 tokens sent as fast as they are taken, `1000-500` has 500 at 1,000 a second. The answer is the
same text to all: a file in the protocol of `services/llm/files.py`, whose content is tokens of five characters.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import contextlib
import json
import sys
from functools import cache
from typing import Final

BOUNDARY: Final = "bench"
PATH: Final = "src/a.ts"
OPENING: Final = f"=== {BOUNDARY} MANIFEST\n{PATH}\n=== {BOUNDARY} FILE {PATH}\n"
ENDING: Final = f"\n=== {BOUNDARY} END\n"
TOKEN: Final = " word"  # noqa: S105 - of text
BURST: Final = "burst"
_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_AT_ONCE: Final = 64 * 1024
"""Bytes of a burst that are written before the reader's turn."""


def text(tokens: int) -> str:
    """What is said in so many tokens, opening and ending not counted."""
    return f"{OPENING}{content(tokens)}{ENDING.removeprefix(chr(10))}"


def content(tokens: int) -> str:
    """The content of the file that an answer brings."""
    return TOKEN * tokens + "\n"


@cache
def _event(content: str | None) -> bytes:
    """One chunk as OpenAI and Groq write it (None: the last one), in the chunked coding of HTTP/1.1."""
    choice = {
        "index": 0,
        "delta": {} if content is None else {"content": content},
        "logprobs": None,
        "finish_reason": "stop" if content is None else None,
    }
    chunk = {
        "id": "chatcmpl-7f3a9e20-5d1c-4b7e-9a51-0c4dfe2a8b11",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": "llama-3.3-70b-versatile",
        "system_fingerprint": "fp_9e1e8f8435",
        "choices": [choice],
    }
    return _coded(f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode())


def _coded(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def _answer(writer: asyncio.StreamWriter, pace: str, tokens: int) -> None:
    writer.write(_HEAD + _event(OPENING))
    if pace == BURST:
        each = max(1, _AT_ONCE // len(_event(TOKEN)))
        for start in range(0, tokens, each):
            writer.write(_event(TOKEN) * min(each, tokens - start))
            await writer.drain()
    else:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for _ in range(tokens):
            due += 1 / float(pace)
            await asyncio.sleep(max(0, due - loop.time()))
            writer.write(_event(TOKEN))
    writer.write(_event(ENDING) + _event(None) + _coded(b"data: [DONE]\n\n") + b"0\r\n\r\n")
    await writer.drain()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            pace, _, tokens = json.loads(await reader.readexactly(size))["model"].partition("-")
            await _answer(writer, pace, int(tokens))
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
