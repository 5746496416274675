"""What a user would write with Strawberry as its documentation shows it: `python -m bench.wire.stock PORT`.

On uvicorn with its standard parts (uvloop, httptools, websockets), records by boto3 in threads, events by Redis
Pub/Sub.
Where the records and the events are, the environment says: AWS_ENDPOINT_URL, BENCH_TABLE, EVENTS_URL.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, Final

import boto3
import strawberry
import uvicorn
from boto3.dynamodb.conditions import Key
from redis.asyncio import Redis
from strawberry.asgi import GraphQL

BOTO3: Final[Any] = boto3  # whose overloads know no service here
TABLE: Final[Any] = BOTO3.resource("dynamodb", region_name="us-east-1").Table(os.environ["BENCH_TABLE"])  # noqa: TID251 - a program of its own
REDIS: Final[Any] = Redis
EVENTS: Final[Any] = REDIS.from_url(os.environ["EVENTS_URL"], max_connections=20_000)  # noqa: TID251 - same


@strawberry.type
class User:
    id: strawberry.ID


@strawberry.type
class Deployment:
    id: strawberry.ID
    status: str
    platform: str
    created_at: datetime
    updated_at: datetime


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class DeploymentConnection:
    nodes: list[Deployment]
    page_info: PageInfo


@strawberry.type
class Project:
    id: strawberry.ID
    name: str
    description: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    async def deployments(self, first: int = 20) -> DeploymentConnection:
        items = await asyncio.to_thread(_deployments, str(self.id), first)
        nodes = [Deployment(**item) for item in items]
        return DeploymentConnection(nodes=nodes, page_info=PageInfo(has_next_page=False, end_cursor=nodes[-1].id))


def _deployments(project: str, first: int) -> list[dict[str, Any]]:
    found = TABLE.query(KeyConditionExpression=Key("pk").eq(f"deployments {project}"), Limit=first)
    return [_fields(item, Deployment) for item in found["Items"]]


def _fields(item: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(item[name]) for name in ("created_at", "updated_at")}
    names = [name for name in kind.__annotations__ if name not in times]
    return {**{name: item[name] for name in names}, **times}


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self) -> User:
        return User(id=strawberry.ID("user"))

    @strawberry.field
    async def project(self, id: strawberry.ID) -> Project | None:
        found = await asyncio.to_thread(TABLE.get_item, Key={"pk": "project", "sk": str(id)})
        return Project(**_fields({**found["Item"], "version": int(found["Item"]["version"])}, Project))


@strawberry.interface
class StreamEvent:
    cursor: str
    seq: int
    at: datetime


@strawberry.type
class TokenDelta(StreamEvent):
    text: str
    offset: int


@strawberry.type
class StreamGap(StreamEvent):
    from_seq: int
    to_seq: int | None


GenerationEvent = Annotated[TokenDelta | StreamGap, strawberry.union("GenerationEvent")]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def generation_events(self, id: strawberry.ID) -> AsyncGenerator[GenerationEvent]:
        async with EVENTS.pubsub() as events:
            await events.subscribe(f"peer:{id}")
            async for message in events.listen():
                if message["type"] == "message":
                    given: dict[str, Any] = json.loads(message["data"])
                    yield TokenDelta(**{**given, "at": datetime.fromisoformat(given["at"])})  # pyright: ignore[reportArgumentType] - JSON


schema: Final = strawberry.Schema(Query, subscription=Subscription)
app: Final = GraphQL[Any, Any](schema, graphql_ide=None)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
