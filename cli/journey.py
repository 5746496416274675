"""This file is the main job in the terminal: from a sentence to a running backend, shown as it happens."""

from dataclasses import dataclass
from typing import Any, Final

import click

from cli.client import Client, Refused

CREATE: Final = """
mutation Create($name: String!, $description: String!) {
  createProject(input: {name: $name, description: $description}) { project { id } userErrors { message } }
}"""

GENERATE: Final = """
mutation Generate($projectId: ID!, $kind: GenerationKind!, $prompt: String) {
  generate(input: {projectId: $projectId, kind: $kind, prompt: $prompt}) {
    generation { id } userErrors { message }
  }
}"""

GENERATION_EVENTS: Final = """
subscription Watch($id: ID!, $after: String) {
  generationEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq }
    ... on AttemptStarted { attempt provider model }
    ... on TokenDelta { text }
    ... on FileStarted { path }
    ... on FileCompleted { path bytes }
    ... on FileDiscarded { path discardReason }
    ... on CheckFinished { name checkState }
    ... on AttemptFailed { message willRetry }
    ... on GenerationFinished {
      status message
      generation { schema { version tables { name fields { name } } } files { path } usage { outputTokens } }
    }
  }
}"""

DEPLOY: Final = """
mutation Deploy($projectId: ID!, $generationId: ID!) {
  createDeployment(input: {projectId: $projectId, generationId: $generationId, platform: LOCAL}) {
    deployment { id } userErrors { message }
  }
}"""

DEPLOYMENT_EVENTS: Final = """
subscription Watch($id: ID!, $after: String) {
  deploymentEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq }
    ... on DeploymentStatusChanged { status url }
    ... on StepChanged { step state }
    ... on LogLines { lines { timestamp level stream message } }
    ... on DeploymentFinished { status message }
  }
}"""

LOGS: Final = """
query Logs($id: ID!, $after: String) {
  deployment(id: $id) {
    logs(first: 100, after: $after) {
      nodes { timestamp level stream message } pageInfo { hasNextPage endCursor }
    }
  }
}"""

_COLORS: Final = {"ERROR": "red", "WARN": "yellow"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came of a journey. `url` is where the backend answers; None where it was not deployed."""

    project_id: str
    generation_id: str
    deployment_id: str | None = None
    url: str | None = None


async def travel(client: Client, description: str, *, name: str | None = None, deploy: bool = True) -> Arrival:
    """Create a project, generate its schema and code, and deploy it. Raises Refused where a step fails."""
    title = name or " ".join(description.split()[:8])[:100]
    created = await client.ask(CREATE, name=title, description=description[:500])
    project_id = created["createProject"]["project"]["id"]
    _headline(f"Project {project_id}")
    await _generate(client, project_id, "SCHEMA", description)
    generation_id = await _generate(client, project_id, "CODE", description)
    if not deploy:
        return Arrival(project_id, generation_id)
    deployment_id, url = await _deploy(client, project_id, generation_id)
    _headline(f"Running at {url}")
    click.echo(f"Its log: snapinfra logs {deployment_id} --follow")
    return Arrival(project_id, generation_id, deployment_id, url)


async def show_logs(client: Client, deployment_id: str, *, follow: bool) -> None:
    """Print the lines of a deployment's log; `follow` goes on for as long as it runs."""
    if follow:
        async for event in client.watch(DEPLOYMENT_EVENTS, "deploymentEvents", id=deployment_id):
            _show_deployment(event)
        return
    after = None
    while True:
        deployment = (await client.ask(LOGS, id=deployment_id, after=after))["deployment"]
        _lines(deployment["logs"]["nodes"])
        after = deployment["logs"]["pageInfo"]["endCursor"]
        if not deployment["logs"]["pageInfo"]["hasNextPage"]:
            return


async def _generate(client: Client, project_id: str, kind: str, prompt: str) -> str:
    asked = await client.ask(GENERATE, projectId=project_id, kind=kind, prompt=prompt)
    generation_id = asked["generate"]["generation"]["id"]
    _headline(f"{kind.title()}  {generation_id}")
    async for event in client.watch(GENERATION_EVENTS, "generationEvents", id=generation_id):
        _show_generation(event)
        if event["__typename"] == "GenerationFinished" and event["status"] != "COMPLETED":
            raise Refused(f"The generation ended {event['status']}. {event['message'] or ''}".strip())
    return generation_id


async def _deploy(client: Client, project_id: str, generation_id: str) -> tuple[str, str]:
    asked = await client.ask(DEPLOY, projectId=project_id, generationId=generation_id)
    deployment_id = asked["createDeployment"]["deployment"]["id"]
    _headline(f"Deployment  {deployment_id}")
    async for event in client.watch(DEPLOYMENT_EVENTS, "deploymentEvents", id=deployment_id):
        _show_deployment(event)
        if event["__typename"] == "DeploymentStatusChanged" and event["status"] == "SUCCESS":
            return deployment_id, event["url"]
    raise Refused("The deployment ended before it answered.")


def _show_generation(event: dict[str, Any]) -> None:
    match event["__typename"]:
        case "AttemptStarted":
            click.secho(f"{event['provider']} ({event['model']}), attempt {event['attempt']}", dim=True)
        case "TokenDelta":
            click.echo(event["text"], nl=False)
        case "FileCompleted":
            click.echo(f"  {click.style('✓', fg='green')} {event['path']}  {event['bytes']:,} bytes")
        case "FileDiscarded":
            click.secho(f"  ✗ {event['path']}  {event['discardReason']}", fg="red")
        case "CheckFinished":
            click.echo(f"  check {event['name']}: {event['checkState']}")
        case "AttemptFailed":
            click.secho(f"{event['message']}{' Trying again.' if event['willRetry'] else ''}", fg="yellow")
        case "StreamGap":
            click.secho("Some of the stream is lost; what follows starts anew.", fg="yellow")
        case "GenerationFinished":
            click.echo(f"\n{_summary(event)}")
        case _:
            pass


def _summary(event: dict[str, Any]) -> str:
    made = event["generation"]
    parts = [event["status"]]
    if made and made["files"]:
        parts.append(f"{len(made['files'])} files")
    elif made and made["schema"]:
        parts.append(f"tables: {', '.join(table['name'] for table in made['schema']['tables'])}")
    return click.style("  ".join(parts), bold=True)


def _show_deployment(event: dict[str, Any]) -> None:
    match event["__typename"]:
        case "LogLines":
            _lines(event["lines"])
        case "StepChanged":
            click.secho(f"{event['step']}: {event['state'].lower()}", fg="cyan")
        case "DeploymentStatusChanged":
            click.secho(" ".join(filter(None, [event["status"], event["url"]])), bold=True)
        case "DeploymentFinished":
            click.secho(f"{event['status']} {event['message'] or ''}".strip(), bold=True)
        case "StreamGap":
            click.secho("Some of the log is lost; what follows is what storage has.", fg="yellow")
        case _:
            pass


def _lines(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        source = click.style(f"{line['stream'].lower():>7} │ ", dim=True)
        click.echo(source + click.style(line["message"], fg=_COLORS.get(line["level"])))


def _headline(text: str) -> None:
    click.echo()
    click.secho(text, bold=True, fg="blue")
