"""Pushing code to a repository."""

from typing import Final

import click

from cli.client import Client, Refused
from cli.operations import PUSH, STATE
from services.core.ids import prefix_of

SAID: Final = {
    "KEPT": "Yours is kept",
    "MERGED": "Merged with yours",
    "CONFLICT": "In conflict with yours",
    "CONFLICT_DELETED": "Changed, and you have deleted it",
    "CONFLICT_NOT_GENERATED": "No longer generated, and you have changed it",
}
"""What became of a file that its user had changed."""


async def push(client: Client, what: str, *, repository: str | None, branch: str | None, message: str | None) -> None:
    """Push a generation, or the newest code of a project, and say where it is. Raises Refused."""
    generation_id = what if prefix_of(what) == "generation" else await newest(client, what)
    asked = await client.ask(PUSH, generationId=generation_id, repository=repository, branch=branch, message=message)
    pushed = asked["pushToGitHub"]["push"]
    where = f"the branch {pushed['branch']} of {pushed['repository']}"
    for file in pushed["files"]:
        click.echo(f"{SAID[file['outcome']]}: {file['path']}")
    if not pushed["isMerged"]:
        by = pushed["pullRequestUrl"] or "git merge origin/generated"
        raise Refused(f"Pushed to the branch generated, and not merged into {where}. Merge it: {by}")
    said = "Pushed" if pushed["hasChanges"] else "Nothing has changed: it is there already"
    click.echo(f"{said}, on {where}.\n{pushed['commitUrl']}")


async def newest(client: Client, project_id: str) -> str:
    """Return the newest COMPLETED code of a project. Raises Refused where there is none."""
    project = (await client.ask(STATE, id=project_id))["project"]
    if project is None:
        raise Refused(f"No project with the id '{project_id}'.")
    generations = project["generations"]["nodes"]
    whole = (each["id"] for each in generations if (each["kind"], each["status"]) == ("CODE", "COMPLETED"))
    if (generation_id := next(whole, None)) is None:
        raise Refused("This project has no COMPLETED code yet.")
    return generation_id
