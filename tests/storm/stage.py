"""Where a storm breaks: an api and two workers, and an SQS whose messages each come one to five times."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import field
from pathlib import Path
from random import Random
from typing import Any, Final

from services.bootstrap import table_name
from services.config import Config
from services.core.frozen import frozen
from services.deployments.model import DEPLOYMENTS
from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.queue import Queue
from services.generations.model import GENERATIONS
from tests.chaos.fleet import Fleet, Size, fleet
from tests.fakes.llm import Answer, FakeLLM
from tests.fakes.receiver import Receiver
from tests.fakes.sqs import FakeSQS
from tests.fakes.targets.kinds import KINDS

BACKEND: Final = {
    "package.json": '{"name": "tiny", "version": "1.0.0", "scripts": {"start": "node server.js"}}\n',
    "server.js": 'const server = require("node:http").createServer((_, response) => response.end("up"));\n'
    "const listen = () => server.listen(process.env.PORT, process.env.HOST);\n"
    "fetch(process.env.CALLED, { method: 'POST' }).then(listen);\n",
}
"""A backend that calls an address before it listens."""

MOST_COPIES: Final = 5
LATEST: Final = 8.0
"""Seconds by which a copy of a message may be late: far beyond the end of most jobs."""

PATIENCE: Final = 150.0
"""Seconds after the last job's end until its last message is gone."""

_NOTICES: Final = "notices"


@frozen
class _Copies:
    """Says how often a message comes: what asks for a job, 1 to 5 times; what a worker itself puts in again, once.

    Else each of the copies that wait for a slot of their team would become several more every second.
    """

    chance: Random
    seen: set[str] = field(default_factory=set[str])

    def __call__(self, body: str) -> int:
        if body in self.seen:
            return 1
        self.seen.add(body)
        return self.chance.randint(1, MOST_COPIES)


@frozen
class Stage:
    fleet: Fleet
    sqs: FakeSQS
    calls: Receiver
    """What backends call when they start, and where webhooks lead."""
    targets: Mapping[str, Any]
    """Fakes of other people's platforms, by the platforms' names."""
    aws: Aws
    """The emulator's, with its own SQS, where the topic's subscriber is."""

    @property
    def config(self) -> Config:
        return self.fleet.config

    @property
    def copies(self) -> int:
        """How many deliveries were deleted so far: each is a copy of a message."""
        return sum(len(queue.deleted) for queue in self.sqs.queues.values())

    async def quiet(self, *, with_notifications: bool) -> None:
        """Wait until no message is left, however late. One of notifications waits a minute where another is at it."""
        others = () if with_notifications else (self.config.name_of(self.config.notification_queue),)
        queues = [queue for queue in self.sqs.queues.values() if queue.name not in others]
        try:
            async with asyncio.timeout(PATIENCE):
                await self.sqs.until(lambda: not any(queue.copies for queue in queues))
        except TimeoutError:
            left = {queue.name: [copy.body for copy in queue.copies] for queue in queues}
            raise AssertionError(f"messages that nobody deletes: {left}") from None

    def record(self, job_id: str) -> Mapping[str, Any]:
        """Return attributes of a job's record as it is stored (blocks)."""
        spec = DEPLOYMENTS if job_id.startswith("deployment_") else GENERATIONS
        found = self.aws.dynamodb.query(
            TableName=table_name(self.config, spec),
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": {"S": job_id}},
        )
        [item] = found["Items"]
        return {name: next(iter(value.values())) for name, value in item.items()}

    def objects(self, generation_id: str) -> list[str]:
        """Return the key of every version of every object that was ever stored for a generation (blocks)."""
        listed = self.aws.s3.list_object_versions(
            Bucket=self.config.name_of(self.config.bucket), Prefix=f"generations/{generation_id}/"
        )
        return sorted(version.get("Key", "") for version in listed.get("Versions", []))

    async def notices(self) -> list[str]:
        """Return what the topic's subscriber was told, leaving nothing."""
        queue, found = Queue(aws=self.aws, name=_NOTICES, wait=1), list[str]()
        while deliveries := await queue.receive(most=10, lease=60):
            found += [json.loads(delivery.body)["Message"] for delivery in deliveries]
            for delivery in deliveries:
                await queue.delete(delivery.receipt)
        return found


@asynccontextmanager
async def staged(directory: Path, chance: Random) -> AsyncGenerator[Stage]:
    """Run everything for the length of the block."""
    with (
        FakeSQS() as sqs,
        Receiver() as calls,
        FakeLLM(default=Answer(files=BACKEND)) as fake,
        ExitStack() as stack,
    ):
        targets = {name: stack.enter_context(kind.fake()) for name, kind in KINDS.items()}
        sqs.switches.shuffled = chance
        sqs.switches.copies = _Copies(chance)
        sqs.switches.lateness = lambda: chance.choice([0.0, chance.uniform(0, LATEST)])
        settings = {
            "AWS_ENDPOINT_URL_SQS": sqs.url,
            "GROQ_API_KEY": "gsk_storm",
            "GROQ_BASE_URL": fake.groq_url,
            "CODE_CHECKS": "false",
            "ALLOW_PRIVATE_ADDRESSES": "true",
            **{key: url for name, kind in KINDS.items() for key, url in kind.settings(targets[name]).items()},
        }
        async with fleet(directory, Size(apis=1, workers=2), settings) as running:
            aws = connect(region=running.config.aws_region, endpoint=running.config.aws_endpoint_url)
            _subscribe(aws, running.config)
            try:
                yield Stage(running, sqs, calls, targets, aws)
            finally:
                aws.close()


def _subscribe(aws: Aws, config: Config) -> None:
    """Have a queue told whatever the topic is told."""
    url = aws.sqs.create_queue(QueueName=_NOTICES)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = aws.sns.create_topic(Name=config.name_of(config.topic))["TopicArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
