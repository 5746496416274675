"""Keeping the credentials of other services."""

from typing import Any

import click

from cli.client import Client, Refused
from cli.commands import integration, option
from cli.operations import CONNECT, TARGETS


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
    """Create an integration. Raises Refused where the server does not take it."""
    made = await client.ask(CONNECT, type=integration(kind), credentials=credentials)
    hint = made["createIntegration"]["integration"]["hint"]
    click.echo(f"Kept{f', ending in {hint}' if hint else ''}.")


async def require(client: Client, platform: str) -> None:
    """Raise Refused where the server does not deploy to a platform, or not for want of credentials."""
    targets = {each["platform"]: each for each in (await client.ask(TARGETS))["deploymentTargets"]}
    if platform not in targets:
        raise Refused(f"{platform} is not available on this server, but {', '.join(sorted(targets))}: see `--to`.")
    for kind in targets[platform]["missingIntegrations"]:
        where = option(platform if kind == integration(platform) else kind)
        raise Refused(f"{platform} needs credentials: keep some with `snapinfra connect {where}`.")
