"""What the schema promises of the activity."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from tests.resolvers.test_architectures import NODES
from tests.snapinfra import User, events

LIST = """
query($filter: ActivityFilter!, $first: Int, $after: String) {
  activity(filter: $filter, first: $first, after: $after) {
    nodes { id verb entityType entityId title userId project { id } }
    pageInfo { hasNextPage endCursor }
  }
}"""

FEED = """
subscription($project: ID, $after: String) {
  activityFeed(projectId: $project, after: $after) {
    __typename
    ... on StreamEvent { cursor }
    ... on ActivityNoted { activity { verb entityType entityId title } }
  }
}"""


async def noted(user: User, **filter: str) -> list[dict[str, Any]]:
    """Return the activity, oldest first."""
    page = await user.ask(LIST, filter=filter, first=100)
    return list(reversed(page["activity"]["nodes"]))


def told(entries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(entry["verb"], entry["entityType"], entry["title"]) for entry in entries]


async def test_who_did_what_to_which_object_is_noted_once_each(alice: User) -> None:
    project_id = (await alice.project())["id"]
    await alice.ask(
        'mutation($id: ID!) { updateProject(input: {projectId: $id, name: "Shop"}) { userErrors { code } } }',
        id=project_id,
    )
    made = await alice.ask(
        "mutation($input: SaveArchitectureInput!) { saveArchitecture(input: $input) { architecture { id } } }",
        input={"projectId": project_id, "nodes": NODES},
    )
    architecture_id = made["saveArchitecture"]["architecture"]["id"]
    await alice.ask(
        "mutation($id: ID!) { deleteArchitecture(input: {architectureId: $id}) { deletedArchitectureId } }",
        id=architecture_id,
    )
    viewer = (await alice.ask("{ viewer { id } }"))["viewer"]["id"]

    entries = await noted(alice, projectId=project_id)

    assert told(entries) == [
        ("CREATED", "PROJECT", "Users"),
        ("UPDATED", "PROJECT", "Shop"),
        ("CREATED", "ARCHITECTURE", ""),
        ("DELETED", "ARCHITECTURE", ""),
    ]
    assert {entry["userId"] for entry in entries} == {viewer}
    assert {entry["project"]["id"] for entry in entries} == {project_id}
    assert [entry["entityId"] for entry in entries] == [project_id] * 2 + [architecture_id] * 2
    assert await noted(alice, userId=viewer) == entries
    assert await noted(alice, entityType="ARCHITECTURE") == entries[2:]


async def test_what_is_done_with_a_team_is_noted(alice: User) -> None:
    team_id = await alice.team("Crew")
    await alice.ask(
        'mutation($id: ID!) { renameTeam(input: {teamId: $id, name: "Band"}) { userErrors { code } } }', id=team_id
    )
    await alice.ask(
        "mutation($id: ID!) {"
        " updateTeamSettings(input: {teamId: $id, defaultPlatform: LOCAL}) { userErrors { code } } }",
        id=team_id,
    )

    page = await alice.ask(
        "query($id: ID!) { activity(teamId: $id, filter: {entityType: TEAM}) { nodes { verb entityType title } } }",
        id=team_id,
    )

    entries = list(reversed(page["activity"]["nodes"]))
    assert told(entries)[:2] == [("CREATED", "TEAM", "Crew"), ("UPDATED", "TEAM", "Band")]
    assert [entry["verb"] for entry in entries] == ["CREATED", "UPDATED", "UPDATED"]


async def test_a_repeated_create_is_noted_once(alice: User) -> None:
    project_id = (await alice.project(clientMutationId="c1"))["id"]

    await asyncio.gather(*(alice.project(clientMutationId="c1") for _ in range(4)))
    generated = [await alice.generate(project_id, "SCHEMA", clientMutationId="g1") for _ in range(2)]

    assert len(set(generated)) == 1
    assert told(await noted(alice, entityType="PROJECT")) == [("CREATED", "PROJECT", "Users")]
    asked = [entry for entry in await noted(alice, entityType="GENERATION") if entry["verb"] == "CREATED"]
    assert [entry["entityId"] for entry in asked] == generated[:1]


async def test_what_is_refused_is_not_noted(alice: User) -> None:
    project_id = (await alice.project())["id"]

    await alice.result(
        'mutation($id: ID!) { updateProject(input: {projectId: $id, name: ""}) { userErrors { code } } }',
        id=project_id,
    )

    assert told(await noted(alice, projectId=project_id)) == [("CREATED", "PROJECT", "Users")]


async def test_the_feed_shows_live_what_is_done_and_goes_on_after_a_cursor(alice: User) -> None:
    await alice.project(name="Before")
    seen: list[Any] = []
    project_id = ""
    async with asyncio.timeout(30), aclosing(alice.follow(FEED)) as feed:
        follower = asyncio.create_task(anext(feed))
        while not follower.done():  # the subscription begins some time after it was sent
            project_id = (await alice.project(name="Now"))["id"]
            await asyncio.wait([follower], timeout=0.2)
        seen.append(follower.result()["data"]["activityFeed"])
        generation_id = await alice.generate(project_id, "SCHEMA")
        await events(alice, generation_id)
        while seen[-1]["activity"]["verb"] != "COMPLETED":
            seen.append((await anext(feed))["data"]["activityFeed"])

    assert seen[0]["activity"]["title"] == "Now"
    assert [event["activity"]["verb"] for event in seen if event["activity"]["entityId"] == generation_id] == [
        "CREATED",
        "COMPLETED",
    ]
    async with asyncio.timeout(30), aclosing(alice.follow(FEED, after=seen[0]["cursor"])) as feed:
        again = [(await anext(feed))["data"]["activityFeed"] for _ in seen[1:]]
    assert again == seen[1:]


async def test_the_feed_of_a_project_leaves_out_other_projects(alice: User) -> None:
    mine, other = (await alice.project())["id"], (await alice.project())["id"]
    cursor = None
    async with asyncio.timeout(30), aclosing(alice.follow(FEED)) as feed:
        follower = asyncio.create_task(anext(feed))
        while not follower.done():
            await alice.project()
            await asyncio.wait([follower], timeout=0.2)
        cursor = follower.result()["data"]["activityFeed"]["cursor"]
    for project_id in (other, mine):
        await alice.ask(
            'mutation($id: ID!) { updateProject(input: {projectId: $id, name: "X"}) { userErrors { code } } }',
            id=project_id,
        )

    async with asyncio.timeout(30), aclosing(alice.follow(FEED, project=mine, after=cursor)) as feed:
        event = (await anext(feed))["data"]["activityFeed"]

    assert event["activity"] == {"verb": "UPDATED", "entityType": "PROJECT", "entityId": mine, "title": "X"}


async def test_activity_pages_newest_first(alice: User) -> None:
    for number in range(3):
        await alice.project(name=f"P{number}")

    first = (await alice.ask(LIST, filter={"entityType": "PROJECT"}, first=2))["activity"]
    second = (await alice.ask(LIST, filter={"entityType": "PROJECT"}, first=2, after=first["pageInfo"]["endCursor"]))[
        "activity"
    ]

    assert [node["title"] for node in first["nodes"]] == ["P2", "P1"]
    assert [node["title"] for node in second["nodes"]] == ["P0"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_a_user_is_only_seen_in_ones_own_team(alice: User, bob: User) -> None:
    await alice.project()
    theirs = (await alice.ask("{ viewer { id team { id } } }"))["viewer"]

    assert await noted(bob, userId=theirs["id"]) == []
    assert await noted(bob, userId=f"{theirs['team']['id']}#{theirs['id']}") == []


@pytest.mark.parametrize("filter", [{}, {"userId": "user_x", "entityType": "PROJECT"}, {"userId": None}])
async def test_exactly_one_thing_is_asked_of_the_activity(alice: User, filter: dict[str, Any]) -> None:
    answer = await alice.result(LIST, filter=filter)

    assert answer["errors"][0]["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
