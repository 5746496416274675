"""The boto3 clients, created once, and the executors on which their blocking calls run."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError

from services.core.frozen import frozen
from services.foundation.aws.calls import Blocking, Calls, Wire, calls_of
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from services.foundation.aws.outage import Outage, outages

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

REQUESTS: Final = 16
"""Calls in flight at once, per process."""

POLLS: Final = 8
"""Calls to queues that have threads, apart from others, where calls need them at all (calls.calls_of)."""

LONG_POLL: Final = 20
"""Seconds a receive waits for messages; SQS's maximum."""

MAIL_TIMEOUT: Final = 10
"""Seconds that SES may take for an answer: somebody waits for it."""

AWS_ERRORS: Final = (ClientError, BotoCoreError, Outage)
"""What a call to AWS raises where AWS refuses it, or does not answer."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Clients:
    """boto3's clients by name, each made at its first use: all of them take 0.3 s, and few processes use all."""

    makers: Mapping[str, Callable[[], Any]]
    _made: dict[str, Any] = field(default_factory=dict[str, Any], init=False)
    _lock: Lock = field(default_factory=Lock, init=False)
    """Sessions, which make them, are not thread-safe."""

    def __getitem__(self, name: str) -> Any:
        with self._lock:
            if name not in self._made:
                self._made[name] = self.makers[name]()
            return self._made[name]

    def close(self) -> None:
        for client in self._made.values():
            client.close()


@frozen
class Aws:
    """The clients and their threads. Clients are thread-safe."""

    clients: Clients
    tables: Calls
    """DynamoDB's operations on items."""
    queues: Calls
    """SQS's on messages."""
    requests: ThreadPoolExecutor
    polls: ThreadPoolExecutor

    @property
    def dynamodb(self) -> "DynamoDBClient":
        return self.clients["dynamodb"]

    @property
    def s3(self) -> "S3Client":
        return self.clients["s3"]

    @property
    def links(self) -> "S3Client":
        """Signs download links, and calls nothing."""
        return self.clients["links"]

    @property
    def sqs(self) -> "SQSClient":
        return self.clients["sqs"]

    @property
    def sns(self) -> "SNSClient":
        return self.clients["sns"]

    @property
    def cloudformation(self) -> "CloudFormationClient":
        return self.clients["cloudformation"]

    @property
    def kms(self) -> Any:
        """Has three uses, all in services/foundation/vault/kms.py and provisioning."""
        return self.clients["kms"]

    @property
    def ses(self) -> Any:
        """SES v2; has two uses, in mailer.py and provisioning. Does not try again: a mail must not go out twice."""
        return self.clients["ses"]

    @property
    def sts(self) -> Any:
        """Has one use, in roles.py."""
        return self.clients["sts"]

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a blocking call on a request thread. A call that has begun finishes even when the waiter is canceled.

        Raises Outage where AWS itself is the reason that it fails.
        """
        with outages():
            return await asyncio.get_running_loop().run_in_executor(self.requests, partial(call, *args, **kwargs))

    @property
    def blocking(self) -> "Aws":
        """The same for threads that may block (calls.at_once)."""
        return replace(self, tables=Blocking(self.dynamodb), queues=Blocking(self.sqs))

    def close(self) -> None:
        """Close connections and let the threads end."""
        for calls in (self.tables, self.queues):
            if isinstance(calls, Wire):
                calls.close()
        self.clients.close()
        self.requests.shutdown(wait=False)
        self.polls.shutdown(wait=False)


@cache
def descriptions() -> Any:
    """Return the loader of botocore's descriptions of AWS, which reads each once: that is most of what clients cost."""
    import botocore.session  # noqa: PLC0415 - as below

    core: Any = botocore.session.Session()
    return core.get_component("data_loader")


def connect(
    *,
    region: str,
    endpoint: str | None,
    sqs_endpoint: str | None = None,
    sts_endpoint: str | None = None,
    public_endpoint: str | None = None,
    credentials: Mapping[str, str] | None = None,
) -> Aws:
    """Create the clients. Without credentials, by the names of their variables, boto3's own chain finds some; with an
    endpoint (an emulator) they are fixed ones.

    `sqs_endpoint` of None: SQS is where the others are; `sts_endpoint`, likewise; `public_endpoint`, likewise of what
    download links lead to.
    """
    import boto3  # noqa: PLC0415 - 0.33 s to import: only processes that talk to AWS pay it
    import botocore.session  # noqa: PLC0415 - same

    settings = BotoConfig(
        max_pool_connections=REQUESTS + POLLS,
        read_timeout=LONG_POLL + 10,
        connect_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 4},
        user_agent="snapinfra",  # building boto3's own costs 17 % of a call
        signature_version="s3v4",
        s3={"addressing_style": "path"} if endpoint else {},
    )
    once = BotoConfig(retries={"total_max_attempts": 1}, read_timeout=MAIL_TIMEOUT)
    variables = credentials or (EMULATOR_CREDENTIALS if endpoint else {})
    keys: dict[str, Any] = {
        name: variables[name.upper()]
        for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        if name.upper() in variables
    }
    core: Any = botocore.session.Session()
    core.register_component("data_loader", descriptions())
    session = boto3.Session(botocore_session=core, region_name=region, **keys)

    def client(name: str, **options: Any) -> Callable[[], Any]:
        make: Callable[..., Any] = session.client  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - services without stubs
        return lambda: make(name, **{"endpoint_url": endpoint, "config": settings, **options})

    clients = Clients(
        {
            "dynamodb": client("dynamodb"),
            "s3": client("s3"),
            "links": client("s3", endpoint_url=public_endpoint or endpoint),
            "sqs": client("sqs", endpoint_url=sqs_endpoint or endpoint),
            "sns": client("sns"),
            "cloudformation": client("cloudformation"),
            "kms": client("kms"),
            "ses": client("sesv2", config=settings.merge(once)),
            "sts": client("sts", endpoint_url=sts_endpoint or endpoint),
        }
    )
    requests, polls = ThreadPoolExecutor(REQUESTS, "aws"), ThreadPoolExecutor(POLLS, "aws-poll")
    return Aws(
        clients=clients,
        tables=calls_of(clients["dynamodb"], core, requests),
        queues=calls_of(clients["sqs"], core, polls),
        requests=requests,
        polls=polls,
    )
