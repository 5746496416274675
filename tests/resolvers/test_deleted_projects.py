"""What the schema promises of deleted projects: hidden everywhere, listed for few, and restored whole."""

from datetime import datetime, timedelta
from typing import Any

from tests.snapinfra import GENERATION, Server, User, events

DELETE = "mutation($id: ID!) { deleteProject(input: {projectId: $id}) { deletedProjectId userErrors { code } } }"
RESTORE = """
mutation($id: ID!) { restoreProject(input: {projectId: $id}) { project { id name status } userErrors { code } } }
"""
DELETED = """
query($team: ID, $first: Int! = 20, $after: String) {
  deletedProjects(teamId: $team, first: $first, after: $after) {
    nodes { id name description createdAt deletedAt purgeAt deletedBy { username } }
    pageInfo { hasNextPage endCursor }
  }
}"""
WHOLE = """
query($id: ID!) {
  project(id: $id) {
    id name description status createdAt team { id }
    schema { id version tables { name } }
    generations { nodes { id status text files { path content } } }
    documentation { nodes { id title content } }
  }
}"""
LISTS = """
query($team: ID!) {
  projects(filter: {teamId: $team}) { nodes { id } }
  generations { nodes { id } }
  deployments { nodes { id } }
  dashboard(teamId: $team) { projectCount recentProjects { id } }
  team(id: $team) { projects { nodes { id } } }
}"""
BY_ID = {
    "project": ["query($id: ID!) { project(id: $id) { id } }", DELETE],
    "schema": ["query($id: ID!) { schema(id: $id) { id } }"],
    "generation": [
        "query($id: ID!) { generation(id: $id) { id } }",
        "mutation($id: ID!) { deleteGeneration(input: {generationId: $id}) { deletedGenerationId } }",
    ],
    "page": ["query($id: ID!) { documentationPage(id: $id) { id } }"],
}


async def filled(user: User, team_id: str) -> dict[str, str]:
    """Make a project with a schema, code and a page, and return the ids."""
    project_id = (await user.project(teamId=team_id))["id"]
    for kind in ("SCHEMA", "CODE"):
        generation_id = await user.generate(project_id, kind)
        await events(user, generation_id)
    written = await user.ask(
        'mutation($id: ID!) { createDocumentationPage(input: {projectId: $id, title: "t", content: "c"})'
        " { page { id } } }",
        id=project_id,
    )
    seen = await user.ask("query($id: ID!) { project(id: $id) { schema { id } } }", id=project_id)
    return {
        "project": project_id,
        "schema": seen["project"]["schema"]["id"],
        "generation": generation_id,
        "page": written["createDocumentationPage"]["page"]["id"],
    }


async def codes(user: User, operation: str, **variables: Any) -> list[str]:
    return [one["extensions"]["code"] for one in (await user.result(operation, **variables)).get("errors", [])]


async def names(user: User, team_id: str | None = None) -> list[str]:
    return [node["name"] for node in (await user.ask(DELETED, team=team_id))["deletedProjects"]["nodes"]]


async def test_a_deleted_project_is_hidden_on_every_path_and_comes_back_whole(alice: User) -> None:
    team_id = await alice.team()
    ids = await filled(alice, team_id)
    before = await alice.ask(WHOLE, id=ids["project"])
    listed = await alice.ask(LISTS, team=team_id)

    await alice.ask(DELETE, id=ids["project"])

    for kind, object_id in ids.items():
        assert (await alice.ask("query($id: ID!) { node(id: $id) { id } }", id=object_id))["node"] is None
        for operation in BY_ID[kind]:
            assert await codes(alice, operation, id=object_id) == ["NOT_FOUND"], operation
    followed = [result async for result in alice.follow(GENERATION, id=ids["generation"])]
    assert followed[0]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert await alice.ask(LISTS, team=team_id) == {
        "projects": {"nodes": []},
        "generations": {"nodes": []},
        "deployments": {"nodes": []},
        "dashboard": {"projectCount": 0, "recentProjects": []},
        "team": {"projects": {"nodes": []}},
    }
    restored = await alice.ask(RESTORE, id=ids["project"])
    assert restored["restoreProject"]["project"] == {"id": ids["project"], "name": "Users", "status": "READY"}
    assert await alice.ask(WHOLE, id=ids["project"]) == before
    assert await alice.ask(LISTS, team=team_id) == listed
    assert await names(alice, team_id) == []


async def test_deleted_projects_are_listed_deleted_last_first_with_who_did_it_and_until_when(alice: User) -> None:
    ids = [(await alice.project(name=name))["id"] for name in ("first", "second", "third")]
    await alice.ask('mutation { updateProfile(input: {username: "alice"}) { userErrors { message } } }')
    for project_id in (ids[1], ids[2], ids[0]):
        await alice.ask(DELETE, id=project_id)

    page = (await alice.ask(DELETED, first=2))["deletedProjects"]
    rest = (await alice.ask(DELETED, first=2, after=page["pageInfo"]["endCursor"]))["deletedProjects"]

    assert [node["name"] for node in page["nodes"]] == ["first", "third"]
    assert ([node["name"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["second"], False)
    shown = page["nodes"][0]
    deleted_at, purge_at = (datetime.fromisoformat(shown[name]) for name in ("deletedAt", "purgeAt"))
    assert purge_at - deleted_at == timedelta(days=30)
    assert (shown["id"], shown["deletedBy"]) == (ids[0], {"username": "alice"})


async def test_who_may_not_delete_projects_neither_sees_nor_restores_deleted_ones(
    server: Server, alice: User, bob: User
) -> None:
    team_id, carol = await alice.team(), server.user()
    await alice.take_in(bob, team_id, "EDITOR")
    project_id = (await alice.project(teamId=team_id))["id"]
    await alice.ask(DELETE, id=project_id)

    assert await codes(bob, DELETED, team=team_id) == await codes(bob, RESTORE, id=project_id) == ["FORBIDDEN"]
    assert await codes(carol, DELETED, team=team_id) == ["NOT_FOUND"]
    unseen = await carol.result(RESTORE, id=project_id)
    missing = await carol.result(RESTORE, id=f"{project_id[:-4]}0000")
    assert str(unseen).replace(project_id, "ID") == str(missing).replace(f"{project_id[:-4]}0000", "ID")
    assert await names(alice, team_id) == ["Users"]
    assert await names(carol) == []


async def test_a_project_is_restored_once_and_each_time_is_noted(alice: User) -> None:
    project_id = (await alice.project())["id"]
    for _ in range(2):
        await alice.ask(DELETE, id=project_id)
        assert await codes(alice, DELETE, id=project_id) == ["NOT_FOUND"]
        first = await alice.ask(RESTORE, id=project_id)
        assert await alice.ask(RESTORE, id=project_id) == first

    noted = await alice.ask("query($id: ID!) { project(id: $id) { activity { nodes { verb } } } }", id=project_id)
    verbs = [node["verb"] for node in noted["project"]["activity"]["nodes"]]
    assert verbs == ["RESTORED", "DELETED", "RESTORED", "DELETED", "CREATED"]


async def test_a_retried_create_does_not_bring_back_what_was_deleted(alice: User) -> None:
    create = """
    mutation { createProject(input: {name: "Shop", clientMutationId: "c1"}) { project { id } userErrors { code } } }"""
    project_id = (await alice.ask(create))["createProject"]["project"]["id"]
    await alice.ask(DELETE, id=project_id)

    assert await codes(alice, create) == ["NOT_FOUND"]

    assert (await alice.ask("{ projects { nodes { id } } }"))["projects"]["nodes"] == []
    assert await names(alice) == ["Shop"]
