"""What the schema says of the difference between two deployments."""

import os
from typing import Any

from services.bootstrap import opened
from services.core.clock import utc_now
from services.core.ids import DeploymentId, GenerationId, ProjectId, SchemaId
from tests.records import deployment_of
from tests.snapinfra import Server, User, events

KEY = {"name": "id", "type": "STRING", "primaryKey": True}
SAVE = "mutation($input: SaveSchemaInput!) { saveSchema(input: $input) { schema { id } userErrors { message } } }"
DIFF = """
query($id: ID!, $from: ID) {
  deployment(id: $id) { diff(from: $from) { comparedWith { id } files { path } schema { kind path after } } }
}"""


async def code_of(user: User, project_id: str, *fields: str) -> dict[str, Any]:
    """Generate code from a schema of one table with these fields."""
    notes = {"name": "notes", "fields": [KEY, *({"name": name, "type": "STRING"} for name in fields)]}
    saved = await user.ask(SAVE, input={"projectId": project_id, "tables": [notes]})
    generation_id = await user.generate(project_id, "CODE")
    assert (await events(user, generation_id))[-1]["status"] == "COMPLETED"
    return {"schema": saved["saveSchema"]["schema"]["id"], "generation": generation_id}


async def test_what_differs_of_the_schemas_is_told(server: Server, alice: User) -> None:
    project_id = (await alice.project())["id"]
    first, second = [await code_of(alice, project_id, *fields) for fields in (["title"], ["title", "body"])]
    ids: list[DeploymentId] = []
    async with opened(server.config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
        services = process.services
        project = await services.projects.stored(ProjectId(project_id))
        assert project is not None
        for code in (first, second):
            deployment = deployment_of(project, GenerationId(code["generation"]), live_at=utc_now())
            await services.deployments.table.put_new(deployment)
            ids.append(deployment.id)

        diff = (await alice.ask(DIFF, id=ids[1]))["deployment"]["diff"]
        begun = (await alice.ask(DIFF, id=ids[0]))["deployment"]["diff"]
        back = (await alice.ask(DIFF, id=ids[0], **{"from": ids[1]}))["deployment"]["diff"]
        gone = await services.schemas.find(SchemaId(first["schema"]))
        assert gone is not None
        await services.schemas.table.delete(gone)
        without = (await alice.ask(DIFF, id=ids[1]))["deployment"]["diff"]

    assert diff["comparedWith"] == {"id": ids[0]}
    assert diff["schema"] == [{"kind": "ADDED", "path": "notes.body", "after": {"name": "body", "type": "STRING"}}]
    assert [(change["kind"], change["path"]) for change in begun["schema"]] == [("ADDED", "notes")]
    assert [(change["kind"], change["path"]) for change in back["schema"]] == [("REMOVED", "notes.body")]
    assert diff["files"]
    assert (without["files"], without["schema"]) == (diff["files"], None)
