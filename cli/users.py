"""The commands for users of a server: from a sentence to a backend, and what follows."""

import sys
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

import click

from cli.commands import LOCAL, Target, option, platform
from cli.options import PLATFORMS, at_server, client_of, data_option, deploy_option, run, to_option

users: Final = click.Group()


@users.command()
@click.argument("description")
@click.option("--name", help="Name of the project; unset, the description's first words.")
@deploy_option
@to_option
@click.option("--into", type=click.Path(path_type=Path), help="A new folder for the code, with git.")
@at_server
def new(description: str, name: str | None, *, deploy: bool, to: str, into: Path | None, server: Target) -> None:
    """Turn DESCRIPTION into a running backend, and show it happen."""
    from cli.journey import travel  # noqa: PLC0415 - commands load what they need

    where = platform(to) if deploy else None
    secret = token_urlsafe(32)
    run(travel(client_of(server), description, name=name, to=where, secret=secret, target=server, into=into))


@users.command()
@click.argument("project_id", metavar="PROJECT")
@deploy_option
@to_option
@at_server
def resume(project_id: str, *, deploy: bool, to: str, server: Target) -> None:
    """Come back to PROJECT: watch what is under way, and ask for what `new` had not come to."""
    from cli.journey import resume as resuming  # noqa: PLC0415 - commands load what they need

    where = platform(to) if deploy else None
    run(resuming(client_of(server), project_id, to=where, secret=token_urlsafe(32), target=server))


@users.command()
@click.argument("what", metavar="[PROJECT|GENERATION]", required=False)
@click.option(
    "--into", type=click.Path(path_type=Path), default=Path(), show_default="this folder", help="Where your code is."
)
@click.option("--from", "base", metavar="GENERATION", help="What your code began as, where nothing there says it.")
@at_server
def pull(what: str | None, *, into: Path, base: str | None, server: Target) -> None:
    """Merge the newest code with what you have changed in a folder: that of PROJECT, or of what is there already."""
    from cli.pulling import pull as bring  # noqa: PLC0415 - commands load what they need

    run(bring(client_of(server), what, into=into, base=base))


@users.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.option("--follow", "-f", is_flag=True, help="Go on showing lines as they come.")
@at_server
def logs(deployment_id: str, *, follow: bool, server: Target) -> None:
    """Print the log of DEPLOYMENT."""
    from cli.logs import show_logs  # noqa: PLC0415 - commands load what they need

    run(show_logs(client_of(server), deployment_id, follow=follow))


@users.command("run")
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.argument("command")
@data_option
def run_command(deployment_id: str, command: str, data: Path) -> None:
    """Run COMMAND, such as 'npm run role -- LOGIN ROLE', in the folder of DEPLOYMENT at LOCAL, with its settings."""
    from cli.locally import run_beside  # noqa: PLC0415 - commands load what they need

    sys.exit(run(run_beside(deployment_id, command, data=data)))


@users.command()
@click.argument(
    "service",
    metavar="SERVICE",
    type=click.Choice([*(each for each in PLATFORMS if each != option(LOCAL)), "aws", "github"], case_sensitive=False),
)
@at_server
def connect(service: str, *, server: Target) -> None:
    """Keep credentials of SERVICE, which are asked for here, for your personal team's deployments and pushes.

    They are kept unless SERVICE says that it does not accept them, and count instead of earlier ones.
    """
    from cli.integrating import asked, keep  # noqa: PLC0415 - commands load what they need

    run(keep(client_of(server), platform(service), asked(platform(service))))


@users.command()
@at_server
def integrations(*, server: Target) -> None:
    """List the credentials that are kept for your personal team."""
    from cli.integrating import show_all  # noqa: PLC0415 - commands load what they need

    run(show_all(client_of(server)))


@users.command()
@click.argument("integration_id", metavar="INTEGRATION")
@at_server
def disconnect(integration_id: str, *, server: Target) -> None:
    """Delete the credentials of INTEGRATION, of which `integrations` shows the id."""
    from cli.integrating import remove  # noqa: PLC0415 - commands load what they need

    run(remove(client_of(server), integration_id))


@users.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.argument("earlier_id", metavar="EARLIER")
@at_server
def rollback(deployment_id: str, earlier_id: str, *, server: Target) -> None:
    """Replace DEPLOYMENT by what EARLIER was: its code with its variables."""
    from cli.journey import roll_back  # noqa: PLC0415 - commands load what they need
    from cli.narration import headline  # noqa: PLC0415 - same

    async def bring_back() -> None:
        headline(f"Running at {await roll_back(client_of(server), deployment_id, earlier_id)}")

    run(bring_back())


@users.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@at_server
def redeploy(deployment_id: str, *, server: Target) -> None:
    """Deploy the code of DEPLOYMENT again, with the variables as they are now."""
    from cli.journey import redeploy as again  # noqa: PLC0415 - commands load what they need
    from cli.narration import headline  # noqa: PLC0415 - same

    async def done_again() -> None:
        headline(f"Running at {await again(client_of(server), deployment_id)}")

    run(done_again())


@users.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@at_server
def restart(deployment_id: str, *, server: Target) -> None:
    """Start what runs of DEPLOYMENT again, with the same code and variables."""
    from cli.journey import restart as ask_again  # noqa: PLC0415 - commands load what they need

    run(ask_again(client_of(server), deployment_id))
    click.echo(f"Restarting. Watch it: {server.command('logs', '--follow', deployment_id)}")


@users.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@at_server
def stop(deployment_id: str, *, server: Target) -> None:
    """Let nothing run any more of DEPLOYMENT, which is live."""
    from cli.journey import stop as end  # noqa: PLC0415 - commands load what they need

    async def stopped() -> None:
        click.echo(f"{deployment_id} is {await end(client_of(server), deployment_id)}.")

    run(stopped())


@users.command()
@click.argument("what", metavar="GENERATION|PROJECT")
@click.option("--repository", help="owner/name, or name alone for one of your own; unset, that of the last push.")
@click.option("--branch", help="Unset, that of the last push there, else the default branch.")
@click.option("--message", "-m", help="Of the commit.")
@at_server
def push(what: str, *, repository: str | None, branch: str | None, message: str | None, server: Target) -> None:
    """Push GENERATION, or the newest code of PROJECT, to a repository at GitHub."""
    from cli.pushing import push as pushing  # noqa: PLC0415 - commands load what they need

    run(pushing(client_of(server), what, repository=repository, branch=branch, message=message))
