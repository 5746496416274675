"""What the schema promises of generations and their streams."""

import asyncio
import hashlib
import io
import zipfile

import httpx

from services.core.tls import trusted
from tests.snapinfra import User, events, rebuilt

GENERATION = """
query($id: ID!) {
  generation(id: $id) {
    status attempt provider text downloadUrl finishedAt
    schema { id version tables { name } }
    files { path bytes sha256 content }
    project { status }
  }
}"""

LIST = """
query($first: Int!, $after: String, $filter: GenerationFilter) {
  generations(first: $first, after: $after, filter: $filter) {
    nodes { id kind status project { id } }
    pageInfo { hasNextPage endCursor }
  }
}"""


async def ready_project(user: User) -> str:
    """Create a project and generate its schema."""
    project_id = (await user.project())["id"]
    generation_id = await user.generate(project_id, "SCHEMA")
    assert (await events(user, generation_id))[-1]["status"] == "COMPLETED"
    return project_id


async def test_a_description_becomes_a_schema(alice: User) -> None:
    project_id = (await alice.project())["id"]
    generation_id = await alice.generate(project_id, "SCHEMA")

    happened = await events(alice, generation_id)

    generation = (await alice.ask(GENERATION, id=generation_id))["generation"]
    assert [happened[0]["__typename"], happened[-1]["__typename"]] == ["AttemptStarted", "GenerationFinished"]
    assert generation["status"] == "COMPLETED"
    assert generation["text"] == rebuilt(happened)[0]
    assert generation["project"]["status"] == "READY"
    assert {"users", "teams", "roles"} <= {table["name"] for table in generation["schema"]["tables"]}


async def test_a_schema_becomes_files_and_an_archive(alice: User) -> None:
    project_id = await ready_project(alice)
    generation_id = await alice.generate(project_id, "CODE")

    happened = await events(alice, generation_id)

    generation = (await alice.ask(GENERATION, id=generation_id))["generation"]
    text, files = rebuilt(happened)
    assert generation["text"] == text
    assert {file["path"]: file["content"] for file in generation["files"]} == files
    for file in generation["files"]:
        content = file["content"].encode()
        assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    async with httpx.AsyncClient(verify=trusted()) as http:
        archive = (await http.get(generation["downloadUrl"])).raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        assert {name: packed.read(name).decode() for name in packed.namelist()} == files


async def test_what_is_asked_for_and_not_done_is_in_the_record_and_in_its_last_event(alice: User) -> None:
    project_id = await ready_project(alice)
    generation_id = await alice.generate(project_id, "CODE", prompt="Use PostgreSQL, only admins create teams")

    happened = await events(alice, generation_id)

    unfollowed = (
        await alice.ask(
            "query($id: ID!) { generation(id: $id) { notFollowed { text reason } message } }", id=generation_id
        )
    )["generation"]
    says_otherwise = "The policy of teams in the schema says otherwise; it is what the backend goes by."
    message = (
        'Not everything that was asked for is done. "PostgreSQL": The backend keeps its data in DynamoDB.'
        f' "only admins create teams": {says_otherwise}'
    )
    assert unfollowed == {
        "notFollowed": [
            {"text": "PostgreSQL", "reason": "The backend keeps its data in DynamoDB."},
            {"text": "only admins create teams", "reason": says_otherwise},
        ],
        "message": message,
    }
    assert (happened[-1]["status"], happened[-1]["message"]) == ("COMPLETED", message)


async def test_code_needs_a_schema(alice: User) -> None:
    project_id = (await alice.project())["id"]

    answer = await alice.result(
        "mutation($id: ID!) { generate(input: {projectId: $id, kind: CODE})"
        " { generation { id } userErrors { code field message } } }",
        id=project_id,
    )

    assert answer["data"]["generate"] == {
        "generation": None,
        "userErrors": [
            {
                "code": "BAD_USER_INPUT",
                "field": ["projectId"],
                "message": "The project has no schema yet: generate or save one first.",
            }
        ],
    }


async def test_resuming_after_any_event_gives_exactly_the_rest(alice: User) -> None:
    project_id = await ready_project(alice)
    generation_id = await alice.generate(project_id, "SCHEMA")
    whole = await events(alice, generation_id)

    for position, event in enumerate(whole):
        rest = await events(alice, generation_id, after=event["cursor"])
        assert rebuilt(whole[: position + 1] + rest) == rebuilt(whole)
        assert [e["seq"] for e in rest[-1:]] in ([], [whole[-1]["seq"]])


async def test_three_subscribers_of_whom_two_are_late_see_the_same(alice: User) -> None:
    project_id = await ready_project(alice)
    generation_id = await alice.generate(project_id, "CODE")

    begun = await events(alice, generation_id, most=2)
    early, late = await asyncio.gather(
        events(alice, generation_id, after=begun[-1]["cursor"]), events(alice, generation_id)
    )
    after_the_end = await events(alice, generation_id)

    assert rebuilt(begun + early) == rebuilt(late) == rebuilt(after_the_end)
    assert [stream[-1]["__typename"] for stream in (early, late, after_the_end)] == ["GenerationFinished"] * 3


async def test_a_cursor_that_is_none_is_refused(alice: User) -> None:
    project_id = await ready_project(alice)
    generation_id = await alice.generate(project_id, "SCHEMA")

    results = [
        result
        async for result in alice.follow(
            'subscription($id: ID!) { generationEvents(id: $id, after: "x") { __typename } }', id=generation_id
        )
    ]

    assert results[0]["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_what_one_asked_for_is_one_list_over_all_projects_newest_first(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "EDITOR")
    first, second = [(await alice.project(**where))["id"] for where in ({}, {"teamId": team_id})]
    asked = [(project_id, await alice.generate(project_id, "SCHEMA")) for project_id in (first, second, first)]
    await bob.generate(second, "SCHEMA")
    for _, generation_id in asked:
        await events(alice, generation_id)

    found: list[tuple[str, str]] = []
    after = None
    while True:
        page = (await alice.ask(LIST, first=2, after=after))["generations"]
        found += [(node["project"]["id"], node["id"]) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert found == asked[::-1]


async def test_generations_can_be_listed_by_project_kind_and_status(alice: User) -> None:
    project_id = await ready_project(alice)
    code_id = await alice.generate(project_id, "CODE")
    await events(alice, code_id)
    await ready_project(alice)

    async def found(**fields: str) -> list[str]:
        return [node["id"] for node in (await alice.ask(LIST, first=20, filter=fields))["generations"]["nodes"]]

    assert await found(kind="CODE") == await found(kind="CODE", projectId=project_id) == [code_id]
    assert await found(status="COMPLETED", projectId=project_id, kind="CODE") == [code_id]
    assert (len(await found(kind="SCHEMA")), len(await found(kind="SCHEMA", projectId=project_id))) == (2, 1)
    assert await found(status="FAILED") == await found(kind="CHAT") == []
