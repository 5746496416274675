"""The main job in the terminal: from a sentence to a running backend, shown as it happens."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import click

from cli.client import Client, Refused
from cli.commands import LOCAL, Target, option
from cli.integrating import require
from cli.narration import headline, show_deployment, show_generation
from cli.operations import (
    ACCOUNTS,
    CREATE,
    DEPLOY,
    DEPLOYMENT_EVENTS,
    GENERATE,
    GENERATION_EVENTS,
    REDEPLOY,
    RESTART,
    ROLL_BACK,
    STATE,
    STOP,
)
from cli.pulling import pull
from cli.worktree import is_free
from services.core.frozen import frozen

QUIET: Final = 10
"""Seconds without an event after which it is shown that one is waited for."""


@frozen
class Arrival:
    """What came of a journey. `url` is where the backend answers; None where it was not deployed."""

    project_id: str
    generation_id: str
    deployment_id: str | None = None
    url: str | None = None


async def travel(
    client: Client,
    description: str,
    *,
    name: str | None = None,
    to: str | None = LOCAL,
    secret: str | None = None,
    target: Target | None = None,
    into: Path | None = None,
) -> Arrival:
    """Create a project, generate its schema, architecture and code, and deploy it. Raises Refused where a step fails.

    `to` is the platform as the schema has it; None deploys nowhere. `secret` is the JWT_SECRET of a backend
    without accounts, anywhere but at LOCAL. `target` is what the commands that are printed are for; None prints none.
    The code comes `into` a folder, too, in which there is nothing yet.
    """
    if into is not None and not is_free(into):
        raise Refused(f"There is something in {into} already. For code of a project that is there: snapinfra pull")
    if to is not None:
        await require(client, to)  # before anything is made, and paid for
    title = name or " ".join(description.split()[:8])[:100]
    created = await client.ask(CREATE, name=title, description=description[:500])
    project_id = created["createProject"]["project"]["id"]
    headline(f"Project {project_id}")
    return await _go(client, project_id, description, _Earlier(), to=to, secret=secret, target=target, into=into)


async def resume(
    client: Client,
    project_id: str,
    *,
    to: str | None = LOCAL,
    secret: str | None = None,
    target: Target | None = None,
) -> Arrival:
    """Do what `travel` does, from where a project is: watch what is under way, and ask for what is missing."""
    project = (await client.ask(STATE, id=project_id))["project"]
    if project is None:
        raise Refused(f"No project with the id '{project_id}'.")
    headline(f"Project {project_id}")
    earlier = _Earlier(project["generations"]["nodes"], project["latestDeployment"])
    schema = earlier.newest("SCHEMA")
    prompt = schema["prompt"] if schema else project["description"]
    return await _go(client, project_id, prompt, earlier, to=to, secret=secret, target=target)


@frozen
class _Earlier:
    """What a project has already, as STATE says it; the newest generation is the first."""

    generations: Sequence[dict[str, Any]] = ()
    deployment: dict[str, Any] | None = None

    def newest(self, kind: str) -> dict[str, Any] | None:
        return next((generation for generation in self.generations if generation["kind"] == kind), None)

    def generation(self, kind: str) -> str | None:
        """Return the newest of a kind that has come, or may come, to something."""
        newest = self.newest(kind)
        return newest["id"] if newest and newest["status"] in {"QUEUED", "GENERATING", "COMPLETED"} else None

    def deployment_of(self, generation_id: str) -> str | None:
        """Return the deployment of a generation's code that has not ended."""
        newest = self.deployment
        if newest is None or newest["status"] not in {"PENDING", "BUILDING", "DEPLOYING", "SUCCESS"}:
            return None
        return newest["id"] if newest["generation"] == {"id": generation_id} else None


async def _go(
    client: Client,
    project_id: str,
    prompt: str,
    earlier: _Earlier,
    *,
    to: str | None,
    secret: str | None,
    target: Target | None,
    into: Path | None = None,
) -> Arrival:
    async with _telling_how_to_come_back(project_id, to=to, target=target):
        await generated(client, project_id, "SCHEMA", prompt, earlier)
        await _drawn(client, project_id, prompt, earlier)
        code = await generated(client, project_id, "CODE", prompt, earlier)
        if into is not None:
            await pull(client, code, into=into)
        if to is None:
            return Arrival(project_id, code)
        deployment_id, url = await _deployed(client, project_id, code, earlier, to=to, secret=secret)
    headline(f"Running at {url}")
    if target is not None:
        click.echo(f"Its log: {target.command('logs', deployment_id, '--follow')}")
        if to == LOCAL and (command := await _giving_a_role(client, code)) is not None:
            click.echo(f"To have a role there: {target.local_command('run', deployment_id, command)}")
    return Arrival(project_id, code, deployment_id, url)


@asynccontextmanager
async def _telling_how_to_come_back(project_id: str, *, to: str | None, target: Target | None) -> AsyncGenerator[None]:
    """Say on Ctrl-C that the work goes on, and which command shows it."""
    try:
        yield
    except asyncio.CancelledError:
        click.echo("\nWhat was asked for goes on at the server.")
        if target is not None:
            where = ["--no-deploy"] if to is None else [] if to == LOCAL else ["--to", option(to)]
            click.echo(f"To come back: {target.command('resume', project_id, *where)}")
        raise


