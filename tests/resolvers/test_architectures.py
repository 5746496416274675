"""What the schema promises of architectures."""

import asyncio
from typing import Any

from tests.snapinfra import User, events

SAVE = """
mutation($input: SaveArchitectureInput!) {
  saveArchitecture(input: $input) {
    architecture { id version nodes { id kind name description } edges { from to label } mermaid
      generation { id } project { id } }
    userErrors { message code field }
  }
}"""

UPDATE = """
mutation($input: UpdateArchitectureInput!) {
  updateArchitecture(input: $input) {
    architecture { version nodes { name } edges { label } generation { id } }
    userErrors { code field }
  }
}"""

NODES = [{"id": "web", "kind": "CLIENT", "name": "Web"}, {"id": "api", "kind": "API", "name": "The API"}]
EDGES = [{"from": "web", "to": "api", "label": "asks"}]


async def save(user: User, project_id: str, **fields: Any) -> dict[str, Any]:
    made = {"projectId": project_id, "nodes": NODES, "edges": EDGES, **fields}
    return (await user.ask(SAVE, input=made))["saveArchitecture"]["architecture"]


async def ids(user: User, project_id: str) -> list[str]:
    result = await user.ask("query($id: ID!) { project(id: $id) { architectures { nodes { id } } } }", id=project_id)
    return [node["id"] for node in result["project"]["architectures"]["nodes"]]


async def test_a_hand_made_architecture_is_kept_as_it_was_drawn(alice: User) -> None:
    project_id = (await alice.project())["id"]

    saved = await save(alice, project_id)

    assert saved == {
        "id": saved["id"],
        "version": 1,
        "nodes": [{**node, "description": ""} for node in NODES],
        "edges": EDGES,
        "mermaid": 'flowchart LR\n  n1(["Web"])\n  n2["The API"]\n  n1 -->|"asks"| n2\n',
        "generation": None,
        "project": {"id": project_id},
    }
    assert saved["id"].startswith("architecture_")
    seen = await alice.ask(
        "query($id: ID!, $project: ID!) {"
        " node(id: $id) { id } architecture(id: $id) { version } project(id: $project) { architecture { id } } }",
        id=saved["id"],
        project=project_id,
    )
    assert seen == {
        "node": {"id": saved["id"]},
        "architecture": {"version": 1},
        "project": {"architecture": {"id": saved["id"]}},
    }


async def test_every_fault_of_an_architecture_is_reported_with_its_place_and_nothing_is_stored(alice: User) -> None:
    project_id = (await alice.project())["id"]
    nodes = [{"id": "web", "kind": "CLIENT", "name": " "}, {"id": "a b", "kind": "API", "name": "x"}]

    answer = await alice.result(
        SAVE, input={"projectId": project_id, "nodes": nodes, "edges": [{"from": "web", "to": "db"}]}
    )

    assert answer["data"]["saveArchitecture"]["architecture"] is None
    assert [error["field"] for error in answer["data"]["saveArchitecture"]["userErrors"]] == [
        ["nodes", "0", "name"],
        ["nodes", "1", "id"],
        ["edges", "0", "to"],
    ]
    assert await ids(alice, project_id) == []


async def test_an_architecture_too_large_to_store_is_refused(alice: User) -> None:
    project_id = (await alice.project())["id"]
    nodes = [{"id": f"n{n}", "kind": "API", "name": "😀" * 100, "description": "😀" * 500} for n in range(100)]
    edges = [{"from": "n0", "to": f"n{n}", "label": f"{k}" + "😀" * 99} for n in range(1, 100) for k in range(3)]

    answer = await alice.result(SAVE, input={"projectId": project_id, "nodes": nodes, "edges": edges})

    assert answer["data"]["saveArchitecture"] == {
        "architecture": None,
        "userErrors": [{"message": "An architecture has at most 300 KiB.", "code": "BAD_USER_INPUT", "field": None}],
    }
    assert await ids(alice, project_id) == []


async def test_a_retried_save_returns_the_first_architecture(alice: User) -> None:
    project_id = (await alice.project())["id"]

    saved = await asyncio.gather(*(save(alice, project_id, clientMutationId="c1") for _ in range(3)))

    assert await ids(alice, project_id) == [saved[0]["id"]]
    assert len({architecture["id"] for architecture in saved}) == 1


async def test_an_update_of_a_stale_version_shows_the_architecture_as_it_is_and_writes_nothing(alice: User) -> None:
    architecture_id = (await save(alice, (await alice.project())["id"]))["id"]
    change = {"architectureId": architecture_id, "nodes": NODES[:1], "expectedVersion": 1}
    first = await alice.ask(UPDATE, input=change)

    stale = await alice.result(UPDATE, input={**change, "nodes": NODES})

    now = {"version": 2, "nodes": [{"name": "Web"}], "edges": [], "generation": None}
    assert first["updateArchitecture"] == {"architecture": now, "userErrors": []}
    assert stale["data"]["updateArchitecture"] == {
        "architecture": now,
        "userErrors": [{"code": "CONFLICT", "field": None}],
    }


