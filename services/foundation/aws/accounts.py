"""The boto3 clients of an account that is not ours, made as they are needed, and the threads of their calls."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from threading import Lock
from typing import Any, Final

from botocore.config import Config as BotoConfig

from services.core.credentials import AwsKeys
from services.core.frozen import frozen
from services.foundation.aws.clients import descriptions

_CALLS: Final = 4
"""In flight at once, for one account."""


@frozen(kw_only=True)
class Endpoints:
    """Where the parts of AWS are, by boto3's names of them (`logs`); those that are not named are at AWS itself."""

    by_service: Mapping[str, str] = field(default_factory=dict[str, str])
    other: str | None = None
    """An emulator's URL."""

    def of(self, service: str) -> str | None:
        return self.by_service.get(service, self.other)


@frozen(kw_only=True, eq=False)
class ForeignAccount:
    """Calls AWS with somebody's keys. Repeats nothing by itself: who calls knows what may be repeated."""

    region: str
    keys: AwsKeys
    endpoints: Endpoints
    answer: float
    """Seconds that a call may take."""
    _clients: dict[str, Any] = field(default_factory=dict[str, Any])
    _making: Any = field(default_factory=Lock)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_CALLS, "aws-account"))

    async def call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a call, such as `list_tasks` of `ecs`. One that has begun goes on when the waiter is canceled.

        Raises botocore's ClientError and BotoCoreError.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._call, service, operation, parameters
        )

    def close(self) -> None:
        """Close connections and let the threads end."""
        for client in self._clients.values():
            client.close()
        self._threads.shutdown(wait=False)

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._making:  # sessions are not for several threads
            if service not in self._clients:
                self._clients[service] = self._client(service)
        return getattr(self._clients[service], operation)(**parameters)

    def _client(self, service: str) -> Any:
        import botocore.session  # noqa: PLC0415 - takes long to import: only processes that talk to AWS pay it

        endpoint = self.endpoints.of(service)  # never one of our own environment: that is for our own account
        settings = BotoConfig(
            connect_timeout=5,
            read_timeout=self.answer,
            retries={"total_max_attempts": 1},
            user_agent="snapinfra",
            ignore_configured_endpoint_urls=True,  # pyright: ignore[reportCallIssue] - not in the stubs
            s3={"addressing_style": "path"} if endpoint else {},
        )
        core: Any = botocore.session.Session()
        core.register_component("data_loader", descriptions())
        return core.create_client(
            service,
            region_name=self.region,
            endpoint_url=endpoint,
            config=settings,
            aws_access_key_id=self.keys.access_key_id,
            aws_secret_access_key=self.keys.secret_access_key,
            aws_session_token=self.keys.session_token,
        )
