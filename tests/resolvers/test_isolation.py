"""The promise that another user's things are invisible, by every path that exists."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from resolvers.shown import prefixes
from services.core.ids import prefix_of
from tests.resolvers.test_authorization import NOBODYS, Things, built, settled
from tests.slice import Caller, Outcome
from tests.snapinfra import Server, User, events
from tests.tables import ENTRIES, PATHS

PATHS_TO_ANYTHING = {
    "node": "query($id: ID!) { node(id: $id) { id } }",
    "nodes": "query($id: ID!) { nodes(ids: [$id]) { id } }",
}


@pytest.fixture(scope="module")
def things(server: Server) -> Iterator[Things]:
    yield asyncio.run(built(server))  # noqa: PT022 - kept for the module


def kinds_in(operation: str) -> dict[str, str]:
    """Return the variables of an operation, each with the kind of the thing whose id it takes."""
    names = re.findall(r"\$(\w+):", operation.partition("{")[0])
    return {name: name.removeprefix("fresh").lower() for name in names if name not in NOBODYS}


HIDDEN = [
    *(
        (entry.operation, kinds_in(entry.operation))
        for entry in ENTRIES.values()
        if entry.outcomes[Caller.OTHER_TEAM] is Outcome.NOT_FOUND
    ),
    *((operation, {"id": kind}) for kind, operations in PATHS.items() for operation in operations),
]
"""Operations by which whoever may not see a thing is told NOT_FOUND, with the kinds of the things that they name."""

STREAMS = [path for path in HIDDEN if path[0].startswith("subscription")]


def missing(object_id: str) -> str:
    return f"{object_id[:-4]}0000"


async def told(user: User, operation: str, ids: dict[str, str]) -> str:
    """Return what somebody is told, without the ids that they gave."""
    texts = {name: "new" for name in NOBODYS if f"${name}:" in operation}
    answer: Any = await user.result(operation, **ids, **texts)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND", operation
    text = str(answer)
    for object_id in ids.values():
        text = text.replace(object_id, "ID")
    return text


async def test_another_users_things_look_like_missing_ones_by_every_path(things: Things, bob: User) -> None:
    before = await settled(things)

    for operation, kinds in [path for path in HIDDEN if path not in STREAMS]:
        ids = {name: things.ids[kind] for name, kind in kinds.items()}
        absent = {name: missing(object_id) for name, object_id in ids.items()}
        assert await told(bob, operation, ids) == await told(bob, operation, absent)

    assert await settled(things) == before


async def test_another_users_things_are_no_nodes(things: Things, bob: User) -> None:
    assert {prefix_of(object_id) for object_id in things.ids.values()} == {*prefixes()}, (
        "`made` in tests/slices has one of each kind"
    )

    for object_id in things.ids.values():
        assert (await bob.ask(PATHS_TO_ANYTHING["node"], id=object_id))["node"] is None
        assert (await bob.ask(PATHS_TO_ANYTHING["nodes"], id=object_id))["nodes"] == [None]


@pytest.mark.parametrize(("subscription", "kinds"), STREAMS)
async def test_another_users_streams_are_invisible(
    things: Things, bob: User, subscription: str, kinds: dict[str, str]
) -> None:
    ids = {name: things.ids[kind] for name, kind in kinds.items()}

    results = [result async for result in bob.follow(subscription, **ids)]

    assert [result["errors"][0]["extensions"]["code"] for result in results] == ["NOT_FOUND"]


async def schema_of(user: User) -> tuple[str, str]:
    """Make a project with a schema; return the ids of both."""
    project_id = (await user.project())["id"]
    await events(user, await user.generate(project_id, "SCHEMA"))
    seen = await user.ask("query($id: ID!) { project(id: $id) { schema { id } } }", id=project_id)
    return project_id, seen["project"]["schema"]["id"]


async def test_a_foreign_schema_is_no_base_of_a_diff(things: Things, bob: User) -> None:
    _, schema_id = await schema_of(bob)

    answer = await bob.result(
        "query($id: ID!, $from: ID!) { schema(id: $id) { diff(from: $from) { path } } }",
        id=schema_id,
        **{"from": things.ids["schema"]},
    )

    assert answer["data"]["schema"]["diff"] is None
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_foreign_generation_can_not_be_deployed(things: Things, bob: User) -> None:
    project_id, _ = await schema_of(bob)

    answer = await bob.result(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input) { deployment { id } } }",
        input={"projectId": project_id, "generationId": things.ids["generation"], "platform": "LOCAL"},
    )

    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
