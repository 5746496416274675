"""Calls to the services of AWS that are called all the time, DynamoDB and SQS: straight from the event loop.

What boto3 does in half a millisecond of a thread's time takes a tenth of that here. Everything else is boto3's: its
clients say where to call and with which keys, which failures are tried again and when, and what is raised.
"""

import asyncio
import time
import zlib
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
from botocore import xform_name
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ConnectionError, HTTPClientError, NoCredentialsError  # noqa: A004 - boto's own
from botocore.httpsession import create_urllib3_context, get_cert_path
from botocore.parsers import create_parser
from botocore.retries import quota, standard
from botocore.utils import get_environ_proxies

from services.core.telemetry import Role, span
from services.foundation.aws.connections import Connections, Response
from services.foundation.aws.outage import outages
from services.foundation.aws.signer import Signer

T = TypeVar("T")

SECONDS: Final = 30.0
"""That an answer may take."""

TRIES: Final = 4
"""Of a call, the first one included."""

MOST: Final = 64
"""Calls of a process to one service at a time."""

_going: Final = set["asyncio.Future[Any]"]()
"""Work that somebody may have stopped waiting for: the event loop itself would forget it."""

_REFUSED: Final = 300
_ANSWER: Final = msgspec.json.Decoder(dict[str, Any])

Told = Callable[[str, Mapping[str, Any]], None]
"""Is told of a call: its operation, and what is asked, or answered."""


class Calls(Protocol):
    """Calls operations of one service by their names in its API reference, with what that says of request and answer.

    Values of bytes may be answered in base64.
    """

    async def call(self, operation: str, request: Mapping[str, Any], *, seconds: float = SECONDS) -> dict[str, Any]:
        """Return what a call answers. Raises ClientError where AWS refuses it, and Outage where AWS is the reason."""
        ...

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Make several calls, the next ones also where whoever waits for them is canceled."""
        ...


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run what waits for nothing but Blocking calls to its end, in a thread that may block."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    work.close()
    raise RuntimeError("It waits for something else.")


@dataclass(frozen=True)
class Blocking:
    """Calls by boto3, and returns only then: for `at_once`, in threads."""

    client: Any

    async def call(self, operation: str, request: Mapping[str, Any], *, seconds: float = SECONDS) -> dict[str, Any]:
        del seconds  # the client's own
        with outages():
            return getattr(self.client, xform_name(operation))(**request)

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        return await work


@dataclass(frozen=True)
class Threaded:
    """Calls by boto3, in threads."""

    client: Any
    threads: Executor

    async def call(self, operation: str, request: Mapping[str, Any], *, seconds: float = SECONDS) -> dict[str, Any]:
        call = Blocking(self.client).call(operation, request, seconds=seconds)
        return await asyncio.get_running_loop().run_in_executor(self.threads, at_once, call)

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        return await _shielded(work)


def calls_of(client: Any, session: Any, threads: Executor) -> "Wire | Threaded":
    """Return the calls of a client's service: by boto3 where a proxy is in between."""
    url: str = client.meta.endpoint_url
    if {urlsplit(url).scheme, "all"} & get_environ_proxies(url).keys():
        return Threaded(client, threads)
    return Wire(client, session, threads)


