"""The boto3 clients, created once, and the executors on which their blocking calls run."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
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


@frozen
class Aws:
    """The clients and their threads. Clients are thread-safe; sessions are not and are not kept."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"
    links: "S3Client"
    """Signs download links, and calls nothing."""
    sqs: "SQSClient"
    sns: "SNSClient"
    cloudformation: "CloudFormationClient"
    tables: Calls
    """DynamoDB's operations on items."""
    queues: Calls
    """SQS's on messages."""
    kms: Any
    """Has three uses, all in services/foundation/vault/kms.py and provisioning."""
    ses: Any
    """SES v2; has two uses, in mailer.py and provisioning. Does not try again: a mail must not go out twice."""
    sts: Any
    """Has one use, in roles.py."""
    requests: ThreadPoolExecutor
    polls: ThreadPoolExecutor

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
        for client in (self.dynamodb, self.s3, self.links, self.sqs, self.sns, self.cloudformation):
            client.close()
        for other in (self.kms, self.ses, self.sts):
            other.close()
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
    client: Callable[..., Any] = partial(  # pyright: ignore[reportUnknownVariableType] - services without stubs
        session.client,  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - same
        endpoint_url=endpoint,
        config=settings,
    )
    dynamodb, sqs = client("dynamodb"), client("sqs", endpoint_url=sqs_endpoint or endpoint)
    requests, polls = ThreadPoolExecutor(REQUESTS, "aws"), ThreadPoolExecutor(POLLS, "aws-poll")
    return Aws(
        dynamodb=dynamodb,
        s3=client("s3"),
        links=client("s3", endpoint_url=public_endpoint or endpoint),
        sqs=sqs,
        sns=client("sns"),
        cloudformation=client("cloudformation"),
        kms=client("kms"),
        ses=client("sesv2", config=settings.merge(once)),
        sts=client("sts", endpoint_url=sts_endpoint or endpoint),
        tables=calls_of(dynamodb, core, requests),
        queues=calls_of(sqs, core, polls),
        requests=requests,
        polls=polls,
    )
