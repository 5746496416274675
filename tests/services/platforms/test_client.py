"""Answers of a platform that nobody expects: too large, endless, of another form, or with what nobody may read."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from services.core.credentials import Token
from services.platforms.heroku.adapter import HerokuPlatform
from services.platforms.port import DeployFailed
from services.platforms.preparing import Prepared
from services.platforms.vendors.client import MOST_BYTES, retry_after
from services.platforms.vendors.patience import Busy, Patience, Turns
from tests.fakes.targets.server import Target
from tests.services.platforms.conformance import COMMON, InProcess

TOKEN = "token-of-the-fake-0123456789"
DATE = "Sat, 28 Nov 2026 20:50:00 GMT"
JSON = {"content-type": "application/json"}


@dataclass
class Hostile(Target):
    """Answers whatever is called with one answer."""

    answer: Response | None = None
    others: int = 0
    """Calls of other addresses than the API's."""

    def routes(self) -> list[Route]:
        return [Route("/elsewhere", self._other), Route("/{path:path}", self._any, methods=["GET", "POST"])]

    async def _any(self, request: Request) -> Response:
        self.calls[request.url.path] += 1
        assert self.answer is not None
        return self.answer

    async def _other(self, request: Request) -> Response:
        del request
        self.others += 1
        return Response()


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with Hostile() as fake:
        yield fake


def platform(fake: Hostile) -> HerokuPlatform:
    common: dict[str, Any] = {**COMMON, "patience": Patience(answer=2, trying=0.3, first=0.02, longest=0.1)}
    return HerokuPlatform(base_url=fake.url, pauses=InProcess(), **common)


async def test_who_is_no_longer_tried_is_not_said_to_ask_for_a_pause() -> None:
    """The pause before a repeat may end after all that repeating may take."""

    async def once() -> None:
        raise Busy("It does not answer")

    for _ in range(20):
        turns = Turns(
            name="It", key="it", pauses=InProcess(), patience=Patience(trying=0.011, first=0.01, longest=0.01)
        )
        with pytest.raises(DeployFailed) as failure:
            await turns.call(once)
        assert failure.value.reason == "PLATFORM_UNAVAILABLE"


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65_536
        await asyncio.sleep(0)  # else the server never hears that nobody reads it


def bomb() -> bytes:
    return gzip.compress(b" " * (MOST_BYTES * 4))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("html", "PLATFORM_UNAVAILABLE"),
        ("array", "PLATFORM_UNAVAILABLE"),
        ("deep", "PLATFORM_UNAVAILABLE"),
        ("latin", "PLATFORM_UNAVAILABLE"),
        ("large", "PLATFORM_UNAVAILABLE"),
        ("endless", "PLATFORM_UNAVAILABLE"),
        ("bomb", "PLATFORM_UNAVAILABLE"),
        ("bomb in a bomb", "PLATFORM_UNAVAILABLE"),
        ("no gzip", "PLATFORM_UNAVAILABLE"),
        ("html error", "REFUSED"),
        ("odd error", "REFUSED"),
        ("redirect", "REFUSED"),
    ],
)
async def test_an_answer_that_is_none_is_said_to_be(hostile: Hostile, name: str, reason: str) -> None:
    hostile.answer = {
        "html": lambda: Response("<html>Welcome</html>"),
        "array": lambda: Response('[{"email": "a@example.com"}]', headers=JSON),
        "deep": lambda: Response("[" * 100_000, headers=JSON),
        "latin": lambda: Response(b'{"email": "\xe9"}', headers=JSON),
        "large": lambda: Response(b" " * (MOST_BYTES + 1), headers=JSON),
        "endless": lambda: StreamingResponse(endless(), headers=JSON),
        "bomb": lambda: Response(bomb(), headers={**JSON, "content-encoding": "gzip"}),
        "bomb in a bomb": lambda: Response(gzip.compress(bomb()), headers={**JSON, "content-encoding": "gzip, gzip"}),
        "no gzip": lambda: Response(b"{}", headers={**JSON, "content-encoding": "gzip"}),
        "html error": lambda: Response("<html>Nothing here</html>", 400),
        "odd error": lambda: Response(
            '{"error": {"code": {"a": []}, "message": ["\\u001b[31mred"]}}', 409, headers=JSON
        ),
        "redirect": lambda: RedirectResponse(f"{hostile.url}/elsewhere"),
    }[name]()

    with pytest.raises(DeployFailed) as failure:
        await platform(hostile).check(Token(TOKEN))

    assert failure.value.reason == reason
    assert "\x1b" not in failure.value.message
    assert len(failure.value.message) < 700
    assert hostile.others == 0


