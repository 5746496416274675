"""`snapinfra tables`, against a server."""

import json
from pathlib import Path
from typing import Any

from tests.cli.command import Ended, snapinfra
from tests.slices.schemas import SLICE
from tests.snapinfra import User, events

SAVE = "mutation($input: SaveSchemaInput!) { saveSchema(input: $input) { schema { id } userErrors { message } } }"
DIFF = "query($id: ID!, $from: ID!) { schema(id: $id) { diff(from: $from) { path } } }"
CURRENT = "query($id: ID!) { project(id: $id) { schema { id version } } }"


async def tables(user: User, *arguments: str | Path, folder: Path) -> Ended:
    given = map(str, arguments)
    return await snapinfra("tables", *given, "--url", user.url, "--token", user.token, folder=folder)


async def current(user: User, project_id: str) -> dict[str, Any]:
    return (await user.ask(CURRENT, id=project_id))["project"]["schema"]


async def test_what_is_shown_can_be_saved_and_changes_nothing(alice: User, tmp_path: Path) -> None:
    project_id = (await alice.project())["id"]
    everything = {**SLICE.values["saveSchema"].input, "projectId": project_id}
    await alice.ask(SAVE, input=everything)
    before = await current(alice, project_id)

    shown = await tables(alice, "show", project_id, folder=tmp_path)
    await alice.ask(SAVE, input={**json.loads(shown.out), "projectId": project_id})

    after = await current(alice, project_id)
    assert after["version"] == before["version"] + 1
    told = await alice.ask(DIFF, id=after["id"], **{"from": before["id"]})
    assert told["schema"]["diff"] == []


async def test_a_change_is_saved_and_its_code_generated(alice: User, tmp_path: Path) -> None:
    project_id = (await alice.project())["id"]
    await events(alice, await alice.generate(project_id, "SCHEMA", prompt="Notes with a title and a unique code"))
    schema = json.loads((await tables(alice, "show", project_id, folder=tmp_path)).out)
    notes = next(table for table in schema["tables"] if table["name"] == "notes")
    next(field for field in notes["fields"] if field["name"] == "code").update(name="sign", formerNames=["code"])
    notes["fields"].append({"name": "sticky", "type": "BOOLEAN", "defaultValue": False})
    (tmp_path / "schema.json").write_text(json.dumps(schema))

    saved = await tables(alice, "save", project_id, "schema.json", folder=tmp_path)
    again = await tables(alice, "save", project_id, "schema.json", folder=tmp_path)

    assert saved.status == 0, saved.err
    assert saved.out.startswith("Version 2 is saved.\nchanged  notes.sign\nadded    notes.sticky\n")
    assert "src/routes/notes.ts" in saved.out
    assert (again.status, again.err) == (1, "The project's schema has a newer version.\n")


async def test_what_can_not_be_saved_is_told(alice: User, bob: User, tmp_path: Path) -> None:
    project_id = (await alice.project())["id"]
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "no.json").write_text("{")

    empty = await tables(alice, "show", project_id, folder=tmp_path)
    await events(alice, await alice.generate(project_id, "SCHEMA", prompt="Notes"))
    others = await tables(bob, "show", project_id, folder=tmp_path)
    files = [
        await tables(alice, "save", project_id, name, folder=tmp_path) for name in ("list.json", "no.json", "none")
    ]

    assert empty.err == "The project has no schema yet: generate one with `snapinfra resume`.\n"
    assert others.err == f"No project with the id '{project_id}'.\n"
    assert [ended.status for ended in (empty, others, *files)] == [1] * 5
    assert files[0].err == "list.json is not a JSON object, as `snapinfra tables show` prints one.\n"
    assert all("can't be read as JSON" in ended.err for ended in files[1:])
