"""Keeping the credentials of other services."""

from typing import Any

import click

from cli.client import Client, Refused
from cli.commands import LOCAL, integration, integrations, option
from cli.operations import CONNECT, CREDENTIALS


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
    """Raise Refused where a platform could not be deployed to for want of credentials."""
    if platform == LOCAL:
        return
    for kind in integrations(platform):
        kept = await client.ask(CREDENTIALS, type=kind)
        if not any(each["enabled"] for each in kept["integrations"]["nodes"]):
            where = option(platform if kind == integration(platform) else kind)
            raise Refused(f"{platform} needs credentials: keep some with `snapinfra connect {where}`.")