@pytest.mark.parametrize("codings", ["gzip", "gzip, gzip"])
async def test_little_that_becomes_much_is_never_held(hostile: Hostile, codings: str) -> None:
    content = bytes(64 * 1024**2)
    for _ in codings.split(","):
        content = gzip.compress(content)
    hostile.answer = Response(content, headers={**JSON, "content-encoding": codings})
    del content

    tracemalloc.start()
    try:
        with pytest.raises(DeployFailed):
            await platform(hostile).check(Token(TOKEN))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < MOST_BYTES * 4


async def test_too_large_an_answer_is_asked_for_once_and_said_to_be(hostile: Hostile) -> None:
    hostile.answer = Response(b" " * (MOST_BYTES + 1), headers=JSON)

    with pytest.raises(DeployFailed) as failure:
        await platform(hostile).check(Token(TOKEN))

    assert failure.value.message == "Heroku answers with more than 8 MiB, which nobody reads."
    assert hostile.calls["/account"] == 1


async def test_an_answer_that_drips_is_given_up(hostile: Hostile) -> None:
    async def drips() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    hostile.answer = StreamingResponse(drips(), headers=JSON)
    common: dict[str, Any] = {**COMMON, "patience": Patience(answer=0.3, trying=0.3, first=0.02, longest=0.1)}

    with pytest.raises(DeployFailed) as failure:
        await HerokuPlatform(base_url=hostile.url, pauses=InProcess(), **common).check(Token(TOKEN))

    assert failure.value.reason == "PLATFORM_UNAVAILABLE"


async def test_what_was_cut_inside_an_emoji_can_be_stored(hostile: Hostile) -> None:
    hostile.answer = Response(b'{"email": "half \\ud83d of it"}', headers=JSON)
    assert (await platform(hostile).check(Token(TOKEN))).name == "half \ufffd of it"

    hostile.answer = Response(b'{"id": "no", "message": "half \\ud83d of it"}', 403, headers=JSON)
    with pytest.raises(DeployFailed, match="half \ufffd of it"):
        await platform(hostile).check(Token(TOKEN))


async def test_words_that_quote_the_token_do_not_show_it(hostile: Hostile) -> None:
    hostile.answer = Response(f'{{"id": "forbidden", "message": "Bearer {TOKEN} may not."}}', 403, headers=JSON)

    with pytest.raises(DeployFailed) as failure:
        await platform(hostile).check(Token(TOKEN))

    assert "Bearer *** may not" in failure.value.message
    assert TOKEN not in repr(failure.value)


def test_nothing_with_a_secret_shows_it_in_its_repr(hostile: Hostile) -> None:
    client = platform(hostile).connect(Token(TOKEN))
    assert TOKEN not in f"{client!r} {Prepared({'AWS_SECRET_ACCESS_KEY': TOKEN})!r}"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("-5", None),
        ("1e9", None),
        ("nan", None),
        ("٣", None),
        ("9" * 4_000, 999_999_999),
        ("Sat, 28 Nov 2026 20:50:07 GMT", 7),
        ("Sat, 28 Nov 2026 20:49:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 -0000", 0),
        ("Mon, 99 Jan 2026 00:00:00 GMT", None),
        (f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT", None),
        (f"Mon, 01 Jan 2026 {'9' * 30}:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -9999999999", None),
    ],
)
def test_a_wait_is_read_or_left_out(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text, "date": DATE}) == seconds