async def test_a_generated_architecture_can_be_changed_by_hand(alice: User) -> None:
    project_id = (await alice.project())["id"]
    generation_id = await alice.generate(project_id, "ARCHITECTURE")
    await events(alice, generation_id)
    query = "query($id: ID!) { generation(id: $id) { architecture { id version nodes { name } generation { id } } } }"
    made = (await alice.ask(query, id=generation_id))["generation"]["architecture"]

    await alice.ask(UPDATE, input={"architectureId": made["id"], "nodes": NODES, "expectedVersion": 1})

    assert made["generation"] == {"id": generation_id}
    assert made["version"] == 1
    now = (await alice.ask(query, id=generation_id))["generation"]["architecture"]
    assert now == {**made, "version": 2, "nodes": [{"name": "Web"}, {"name": "The API"}]}


async def test_a_deleted_architecture_is_gone(alice: User) -> None:
    project_id = (await alice.project())["id"]
    kept, gone = await save(alice, project_id), await save(alice, project_id)

    deleted = await alice.ask(
        "mutation($id: ID!) { deleteArchitecture(input: {architectureId: $id})"
        " { deletedArchitectureId userErrors { code } } }",
        id=gone["id"],
    )

    assert deleted["deleteArchitecture"] == {"deletedArchitectureId": gone["id"], "userErrors": []}
    assert await ids(alice, project_id) == [kept["id"]]


GENERATE = """
mutation($input: GenerateInput!) { generate(input: $input) { generation { id } userErrors { code field message } } }"""
MADE = "query($id: ID!) { generation(id: $id) { architecture { id } notFollowed { text reason }} }"
FURTHER = [
    *NODES,
    {"id": "mails", "kind": "QUEUE", "name": "Mails to send"},
    {"id": "ledgers", "kind": "TABLE", "name": "Ledgers"},
]


async def generate(user: User, project_id: str, **given: Any) -> dict[str, Any]:
    return (await user.result(GENERATE, input={"projectId": project_id, **given}))["data"]["generate"]


async def made(user: User, project_id: str, **given: Any) -> dict[str, Any]:
    """Generate code and return what is shown of it."""
    asked = await generate(user, project_id, kind="CODE", **given)
    generation_id = asked["generation"]["id"]
    assert (await events(user, generation_id))[-1]["status"] == "COMPLETED"
    return (await user.ask(MADE, id=generation_id))["generation"]


async def test_code_is_made_by_the_architecture_that_was_changed_last_or_by_a_chosen_one(alice: User) -> None:
    project_id = (await alice.project())["id"]
    await events(alice, await alice.generate(project_id, "SCHEMA", prompt="Notes"))

    without = await made(alice, project_id)
    first = await save(alice, project_id)
    second = await save(alice, project_id, nodes=FURTHER)
    latest, chosen = await made(alice, project_id), await made(alice, project_id, architectureId=first["id"])

    assert without["architecture"] is None
    assert latest["architecture"] == {"id": second["id"]}
    unbuilt = [one for one in latest["notFollowed"] if one not in without["notFollowed"]]
    assert unbuilt == [
        {"text": "Ledgers", "reason": "The schema has no such table: the tables of a backend are its schema's."}
    ]
    assert chosen["architecture"] == {"id": first["id"]}
    assert chosen["notFollowed"] == without["notFollowed"]


async def test_no_other_architecture_is_taken_than_one_of_the_project_and_for_code(alice: User) -> None:
    project_id, other_id = (await alice.project())["id"], (await alice.project(name="Another"))["id"]
    await events(alice, await alice.generate(project_id, "SCHEMA", prompt="Notes"))
    own, others = await save(alice, project_id), await save(alice, other_id)

    refused = [
        await generate(alice, project_id, kind="CODE", architectureId=others["id"]),
        await generate(alice, project_id, kind="CODE", architectureId="architecture_nothing"),
        await generate(alice, project_id, kind="DOCUMENTATION", architectureId=own["id"]),
    ]

    assert [payload["generation"] for payload in refused] == [None] * 3
    assert [(error["field"], error["message"]) for payload in refused for error in payload["userErrors"]] == [
        (["architectureId"], "The architecture is of another project."),
        (["architectureId"], "No architecture with the id 'architecture_nothing'."),
        (["architectureId"], "A DOCUMENTATION generation reads no architecture."),
    ]
