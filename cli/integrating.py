"""Keeping the credentials of other services."""

from typing import Any

import click

from cli.client import Client
from cli.operations import CONNECT


def asked(kind: str) -> dict[str, Any]:
    """Ask for credentials, without showing them."""
    if kind not in {"AWS", "AWS_ECS"}:
        return {"token": click.prompt("Token", hide_input=True)}
    key = {
        "accessKeyId": click.prompt("Access key id"),
        "secretAccessKey": click.prompt("Secret access key", hide_input=True),
    }
    return {"aws": key}


async def keep(client: Client, kind: str, credentials: dict[str, Any]) -> None:
    """Create an integration. Raises Refused where the server does not take it."""
    made = await client.ask(CONNECT, type="AWS" if kind == "AWS_ECS" else kind, credentials=credentials)
    hint = made["createIntegration"]["integration"]["hint"]
    click.echo(f"Kept{f', ending in {hint}' if hint else ''}.")
