"""What the schema promises of deleting generations: what goes with one, and what stays."""

import httpx

from services.core.tls import trusted
from services.foundation.aws.clients import connect
from tests.snapinfra import Server, User, events

DELETE = """
mutation($id: ID!) { deleteGeneration(input: {generationId: $id}) { deletedGenerationId userErrors { code message } } }
"""

SEEN = """
query($id: ID!, $project: ID!) {
  node(id: $id) { id }
  generations { nodes { id } }
  project(id: $project) { generations { nodes { id } } schema { version generation { id } } }
}"""


async def ended(user: User, project_id: str, kind: str, **fields: str) -> str:
    """Generate, and return the id once it has ended."""
    generation_id = await user.generate(project_id, kind, **fields)
    assert (await events(user, generation_id))[-1]["status"] == "COMPLETED"
    return generation_id


async def test_a_deleted_generation_is_gone_with_its_files_and_its_archive(alice: User, server: Server) -> None:
    project_id = (await alice.project())["id"]
    schema_id = await ended(alice, project_id, "SCHEMA")
    code_id = await ended(alice, project_id, "CODE")
    url = (await alice.ask("query($id: ID!) { generation(id: $id) { downloadUrl } }", id=code_id))["generation"]

    deleted = await alice.ask(DELETE, id=code_id)
    again = await alice.result(DELETE, id=code_id)

    assert deleted["deleteGeneration"] == {"deletedGenerationId": code_id, "userErrors": []}
    assert again["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    seen = await alice.ask(SEEN, id=code_id, project=project_id)
    assert seen["node"] is None
    assert seen["generations"]["nodes"] == seen["project"]["generations"]["nodes"] == [{"id": schema_id}]
    async with httpx.AsyncClient(verify=trusted()) as http:
        assert (await http.get(url["downloadUrl"])).status_code == 404
    aws = connect(region="us-east-1", endpoint=server.config.aws_endpoint_url)
    left = aws.s3.list_objects_v2(Bucket=server.config.name_of(server.config.bucket), Prefix=f"generations/{code_id}")
    aws.close()
    assert left["KeyCount"] == 0


async def test_the_schema_that_a_deleted_generation_made_stays(alice: User) -> None:
    project_id = (await alice.project())["id"]
    generation_id = await ended(alice, project_id, "SCHEMA")

    await alice.ask(DELETE, id=generation_id)

    seen = await alice.ask(SEEN, id=generation_id, project=project_id)
    assert seen["project"] == {"generations": {"nodes": []}, "schema": {"version": 1, "generation": None}}


async def test_what_was_made_from_a_deleted_generation_is_whole(alice: User) -> None:
    files = """
    query($id: ID!) {
      generation(id: $id) { base { id } files { path content } diff { path } }
    }"""
    project_id = (await alice.project())["id"]
    await ended(alice, project_id, "SCHEMA")
    base_id = await ended(alice, project_id, "CODE")
    changed_id = await ended(alice, project_id, "CODE", baseGenerationId=base_id, prompt="Say hello in the README")
    before = (await alice.ask(files, id=changed_id))["generation"]

    await alice.ask(DELETE, id=base_id)

    after = (await alice.ask(files, id=changed_id))["generation"]
    assert before["base"] == {"id": base_id}
    assert after == {**before, "base": None, "diff": None}
    assert len(after["files"]) > 10
    assert None not in [file["content"] for file in after["files"]]


async def test_deleting_a_generation_is_noted_once(alice: User) -> None:
    project_id = (await alice.project())["id"]
    generation_id = await ended(alice, project_id, "SCHEMA")

    await alice.ask(DELETE, id=generation_id)
    await alice.result(DELETE, id=generation_id)

    noted = await alice.ask(
        "{ activity(filter: {entityType: GENERATION}) { nodes { verb entityId title } } }", project=project_id
    )
    assert noted["activity"]["nodes"][0] == {"verb": "DELETED", "entityId": generation_id, "title": "SCHEMA"}
    assert [node["verb"] for node in noted["activity"]["nodes"]].count("DELETED") == 1
