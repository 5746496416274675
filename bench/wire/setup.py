"""What must be there before anything is measured: an emulator, a Redis, and the same records for every contender."""  # noqa: INP001 - benchmarks are not a package

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import boto3

from bench.wire.contenders import Contender, floor, mercurius, snapinfra, stock
from bench.wire.documents import DEPLOYMENTS
from cli.serving import provision_stage, tool_environment
from services.bootstrap import opened
from services.config import Config
from services.core.clock import iso, utc_now
from services.deployments.model import DeploymentStatus
from services.foundation.auth.tokens import issue_dev_token
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS, free_port, running_emulator
from services.generations.model import GenerationKind, GenerationStatus
from services.projects.model import Project
from services.projects.service import NewProject
from tests.records import deployment_of, generation_of
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import SECRET, settings

ROOT: Final = Path(__file__).parents[2]
STREAMS: Final = 100
"""Generations that go on, for measurements to follow."""
TABLE: Final = "bench-peers"
UNLIMITED: Final = {
    "SOCKETS_PER_ADDRESS": "0",
    "SOCKETS_PER_USER": "0",
    "CONNECTIONS_PER_ADDRESS": "0",
}


@asynccontextmanager
async def contenders() -> AsyncGenerator[list[Contender]]:
    """Make everything that the contenders need, for the length of the block."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = RedisServer(folder)
        redis.start()
        stack.callback(redis.kill)
        emulator = await stack.enter_async_context(
            running_emulator(
                program=str(ROOT / ".tools" / "bin" / "ministack"),
                data=None,
                port=free_port(),
                environment=tool_environment(),
            )
        )
        records = {**EMULATOR_CREDENTIALS, "AWS_ENDPOINT_URL": emulator, "BENCH_TABLE": TABLE}
        await asyncio.to_thread(_fill, records)
        yield [
            floor(redis.url),
            stock(redis.url, records),
            mercurius(redis.url, records),
            await stack.enter_async_context(_ours(emulator, redis.url, folder)),
        ]


@asynccontextmanager
async def _ours(emulator: str, events_url: str, folder: Path) -> AsyncGenerator[Contender]:
    config = settings(emulator, EVENTS_URL=events_url, SNAPINFRA_DATA=str(folder), **UNLIMITED)
    await asyncio.to_thread(provision_stage, config)
    async with opened(config, tool_environment()) as process:
        services = process.services
        token = issue_dev_token("bench", secret=SECRET, lifetime=config.jwt_lifetime, now=utc_now)
        credential = await services.sign_in.credential({"authorization": f"Bearer {token}"})
        if credential is None:
            raise RuntimeError("Nobody is signed in.")
        by = credential.actor
        project = await services.projects.create(NewProject("Users", team_id=by.personal_team_id), by=by)
        await _deploy(services, project)
        streams = await _generate(services, project)
        yield snapinfra(
            _variables(config, emulator),
            services.generations.event_log,
            token=token,
            project=project.id,
            streams=iter(streams),
        )


def _variables(config: Config, emulator: str) -> Mapping[str, str]:
    return {
        **EMULATOR_CREDENTIALS,
        **UNLIMITED,
        "SNAPINFRA_ENV": config.environment,
        "SNAPINFRA_STAGE": config.stage,
        "SNAPINFRA_DATA": str(config.data),
        "AWS_ENDPOINT_URL": emulator,
        "JWT_SECRET": SECRET,
        "EVENTS_URL": config.events_url,
        "API_RATE_PER_MINUTE": "0",
    }


async def _deploy(services: Any, project: Project) -> None:
    generation = generation_of(project)
    await services.generations.table.put_new(generation)
    for _ in range(DEPLOYMENTS):
        await services.deployments.table.put_new(deployment_of(project, generation.id, status=DeploymentStatus.STOPPED))


async def _generate(services: Any, project: Project) -> list[str]:
    """Make generations that go on, of which only the log knows what comes."""
    generations = [
        generation_of(project, kind=GenerationKind.CHAT, status=GenerationStatus.GENERATING) for _ in range(STREAMS)
    ]
    for generation in generations:
        await services.generations.table.put_new(generation)
    return [generation.id for generation in generations]


def _fill(records: Mapping[str, str]) -> None:
    """Give the peers a table with the same records as ours."""
    dynamodb: Any = boto3.resource(  # pyright: ignore[reportUnknownMemberType] - overloads for services without stubs
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=records["AWS_ENDPOINT_URL"],
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's
    )
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    now = iso(utc_now())
    times = {"created_at": now, "updated_at": now}
    table = dynamodb.Table(TABLE)
    fields = {"id": "project", "name": "Users", "description": "Users", "status": "READY", "version": 1}
    table.put_item(Item={"pk": "project", "sk": "project", **fields, **times})
    for number in range(DEPLOYMENTS):
        identity = f"deployment_{number:026}"
        fields = {"id": identity, "status": "STOPPED", "platform": "LOCAL"}
        table.put_item(Item={"pk": "deployments project", "sk": identity, **fields, **times})
