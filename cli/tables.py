"""The schema of a project in the terminal, as a file that one edits."""

import json
from pathlib import Path
from typing import Any, Final, cast

import click

from cli.client import Client, Refused
from cli.journey import generated
from cli.operations import SAVE_SCHEMA, SCHEMA

_VERSION: Final = "expectedVersion"
_WHOLE: Final = frozenset({"defaultValue", "equals", "signUp"})
"""What says something also where it is false or empty."""


async def show(client: Client, project_id: str) -> None:
    """Print the newest version as JSON, as `save` takes it. Raises Refused where there is none."""
    schema = await _newest(client, project_id)
    click.echo(json.dumps({**_said(_sent(schema)), _VERSION: schema["version"]}, indent=2, ensure_ascii=False))


async def save(client: Client, project_id: str, file: Path) -> None:
    """Store the next version, print what changes, and generate its code. Raises Refused where the server does not."""
    before = await _newest(client, project_id)
    made = await client.ask(SAVE_SCHEMA, input={**_read(file), "projectId": project_id}, before=before["id"])
    schema = made["saveSchema"]["schema"]
    click.echo(f"Version {schema['version']} is saved.")
    for change in schema["diff"]:
        click.echo(f"{change['kind'].lower():8} {change['path']}")
        if change["obstacle"]:
            click.echo(f"         {change['obstacle']}")
    await generated(client, project_id, "CODE")


async def _newest(client: Client, project_id: str) -> dict[str, Any]:
    project = (await client.ask(SCHEMA, id=project_id))["project"]
    if project is None:
        raise Refused(f"No project with the id '{project_id}'.")
    if project["schema"] is None:
        raise Refused("The project has no schema yet: generate one with `snapinfra resume`.")
    return project["schema"]


def _read(file: Path) -> dict[str, Any]:
    try:
        content: object = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(f"{file} can't be read as JSON: {error}") from None
    if not isinstance(content, dict):
        raise Refused(f"{file} is not a JSON object, as `snapinfra tables show` prints one.")
    return cast("dict[str, Any]", content)


def _sent(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in {"id", "version"}}


def _said(value: Any) -> Any:
    """Return a value without what says nothing: what is null or empty, or false where that is the default."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value).items()
        said = {name: each if name in _WHOLE else _said(each) for name, each in fields if each is not None}
        return {name: each for name, each in said.items() if name in _WHOLE or each not in (False, [], {})}
    return [_said(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value
