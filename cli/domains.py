"""Domains of one's own in the terminal."""

from typing import Any

import click

from cli.client import Client
from cli.operations import ADD_DOMAIN, CHECK_DOMAIN


async def add(client: Client, deployment_id: str, name: str) -> None:
    """Let a domain lead to a deployment, and print the records to set. Raises Refused where the server does not."""
    _show((await client.ask(ADD_DOMAIN, deploymentId=deployment_id, name=name))["addDomain"]["domain"])


async def check(client: Client, domain_id: str) -> None:
    """Let the platform look at a domain again, and print what it says. Raises Refused where the server does not."""
    _show((await client.ask(CHECK_DOMAIN, id=domain_id))["checkDomain"]["domain"])


def _show(domain: dict[str, Any]) -> None:
    click.echo(f"{domain['id']}  {domain['name']}  {domain['state']}, certificate {domain['certificate']}")
    for record in domain["records"]:
        click.echo(f"{record['type']}  {record['name']}  {record['value']}")
    if domain["message"]:
        click.echo(domain["message"])