async def generated(
    client: Client, project_id: str, kind: str, prompt: str | None = None, earlier: _Earlier | None = None
) -> str:
    """Generate, or watch the generation that is there, to its end. Raises Refused where it is not COMPLETED."""
    generation_id = earlier.generation(kind) if earlier else None
    if generation_id is None:
        asked = await client.ask(GENERATE, projectId=project_id, kind=kind, prompt=prompt)
        generation_id = asked["generate"]["generation"]["id"]
    headline(f"{kind.title()}  {generation_id}")
    async for event in _waiting(client.watch(GENERATION_EVENTS, "generationEvents", id=generation_id)):
        show_generation(event)
        if event["__typename"] == "GenerationFinished" and event["status"] != "COMPLETED":
            raise Refused(f"The generation ended {event['status']}. {event['message'] or ''}".strip())
    return generation_id


async def _drawn(client: Client, project_id: str, prompt: str, earlier: _Earlier) -> None:
    """Have an architecture made where there is no code yet; where it comes to nothing, code is made without one."""
    if earlier.generation("CODE") is not None:
        return
    try:
        await generated(client, project_id, "ARCHITECTURE", prompt, earlier)
    except Refused as refusal:
        click.echo(f"{refusal} The code is made without an architecture.")


async def _deployed(
    client: Client, project_id: str, generation_id: str, earlier: _Earlier, *, to: str, secret: str | None
) -> tuple[str, str]:
    """Deploy, or watch the deployment that is there, until it answers; return its id, and where it does."""
    deployment_id = earlier.deployment_of(generation_id)
    if deployment_id is None:
        asked = await client.ask(DEPLOY, input=await _order(client, project_id, generation_id, to=to, secret=secret))
        deployment_id = asked["createDeployment"]["deployment"]["id"]
    return deployment_id, await until_live(client, deployment_id)


async def _order(client: Client, project_id: str, generation_id: str, *, to: str, secret: str | None) -> dict[str, Any]:
    """Return what to deploy: where tokens come from elsewhere, with the secret that they are signed with.

    LOCAL makes one of its own.
    """
    order = {"projectId": project_id, "generationId": generation_id, "platform": to}
    if to == LOCAL or secret is None:
        return order
    schema = (await client.ask(ACCOUNTS, id=generation_id))["generation"]["schema"]
    if schema is None or schema["accounts"] is not None:
        return order
    click.echo(f"\nJWT_SECRET, by which the backend knows its users' tokens, is now {secret}")
    return {**order, "config": {"environmentVariables": [{"name": "JWT_SECRET", "value": secret}]}}


async def _giving_a_role(client: Client, generation_id: str) -> str | None:
    """Return the backend's own command by which somebody gets a role, where there are roles."""
    generation = (await client.ask(ACCOUNTS, id=generation_id))["generation"]
    paths = {file["path"] for file in generation["files"]}
    if "src/token.ts" in paths:
        return "npm run token -- USER ROLE"
    accounts = generation["schema"] and generation["schema"]["accounts"]
    if "src/role.ts" not in paths or accounts is None or accounts["role"] is None:
        return None
    return f"npm run role -- {accounts['login'].upper()} ROLE"


async def roll_back(client: Client, deployment_id: str, to: str) -> str:
    """Bring an earlier deployment back, and return the URL where it answers. Raises Refused where that fails."""
    asked = await client.ask(ROLL_BACK, deploymentId=deployment_id, toDeploymentId=to)
    return await until_live(client, asked["rollbackDeployment"]["deployment"]["id"])


async def redeploy(client: Client, deployment_id: str) -> str:
    """Deploy the same code again, and return the URL where it answers. Raises Refused where that fails."""
    asked = await client.ask(REDEPLOY, id=deployment_id)
    return await until_live(client, asked["redeploy"]["deployment"]["id"])


async def restart(client: Client, deployment_id: str) -> None:
    """Restart what runs, which its log tells of. Raises Refused."""
    await client.ask(RESTART, id=deployment_id)


async def stop(client: Client, deployment_id: str) -> str:
    """Stop what runs, and return how it ended. Raises Refused."""
    await client.ask(STOP, id=deployment_id)
    async for event in _waiting(client.watch(DEPLOYMENT_EVENTS, "deploymentEvents", id=deployment_id)):
        if event["__typename"] == "DeploymentFinished":
            return event["status"]
    raise Refused("The server lost sight of the deployment.")


async def until_live(client: Client, deployment_id: str) -> str:
    """Watch a deployment until it answers, and return where it does. Raises Refused where it ends before."""
    headline(f"Deployment  {deployment_id}")
    async for event in _waiting(client.watch(DEPLOYMENT_EVENTS, "deploymentEvents", id=deployment_id)):
        show_deployment(event)
        if event["__typename"] == "DeploymentStatusChanged" and event["status"] == "SUCCESS":
            return event["url"]
        if event["__typename"] == "DeploymentFinished":
            raise Refused(f"It is {event['status']}: `snapinfra logs {deployment_id}` shows its log.")
    raise Refused("The server lost sight of the deployment.")


async def _waiting(events: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[dict[str, Any]]:
    """Yield the events, and show that it waits where none comes for QUIET seconds."""
    async with aclosing(events):
        while True:
            coming = asyncio.ensure_future(anext(events, None))
            try:
                seconds = 0
                while not (await asyncio.wait({coming}, timeout=QUIET))[0]:
                    seconds += QUIET
                    click.secho(f"  … still waiting, {seconds} s", dim=True)
                if (event := coming.result()) is None:
                    return
                yield event
            finally:
                coming.cancel()
                await asyncio.wait({coming})
