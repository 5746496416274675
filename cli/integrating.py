"""Keeping the credentials of other services."""

from typing import Any

import click

from cli.client import Client, Refused
from cli.commands import integration, option
from cli.operations import CONNECT, DISCONNECT, INTEGRATIONS, TARGETS, TEST


def asked(kind: str) -> dict[str, Any]:
    """Ask for credentials, without showing them."""
    if kind == "RENDER":
        token = click.prompt("Token", hide_input=True)
        workspace = click.prompt("Workspace, where it reaches several", default="", show_default=False)
        return {"workspaceToken": {"token": token, "workspace": workspace}} if workspace else {"token": token}
    if integration(kind) != "AWS":
        return {"token": click.prompt("Token", hide_input=True)}
    key_id = click.prompt("Access key id, or the ARN of a role")
    if key_id.startswith("arn:"):
        return {"awsRole": {"roleArn": key_id}}
    return {"aws": {"accessKeyId": key_id, "secretAccessKey": click.prompt("Secret access key", hide_input=True)}}


async def keep(client: Client, kind: str, credentials: dict[str, Any]) -> None:
    """Keep credentials, unless their service says that it does not accept them, and say which others there are.

    Raises Refused where it does not, or the server does not take them.
    """
    service = integration(kind)
    listed = (await client.ask(INTEGRATIONS, type=service))["integrations"]["nodes"]
    made = (await client.ask(CONNECT, type=service, credentials=credentials))["createIntegration"]["integration"]
    tested = (await client.ask(TEST, id=made["id"]))["testIntegration"]["integration"]
    if tested["testState"] == "REFUSED":
        await client.ask(DISCONNECT, id=made["id"])
        raise Refused(f"Not kept: {tested['testMessage']}")
    click.echo(f"Kept as {made['id']}{_ending(made)}. {tested['testMessage']}")
    for old in listed:
        if old["project"] is None and old["enabled"]:
            click.echo(f"They count, and no more {old['id']}{_ending(old)}: snapinfra disconnect {old['id']}")


async def show_all(client: Client) -> None:
    """Print a line for each integration of your personal team."""
    for each in (await client.ask(INTEGRATIONS))["integrations"]["nodes"]:
        use = "" if each["enabled"] else ", disabled"
        place = f", for {each['project']['name']}" if each["project"] else ""
        state = (each["testState"] or "untested").lower()
        name = "" if each["name"] == each["type"] else f"  {each['name']}"
        click.echo(f"{each['id']}  {each['type']}{name}{_ending(each)}: {state}{use}{place}")


async def remove(client: Client, integration_id: str) -> None:
    """Delete an integration. Raises Refused where the server does not."""
    await client.ask(DISCONNECT, id=integration_id)
    click.echo(f"{integration_id} is removed.")


def _ending(integration: dict[str, Any]) -> str:
    return f", ending in {integration['hint']}" if integration["hint"] else ""


async def require(client: Client, platform: str) -> None:
    """Raise Refused where the server does not deploy to a platform, or not for want of credentials."""
    targets = {each["platform"]: each for each in (await client.ask(TARGETS))["deploymentTargets"]}
    if platform not in targets:
        raise Refused(f"{platform} is not available on this server, but {', '.join(sorted(targets))}: see `--to`.")
    for kind in targets[platform]["missingIntegrations"]:
        where = option(platform if kind == integration(platform) else kind)
        raise Refused(f"{platform} needs credentials: keep some with `snapinfra connect {where}`.")
