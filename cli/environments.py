"""The environments of a project in the terminal."""

from collections.abc import Sequence
from typing import Any

import click

from cli.client import Client, Refused
from cli.journey import until_live
from cli.narration import headline
from cli.operations import (
    CREATE_ENVIRONMENT,
    DELETE_VARIABLES,
    DEPLOY,
    ENVIRONMENTS,
    PROJECT_OF_ENVIRONMENT,
    SET_VARIABLES,
)

Variables = Sequence[tuple[str, str]]


def read(arguments: Sequence[str]) -> Variables:
    """Return variables from arguments such as `NAME=value`; the value of a bare `NAME` is asked for, and not shown."""
    read: list[tuple[str, str]] = []
    for argument in arguments:
        name, given, value = argument.partition("=")
        read.append((name, value if given else click.prompt(name, hide_input=True)))
    return read


async def show_all(client: Client, project_id: str) -> None:
    """Print a line for each environment. Raises Refused where there is no such project."""
    project = (await client.ask(ENVIRONMENTS, id=project_id))["project"]
    if project is None:
        raise Refused(f"No project with the id '{project_id}'.")
    for environment in project["environments"]["nodes"]:
        names = " ".join(variable["name"] for variable in environment["variables"]) or "no variables"
        kind, platform = environment["kind"].lower(), environment["platform"]
        click.echo(f"{environment['id']}  {environment['name']}  {kind} at {platform}: {names}")


async def create(client: Client, project_id: str, **given: Any) -> None:
    """Make an environment, and print its id. Raises Refused where the server does not."""
    chosen = {name: value for name, value in given.items() if value is not None}
    made = await client.ask(CREATE_ENVIRONMENT, input={"projectId": project_id, **chosen})
    click.echo(made["createEnvironment"]["environment"]["id"])


async def put(client: Client, environment_id: str, variables: Variables) -> None:
    """Set variables. Raises Refused where the server does not."""
    given = [{"name": name, "value": value} for name, value in variables]
    await client.ask(SET_VARIABLES, id=environment_id, variables=given)
    _say_when()


async def drop(client: Client, environment_id: str, names: Sequence[str]) -> None:
    """Delete variables. Raises Refused where one is not there, or the server does not."""
    environment = (await client.ask(PROJECT_OF_ENVIRONMENT, id=environment_id))["environment"]
    there = {variable["name"] for variable in environment["variables"]} if environment else set[str]()
    if missing := [name for name in names if name not in there]:
        raise Refused(f"{environment_id} has no variable {' and no '.join(missing)}; nothing is deleted.")
    await client.ask(DELETE_VARIABLES, id=environment_id, names=list(names))
    _say_when()


async def deploy(client: Client, environment_id: str, generation_id: str) -> None:
    """Deploy to an environment, and watch it until it answers. Raises Refused where that fails."""
    environment = (await client.ask(PROJECT_OF_ENVIRONMENT, id=environment_id))["environment"]
    if environment is None:
        raise Refused(f"No environment with the id '{environment_id}'.")
    given = {"projectId": environment["project"]["id"], "generationId": generation_id, "environmentId": environment_id}
    asked = await client.ask(DEPLOY, input=given)
    headline(f"Running at {await until_live(client, asked['createDeployment']['deployment']['id'])}")


def _say_when() -> None:
    click.echo("What is deployed from now on finds them so; `snapinfra redeploy DEPLOYMENT` brings them to what runs.")
