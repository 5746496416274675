"""Calls to a platform's API: bounded, patient where that helps, and with failures that a user can act on."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Self, TypeVar, cast

import httpx
import msgspec

from services.core.foreign_json import UnreadableJson, read_json
from services.core.frozen import frozen
from services.core.slices import TooLarge, UnknownCoding, content_of
from services.core.tls import trusted
from services.platforms.output import cleaned, shortened
from services.platforms.port import DeployFailed
from services.platforms.vendors.patience import Busy, Limited, Patience, Pauses, Turns

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of an answer; a larger one is not read to its end."""
MOST_WORDS: Final = 500
"""Characters of a platform's own words."""

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})
"""May be repeated when nobody knows whether they had their effect; all PATCH that we send set values."""


T = TypeVar("T")


class Refused(Exception):
    """The platform refuses a call. `words` are its own, made printable; `headers` have lower-case names."""

    def __init__(
        self, status: int, code: str, words: str, body: object, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {words}")
        self.status = status
        self.code = code
        self.words = words
        self.body = body
        self.headers = headers or {}


class TooMuch(DeployFailed):
    """An answer has more than MOST_BYTES; it would the next time, too."""

    def __init__(self, name: str, *, again_after: float) -> None:
        message = f"{name} answers with more than {MOST_BYTES // 1024**2} MiB, which nobody reads."
        super().__init__("PLATFORM_UNAVAILABLE", message, again_after=again_after)


class Unclear(Exception):
    """There was no proper answer to a call that may have had its effect."""


@frozen
class Answer:
    """`headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def read(self, type: type[T]) -> T:
        """Return the body as a type that msgspec reads from JSON. Raises Unclear for a body that is not of it."""
        try:
            return msgspec.convert(read_json(self.body), type, strict=False)
        except (UnreadableJson, msgspec.ValidationError):
            raise Unclear("The answer is not as it is documented.") from None


@frozen(kw_only=True)
class Client:
    """Calls one platform with one token."""

    name: str
    """For people, such as `Heroku`."""
    base_url: str
    token: str = field(repr=False)
    pauses: Pauses
    patience: Patience = field(default_factory=Patience)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    limit: str = ""
    """Names the limit that its calls count against, where a platform has several beside each other."""
    _http: httpx.AsyncClient = field(init=False, repr=False)
    _turns: Turns = field(init=False, repr=False)

    def __post_init__(self) -> None:
        key = f"{self.name.lower()}#{hashlib.sha256(self.token.encode()).hexdigest()[:32]}{self.limit}"
        turns = Turns(name=self.name, key=key, pauses=self.pauses, patience=self.patience)
        object.__setattr__(self, "_turns", turns)
        http = httpx.AsyncClient(verify=trusted(), timeout=self.patience.answer, follow_redirects=False)
        object.__setattr__(self, "_http", http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(
        self, path: str, type: type[T], /, *, headers: Mapping[str, str] | None = None, **params: str
    ) -> T | None:
        """Return what is there; None where nothing is. Raises as `call` does."""
        answer = await self.call("GET", path, params=params, headers=headers, missing_ok=True)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        try:
            return answer.read(type)
        except Unclear as unclear:
            message = f"{self.name} answers otherwise than it is documented."
            raise DeployFailed("PLATFORM_UNAVAILABLE", message, again_after=self.patience.longest) from unclear

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        missing_ok: bool = False,
        repeatable: bool = False,
    ) -> Answer:
        """Make a call, and make it again as long as that is of use; a POST only if it is `repeatable`.

        `body` is sent as JSON, `content` as it is.
        Raises Refused; Unclear, where it may not be repeated; TooMuch; DeployFailed where the token is refused, or time
        is up.
        """
        given = {
            "authorization": f"Bearer {self.token}",
            "user-agent": "Snapinfra/1",
            "accept-encoding": "gzip",
            **self.headers,
            **(headers or {}),
        }
        request = self._http.build_request(
            method, self.base_url + path, json=body, content=content, params=params, headers=given
        )
        repeatable = repeatable or method in _IDEMPOTENT
        return await self._send(request, missing_ok=missing_ok, repeatable=repeatable)

    async def _send(self, request: httpx.Request, *, missing_ok: bool, repeatable: bool) -> Answer:
        async def once() -> Answer:
            try:
                answer = await self._once(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                raise Busy(f"{self.name} does not accept connections") from None
            except (httpx.HTTPError, TimeoutError):  # of httpx between two reads; of ours for all of them
                self._require(repeatable)
                raise Busy(f"{self.name} does not answer") from None
            except UnknownCoding:
                self._require(repeatable)
                raise Busy(f"{self.name} answers in a coding that was not asked for") from None
            except TooLarge:
                self._require(repeatable)
                raise TooMuch(self.name, again_after=self.patience.longest) from None
            if self.is_limited(answer):
                heard = f"{self.name} asks to wait: it takes no more calls of this account now"
                raise Limited(heard, self.pause(answer))
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._require(repeatable)
                raise Busy(f"{self.name} answers with status {answer.status}")
            return self._read(answer, missing_ok=missing_ok)

        return await self._turns.call(once)

    def is_limited(self, answer: Answer) -> bool:
        """Say whether an answer asks to wait."""
        return answer.status == HTTPStatus.TOO_MANY_REQUESTS

    def pause(self, answer: Answer) -> float | None:
        """Return for how many seconds an answer asks to wait; None where it does not say."""
        return retry_after(answer.headers)

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str]) -> AsyncGenerator[httpx.Response]:
        """Open an answer that goes on for long, without the token: its URL is enough. Raises httpx.HTTPError."""
        async with self._http.stream("GET", url, headers=headers) as response:
            yield response

    async def upload(self, url: str, content: bytes) -> None:
        """Put bytes to a URL that the platform gave, without the token. Raises as `call` does."""
        await self._send(self._http.build_request("PUT", url, content=content), missing_ok=False, repeatable=True)

    async def fetch(self, url: str) -> Answer:
        """Get what is at a URL that the platform gave, without the token. Raises as `call` does."""
        return await self._send(self._http.build_request("GET", url), missing_ok=False, repeatable=True)

    def not_accepted(self) -> DeployFailed:
        """Word that the token is refused."""
        message = f"{self.name} does not accept the credentials of the integration: replace them with new ones."
        return DeployFailed("CREDENTIALS_REFUSED", message)

    def _require(self, repeatable: bool) -> None:  # noqa: FBT001 - says what is required
        if not repeatable:
            raise Unclear(f"{self.name} gave no proper answer.") from None

    async def _once(self, request: httpx.Request) -> Answer:
        async with asyncio.timeout(self.patience.answer * 2):
            response = await self._http.send(request, stream=True)
            try:
                content = await content_of(response, most=MOST_BYTES)
            finally:
                await response.aclose()
        return Answer(response.status_code, {name.lower(): text for name, text in response.headers.items()}, content)

    def _read(self, answer: Answer, *, missing_ok: bool) -> Answer:
        if answer.status < HTTPStatus.MULTIPLE_CHOICES or (missing_ok and answer.status == HTTPStatus.NOT_FOUND):
            return answer
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise self.not_accepted()
        body: object = None
        with suppress(UnreadableJson):
            body = read_json(answer.body)
        code, words = _words(body)
        raise Refused(answer.status, code, words, body, answer.headers)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait (RFC 9110, 10.2.3); None where it does not say."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    with suppress(ValueError, TypeError, OverflowError):
        at = parsedate_to_datetime(text)
        return (
            max(0.0, at.timestamp() - parsedate_to_datetime(headers["date"]).timestamp()) if "date" in headers else None
        )
    return None


def _words(body: object) -> tuple[str, str]:
    """Return the code and the message of an error, in the forms that platforms have: `{error: {…}}` and flat."""
    if not isinstance(body, dict):
        return "", ""
    flat = cast("dict[str, object]", body)
    inner = flat.get("error", flat)
    if not isinstance(inner, dict):
        return "", shortened(cleaned(str(inner)), MOST_WORDS)
    fields = cast("dict[str, object]", inner)
    code = fields.get("code") or fields.get("id") or ""
    return str(code)[:MOST_WORDS], shortened(cleaned(str(fields.get("message") or "")), MOST_WORDS)
