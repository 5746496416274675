"""What the schema promises of projects."""

import asyncio
from typing import Any

from tests.snapinfra import User

CREATE = """
mutation($input: CreateProjectInput!) {
  createProject(input: $input) { project { id name description status version } userErrors { message code field } }
}"""

UPDATE = """
mutation($input: UpdateProjectInput!) {
  updateProject(input: $input) { project { name version } userErrors { code field } }
}"""

LIST = """
query($first: Int!, $after: String, $filter: ProjectFilter) {
  projects(first: $first, after: $after, filter: $filter) {
    nodes { name }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


async def create(user: User, **fields: Any) -> dict[str, Any]:
    return (await user.ask(CREATE, input=fields))["createProject"]["project"]


async def test_a_new_project_is_a_draft(alice: User) -> None:
    project = await create(alice, name="  Shop ", description="Sells things")

    assert project == {
        "id": project["id"],
        "name": "Shop",
        "description": "Sells things",
        "status": "DRAFT",
        "version": 1,
    }
    assert project["id"].startswith("project_")


async def test_every_fault_of_a_new_project_is_reported_and_nothing_is_stored(alice: User) -> None:
    answer = await alice.result(CREATE, input={"name": " ", "description": "x" * 501})

    assert answer["data"]["createProject"] == {
        "project": None,
        "userErrors": [
            {"message": "name must not be empty.", "code": "BAD_USER_INPUT", "field": ["name"]},
            {
                "message": "description must have at most 500 characters; this has 501.",
                "code": "BAD_USER_INPUT",
                "field": ["description"],
            },
        ],
    }
    assert (await alice.ask(LIST, first=10))["projects"]["nodes"] == []


async def test_a_retried_create_returns_the_first_project(alice: User) -> None:
    projects = await asyncio.gather(
        *(create(alice, name="Shop", clientMutationId="c1") for _ in range(5)),
    )

    assert len({project["id"] for project in projects}) == 1
    assert len((await alice.ask(LIST, first=10))["projects"]["nodes"]) == 1


async def test_an_update_of_a_stale_version_shows_the_project_as_it_is_and_writes_nothing(alice: User) -> None:
    project = await create(alice, name="Shop")
    await alice.ask(UPDATE, input={"projectId": project["id"], "name": "Store", "expectedVersion": 1})

    stale = await alice.result(UPDATE, input={"projectId": project["id"], "name": "Mall", "expectedVersion": 1})

    assert stale["data"]["updateProject"] == {
        "project": {"name": "Store", "version": 2},
        "userErrors": [{"code": "CONFLICT", "field": None}],
    }


async def test_projects_page_newest_first_without_gap_or_repeat(alice: User) -> None:
    for number in range(7):
        await create(alice, name=f"P{number}")

    names: list[str] = []
    after, pages = None, 0
    while True:
        page = (await alice.ask(LIST, first=3, after=after))["projects"]
        names += [node["name"] for node in page["nodes"]]
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert names == [f"P{number}" for number in reversed(range(7))]
    assert pages == 3
    assert page["pageInfo"]["hasPreviousPage"] is True


async def test_projects_can_be_filtered_by_status(alice: User) -> None:
    await create(alice, name="Draft")

    drafts = await alice.ask(LIST, first=10, filter={"status": "DRAFT"})
    ready = await alice.ask(LIST, first=10, filter={"status": "READY"})

    assert [node["name"] for node in drafts["projects"]["nodes"]] == ["Draft"]
    assert ready["projects"]["nodes"] == []


async def test_a_page_size_or_cursor_that_is_none_is_refused(alice: User) -> None:
    too_many = await alice.result(LIST, first=101)
    no_cursor = await alice.result(LIST, first=1, after="nonsense")

    for answer, field in ((too_many, "first"), (no_cursor, "after")):
        assert answer["data"] is None
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "fields": [[field]]}


async def test_a_cursor_of_another_users_list_is_refused(alice: User, bob: User) -> None:
    for number in range(2):
        await create(bob, name=f"B{number}")
    cursor = (await bob.ask(LIST, first=1))["projects"]["pageInfo"]["endCursor"]

    answer = await alice.result(LIST, first=1, after=cursor)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_deleted_project_is_gone(alice: User) -> None:
    project = await create(alice, name="Shop")

    await alice.ask(
        "mutation($id: ID!) { deleteProject(input: {projectId: $id}) { deletedProjectId userErrors { code } } }",
        id=project["id"],
    )

    gone = await alice.result("query($id: ID!) { node(id: $id) { id } project(id: $id) { id } }", id=project["id"])
    assert gone["data"] == {"node": None, "project": None}
    assert [error["extensions"]["code"] for error in gone["errors"]] == ["NOT_FOUND"]