@dataclass(eq=False)
class Wire:
    """Calls from the event loop. `before` and `after` are told of each call that is sent, and that was answered."""

    client: Any
    """boto3's."""
    session: Any
    """botocore's, which finds the keys."""
    threads: Executor
    """For what may block: fetching new keys."""
    before: list[Told] = field(default_factory=list[Told])
    after: list[Told] = field(default_factory=list[Told])

    def __post_init__(self) -> None:
        meta, model = self.client.meta, self.client.meta.service_model
        self._target = f"{model.metadata['targetPrefix']}."
        self._service = str(model.service_id)
        self._attributes = {"rpc.system.name": "aws-api", "cloud.region": meta.region_name}
        self._signer = Signer(
            meta.endpoint_url,
            service=model.signing_name,
            region=meta.region_name,
            media=f"application/x-amz-json-{model.metadata['jsonVersion']}",
            is_query_compatible=model.is_query_compatible,
            agent=meta.config.user_agent,
        )
        self._connections = Connections(
            meta.endpoint_url,
            most=MOST,
            context=_trust(self.session) if meta.endpoint_url.startswith("https:") else None,
        )
        self._credentials: Any = self.session.get_credentials()
        self._quota = quota.RetryQuota()
        self._retries = _retries(model.service_id.hyphenize(), self._quota)

    async def call(self, operation: str, request: Mapping[str, Any], *, seconds: float = SECONDS) -> dict[str, Any]:
        with outages(), span(f"{self._service}.{operation}", Role.CLIENT, self._attributes):
            return await self._call(operation, request, seconds)

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        return await _shielded(work)

    async def _call(self, operation: str, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        for told in self.before:
            told(operation, request)
        body, about = msgspec.json.encode(request), dict[str, Any]()
        for number in range(1, TRIES + 1):
            response, error = None, None
            try:
                head = self._signer.head(self._target + operation, body, await self._keys(), time.time())
                response = await self._connections.exchange(head + body, seconds=seconds)
                if response.status_code < _REFUSED:
                    return self._answered(operation, response, about)
            except (ConnectionError, HTTPClientError) as failure:
                response, error = None, failure
            pause = await self._pause(operation, number, response, error, about)
            if pause is None:
                raise self._failure(operation, response, error)
            await asyncio.sleep(pause)
        raise RuntimeError("botocore tries more often than it was told to.")

    def _answered(self, operation: str, response: Response, about: Mapping[str, Any]) -> dict[str, Any]:
        """Read an answer. Raises HTTPClientError for one that is not what AWS sent, which is tried again."""
        try:
            answer = _ANSWER.decode(response.content or b"{}")
            is_whole = _is_whole(response)
        except (msgspec.DecodeError, ValueError) as wrong:
            raise HTTPClientError(error=wrong) from None
        if not is_whole:
            raise HTTPClientError(error="its checksum differs")
        self._quota.release(about.get("retry_quota_capacity", 1))
        for told in self.after:
            told(operation, answer)
        return answer

    async def _keys(self) -> Any:
        """Return the keys to sign with. Those that end are fetched anew, which takes a while."""
        if self._credentials is None:
            raise NoCredentialsError
        if isinstance(self._credentials, RefreshableCredentials) and self._credentials.refresh_needed():
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.threads, self._credentials.get_frozen_credentials)
        return self._credentials.get_frozen_credentials()

    async def _pause(
        self, operation: str, number: int, response: Response | None, error: Exception | None, about: dict[str, Any]
    ) -> float | None:
        """Return the seconds until a call that failed is tried again; None where it is not."""
        asked = partial(
            self._retries.needs_retry,
            response=None if response is None else (response, self._parsed(operation, response)),
            attempts=number,
            operation=self.client.meta.service_model.operation_model(operation),
            caught_exception=error,
            request_dict={"context": about},
        )
        pause = await asyncio.get_running_loop().run_in_executor(self.threads, asked)
        return None if pause is False else pause

    def _failure(self, operation: str, response: Response | None, error: Exception | None) -> Exception:
        if response is None:
            return error or RuntimeError("There is neither an answer nor an error.")
        parsed = self._parsed(operation, response)
        code = parsed.get("Error", {}).get("Code")
        return self.client.exceptions.from_code(code)(parsed, operation)

    def _parsed(self, operation: str, response: Response) -> dict[str, Any]:
        """Read an answer as botocore's endpoint does, with what the service's description says of its errors."""
        model = self.client.meta.service_model
        given = {"headers": response.headers, "body": response.content, "status_code": response.status_code}
        parser = create_parser(model.resolved_protocol)
        parsed: dict[str, Any] = parser.parse(given, model.operation_model(operation).output_shape)
        if response.status_code >= _REFUSED:
            code = parsed.get("Error", {}).get("Code")
            shape = None if code is None else model.shape_for_error_code(code)
            if shape is not None:
                parsed.update(parser.parse(given, shape))
        return parsed

    def close(self) -> None:
        """Close the connections of the running event loop."""
        self._connections.close()


async def _shielded(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    _going.add(task)
    task.add_done_callback(_going.discard)
    return await asyncio.shield(task)


def _is_whole(response: Response) -> bool:
    """Tell whether what arrived is what DynamoDB sent; other services send no checksum."""
    checksum = response.headers.get("x-amz-crc32")
    return checksum is None or int(checksum) == zlib.crc32(response.content)


def _trust(session: Any) -> Any:
    context = create_urllib3_context()
    context.check_hostname = True  # urllib3, for which botocore makes it, does so by itself
    context.load_verify_locations(session.get_config_variable("ca_bundle") or get_cert_path(True))  # noqa: FBT003 - botocore's
    return context


def _retries(service: str, available: quota.RetryQuota) -> Any:
    """Put botocore's rules of its mode "standard" together, as it does for its own clients."""
    adapter = standard.RetryEventAdapter()
    throttled = standard.ThrottlingErrorDetector(adapter)
    checked: Any = standard.RetryQuotaChecker(available, throttled)  # the stubs have handlers take its quota
    return standard.RetryHandler(
        retry_policy=standard.RetryPolicy(
            retry_checker=standard.StandardRetryConditions(max_attempts=TRIES),
            retry_backoff=standard.ExponentialBackoff(service_name=service, throttling_detector=throttled),
        ),
        retry_event_adapter=adapter,
        retry_quota=checked,
        service_name=service,
    )
