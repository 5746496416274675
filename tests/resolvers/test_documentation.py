"""What the schema promises of documentation."""

import asyncio
from typing import Any

from msgspec.structs import replace

from services.core.ids import PageId, new_id
from tests.resolvers.in_process import counted
from tests.snapinfra import Server, User, events

CREATE = """
mutation($input: CreateDocumentationPageInput!) {
  createDocumentationPage(input: $input) {
    page { id title category content order version generation { id } project { id } }
    userErrors { message code field }
  }
}"""

UPDATE = """
mutation($input: UpdateDocumentationPageInput!) {
  updateDocumentationPage(input: $input) {
    page { title content category version generation { id } }
    userErrors { message code field }
  }
}"""

REORDER = """
mutation($input: ReorderDocumentationInput!) {
  reorderDocumentation(input: $input) {
    project { documentation { nodes { title } } }
    userErrors { message code field }
  }
}"""

LIST = """
query($id: ID!, $first: Int, $after: String, $filter: DocumentationFilter) {
  project(id: $id) {
    documentation(first: $first, after: $after, filter: $filter) {
      nodes { id title version generation { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""


async def create(user: User, project_id: str, title: str, **fields: Any) -> dict[str, Any]:
    page = {"projectId": project_id, "title": title, "content": "# Hello", **fields}
    return (await user.ask(CREATE, input=page))["createDocumentationPage"]["page"]


async def titles(user: User, project_id: str, *, first: int = 100, **filter: str) -> list[str]:
    """Return the titles that a list has, read in pages."""
    found: list[str] = []
    after = None
    while True:
        answer = await user.ask(LIST, id=project_id, first=first, after=after, filter=filter)
        page = answer["project"]["documentation"]
        found += [node["title"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def test_a_new_page_comes_behind_the_others(alice: User) -> None:
    project_id = (await alice.project())["id"]
    await create(alice, project_id, "First")

    page = await create(alice, project_id, " Second ", category=" api ")

    assert page == {
        "id": page["id"],
        "title": "Second",
        "category": "api",
        "content": "# Hello",
        "order": 2,
        "version": 1,
        "generation": None,
        "project": {"id": project_id},
    }
    assert await titles(alice, project_id) == ["First", "Second"]
    seen = await alice.ask(
        "query($id: ID!) { node(id: $id) { id } documentationPage(id: $id) { title } }", id=page["id"]
    )
    assert seen == {"node": {"id": page["id"]}, "documentationPage": {"title": "Second"}}


async def test_every_fault_of_a_page_is_reported_and_nothing_is_stored(alice: User) -> None:
    project_id = (await alice.project())["id"]
    page = {"projectId": project_id, "title": " ", "content": "é" * (100 * 1024 + 1), "category": "x" * 201}

    answer = await alice.result(CREATE, input=page)

    assert answer["data"]["createDocumentationPage"] == {
        "page": None,
        "userErrors": [
            {"message": "title must not be empty.", "code": "BAD_USER_INPUT", "field": ["title"]},
            {
                "message": "category must have at most 200 characters; this has 201.",
                "code": "BAD_USER_INPUT",
                "field": ["category"],
            },
            {"message": "content must have at most 200 KiB.", "code": "BAD_USER_INPUT", "field": ["content"]},
        ],
    }
    assert await titles(alice, project_id) == []


async def test_a_retried_create_returns_the_first_page(alice: User) -> None:
    project_id = (await alice.project())["id"]

    pages = await asyncio.gather(*(create(alice, project_id, "Once", clientMutationId="c1") for _ in range(3)))

    assert len({page["id"] for page in pages}) == 1
    assert await titles(alice, project_id) == ["Once"]


async def test_pages_are_found_by_category_and_by_part_of_their_title_in_order(alice: User) -> None:
    project_id = (await alice.project())["id"]
    for number in range(5):
        await create(alice, project_id, f"Users {number}", category="api" if number % 2 else "guides")
    await create(alice, project_id, "Teams", category="api")

    assert await titles(alice, project_id, first=2, category="api") == ["Users 1", "Users 3", "Teams"]
    assert await titles(alice, project_id, first=2, title="uSeR") == [f"Users {number}" for number in range(5)]
    assert await titles(alice, project_id, category="api", title="3") == ["Users 3"]
    assert await titles(alice, project_id, category="nothing") == []
    answer = await alice.result(LIST, id=project_id, first=2, after="nonsense", filter={"title": "u"})
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "fields": [["after"]]}


async def test_an_update_of_a_stale_version_shows_the_page_as_it_is_and_writes_nothing(alice: User) -> None:
    page_id = (await create(alice, (await alice.project())["id"], "Old"))["id"]
    await alice.ask(UPDATE, input={"pageId": page_id, "title": "New", "expectedVersion": 1})

    stale = await alice.result(UPDATE, input={"pageId": page_id, "title": "Newer", "expectedVersion": 1})

    assert stale["data"]["updateDocumentationPage"] == {
        "page": {"title": "New", "content": "# Hello", "category": "guides", "version": 2, "generation": None},
        "userErrors": [{"message": "The page has changed meanwhile.", "code": "CONFLICT", "field": None}],
    }


async def test_a_page_changed_by_hand_is_left_alone_by_the_next_generation(alice: User) -> None:
    project_id = (await alice.project())["id"]
    for kind in ("SCHEMA", "DOCUMENTATION"):
        await events(alice, await alice.generate(project_id, kind))
    generated = (await alice.ask(LIST, id=project_id))["project"]["documentation"]["nodes"]
    await alice.ask(UPDATE, input={"pageId": generated[0]["id"], "content": "Mine"})

    again = await alice.generate(project_id, "DOCUMENTATION")
    await events(alice, again)

    now = (await alice.ask(LIST, id=project_id))["project"]["documentation"]["nodes"]
    assert len(generated) > 1
    assert all(page["generation"] for page in generated)
    assert now[0] == {**generated[0], "version": 2, "generation": None}
    assert {page["generation"]["id"] for page in now[1:]} == {again}
    read = await alice.ask("query($id: ID!) { documentationPage(id: $id) { content } }", id=generated[0]["id"])
    assert read["documentationPage"]["content"] == "Mine"


async def test_pages_are_put_into_another_order(alice: User) -> None:
    project_id = (await alice.project())["id"]
    ids = [(await create(alice, project_id, title))["id"] for title in "ABC"]

    for _ in range(2):
        answer = await alice.ask(REORDER, input={"projectId": project_id, "pageIds": [ids[2], ids[0], ids[1]]})

        nodes = answer["reorderDocumentation"]["project"]["documentation"]["nodes"]
        assert [node["title"] for node in nodes] == ["C", "A", "B"]


async def test_an_order_that_leaves_out_or_repeats_a_page_is_refused(alice: User) -> None:
    project_id = (await alice.project())["id"]
    ids = [(await create(alice, project_id, title))["id"] for title in "AB"]

    for wrong in ([ids[1]], [ids[1], ids[0], ids[0]], [ids[1], f"{ids[0][:-4]}0000"]):
        answer = await alice.result(REORDER, input={"projectId": project_id, "pageIds": wrong})

        message = "pageIds must name each page of the project once."
        assert answer["data"]["reorderDocumentation"] == {
            "project": None,
            "userErrors": [{"message": message, "code": "BAD_USER_INPUT", "field": ["pageIds"]}],
        }
    assert await titles(alice, project_id) == ["A", "B"]


async def test_a_project_has_at_most_200_pages(server: Server, alice: User) -> None:
    project_id = (await alice.project())["id"]
    first = await create(alice, project_id, "First", clientMutationId="c1")
    viewer = (await alice.ask("{ viewer { id } }"))["viewer"]["id"]
    async with counted(server.config, viewer) as asked:
        table = asked.services.documentation.table
        page = await table.find(first["id"])
        assert page is not None
        pages = [replace(page, id=PageId(new_id("page")), order=order) for order in range(2, 201)]
        await asyncio.gather(*(table.put_new(one) for one in pages))

    answer = await alice.result(CREATE, input={"projectId": project_id, "title": "t", "content": "c"})

    message = "A project has at most 200 pages of documentation."
    assert answer["data"]["createDocumentationPage"] == {
        "page": None,
        "userErrors": [{"message": message, "code": "BAD_USER_INPUT", "field": ["projectId"]}],
    }
    assert len(await titles(alice, project_id, title="First")) == 200
    assert await create(alice, project_id, "First", clientMutationId="c1") == first


async def test_a_deleted_page_is_gone(alice: User) -> None:
    project_id = (await alice.project())["id"]
    page_id = (await create(alice, project_id, "Gone"))["id"]
    await create(alice, project_id, "Kept")

    answer = await alice.ask(
        "mutation($id: ID!) { deleteDocumentationPage(input: {pageId: $id}) { deletedPageId userErrors { code } } }",
        id=page_id,
    )

    assert answer["deleteDocumentationPage"] == {"deletedPageId": page_id, "userErrors": []}
    assert await titles(alice, project_id) == ["Kept"]
