"""This file is the promise that generations whose messages come many times at once happen once, through the product."""

import asyncio
import json
import random
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cli.serving import provision_stage
from services.auth.tokens import Subject
from services.aws.clients import Aws
from services.aws.provision import QueueSpec, Resources, provision
from services.aws.queue import Queue
from services.bootstrap import Process, Services, opened
from services.config import Config
from services.core.actor import Actor
from services.core.clock import utc_now
from services.events.stream import StreamEvent
from services.generations.events import AttemptStarted, GenerationEvent, GenerationFinished, TokenDelta
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.generations.service import NewGeneration
from services.jobs.worker import Worker
from services.projects import NewProject
from tests.fakes.sqs import FakeSQS
from tests.snapinfra import settings

JOBS = 40
NOTICES = "notices"


@pytest.fixture
def config(emulator: str) -> Config:
    config = settings(emulator, JOB_LEASE_SECONDS="6")
    provision_stage(config)
    return config


@dataclass(frozen=True)
class Stage:
    """The product's services, two workers that may be run, a fake SQS between them, and a subscriber of the topic."""

    sqs: FakeSQS
    services: Services
    workers: Sequence[Worker[Any]]
    aws: Aws
    """With the emulator's SQS."""

    async def generation(self, team: Actor) -> Generation:
        """Ask for a schema in a project of its own."""
        project = await self.services.projects.create(NewProject("Users", "Users with teams and roles"), by=team)
        new = NewGeneration(project.id, GenerationKind.SCHEMA)
        return await self.services.generations.create(new, by=team)

    async def emptied(self) -> None:
        """Wait until all messages are gone."""
        queue = self.sqs.queues[self.workers[0].queue.name]
        async with asyncio.timeout(120):
            await self.sqs.until(lambda: not queue.copies)

    async def told(self, generation: Generation, *, by: Actor) -> list[GenerationEvent]:
        async with self.services.generations.follow(generation.id, after=None, by=by) as events:
            return [event.event async for event in events if isinstance(event, StreamEvent)]

    def stored(self, generation: Generation) -> list[str]:
        """Return the key of every object that was ever stored for a generation."""
        listed = self.aws.s3.list_object_versions(
            Bucket=self.services.config.name_of(self.services.config.bucket), Prefix=f"generations/{generation.id}/"
        )
        return [version.get("Key", "") for version in listed.get("Versions", [])]

    async def notices(self) -> list[str]:
        """Return what the topic's subscriber was told, leaving nothing."""
        queue, found = Queue(self.aws, NOTICES + self.services.config.stage, wait=1), list[str]()
        while deliveries := await queue.receive(most=10, lease=60):
            found += [json.loads(delivery.body)["Message"] for delivery in deliveries]
        return found


@asynccontextmanager
async def staged(config: Config) -> AsyncGenerator[Stage]:
    with FakeSQS() as sqs:
        async with opened(config, {}) as process:
            first = generation_worker(process, config)
            aws = first.queue.aws
            faked = replace(aws, sqs=sqs.client())
            provision(faked, Resources([], [QueueSpec(first.queue.name, visibility=60)], "unused-bucket", "unused"))
            subscribe(aws, config)
            queue = Queue(faked, first.queue.name, wait=1)
            services = process.services
            services = replace(services, generations=replace(services.generations, queue=queue))
            try:
                yield Stage(sqs, services, [another(first, queue), another(first, queue)], aws)
            finally:
                faked.sqs.close()


def generation_worker(process: Process, config: Config) -> Worker[Any]:
    name = config.name_of(config.generation_queue)
    workers: list[Worker[Any]] = [worker for worker in process.workers if isinstance(worker, Worker)]
    return next(worker for worker in workers if worker.queue.name == name)


def another(worker: Worker[Any], queue: Queue) -> Worker[Any]:
    """Make a worker for the same jobs from another queue."""
    return Worker(
        queue,
        worker.handler,
        worker.events,
        slots=8,
        lease=worker.lease,
        grace=5,
        now=utc_now,
        new_owner=lambda: uuid.uuid4().hex,
        per_team=8,
    )


def subscribe(aws: Aws, config: Config) -> None:
    """Have a queue of the emulator's told whatever the topic is told."""
    url = aws.sqs.create_queue(QueueName=NOTICES + config.stage)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = aws.sns.create_topic(Name=config.name_of(config.topic))["TopicArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)


async def test_a_storm_of_duplicates_has_one_effect_per_generation(config: Config) -> None:
    chance = random.Random(5)  # noqa: S311 - not for secrets
    async with staged(config) as stage:
        switches = stage.sqs.switches
        switches.shuffled = chance
        switches.copies = lambda: chance.randint(2, 5)
        switches.lateness = lambda: chance.choice([0.0, chance.uniform(0, 3)])
        alice = await stage.services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
        asked = [await stage.generation(alice) for _ in range(JOBS)]
        switches.copies = lambda: 1
        stop = asyncio.Event()
        working = asyncio.gather(*(worker.run(stop) for worker in stage.workers))
        await stage.emptied()
        stop.set()
        await working

        found = [await stage.services.generations.get(generation.id, by=alice) for generation in asked]
        artifacts = [await stage.services.generations.artifact(generation) for generation in found]
        streams = [await stage.told(generation, by=alice) for generation in found]
        stored = [await asyncio.to_thread(stage.stored, generation) for generation in found]
        notices = await stage.notices()

    assert {(each.status, each.attempt, each.crashes) for each in found} == {(GenerationStatus.COMPLETED, 1, 0)}
    assert stored == [[f"{each.artifact}/artifact.json"] for each in found]
    assert [text_of(stream) for stream in streams] == [artifact and artifact.text for artifact in artifacts]
    assert {sum(isinstance(event, GenerationFinished) for event in stream) for stream in streams} == {1}
    assert Counter(notices) == Counter(
        f"SCHEMA generation {each.id} of project {each.project_id} is COMPLETED." for each in found
    )


def text_of(stream: Sequence[GenerationEvent]) -> str:
    """Rebuild the text as a client does."""
    text = ""
    for event in stream:
        match event:
            case AttemptStarted(resets_text=True):
                text = ""
            case TokenDelta():
                assert event.offset == len(text)
                text += event.text
            case _:
                pass
    return text
