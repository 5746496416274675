"""The log of a deployment in the terminal."""

from cli.client import Client
from cli.narration import show_deployment, show_lines
from cli.operations import DEPLOYMENT_EVENTS, LOGS


async def show_logs(client: Client, deployment_id: str, *, follow: bool) -> None:
    """Print the lines of a deployment's log; `follow` goes on for as long as it runs."""
    if follow:
        async for event in client.watch(DEPLOYMENT_EVENTS, "deploymentEvents", id=deployment_id):
            show_deployment(event)
        return
    after = None
    while True:
        deployment = (await client.ask(LOGS, id=deployment_id, after=after))["deployment"]
        show_lines(deployment["logs"]["nodes"])
        after = deployment["logs"]["pageInfo"]["endCursor"]
        if not deployment["logs"]["pageInfo"]["hasNextPage"]:
            return
