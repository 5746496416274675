"""The command `snapinfra` and its subcommands."""

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import click

from cli.commands import (
    DATA,
    HOST,
    LOCAL,
    PORT,
    URL,
    Target,
    data_setting,
    host_setting,
    option,
    platform,
    port_setting,
    url_setting,
)
from services.config import BadConfig
from services.platforms.port import DeploymentPlatform

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=data_setting,
    show_default=f"SNAPINFRA_DATA, else {DATA}",
    help="Folder that keeps everything.",
)
url_option = click.option(
    "--url", default=url_setting, show_default=f"{URL}, with PORT's port", help="The server's GraphQL endpoint."
)
token_option = click.option(
    "--token", envvar="SNAPINFRA_TOKEN", help="Who you are; unset, a token of the data folder's own (SNAPINFRA_TOKEN)."
)
_PLATFORMS: Final = [option(each.value) for each in DeploymentPlatform]
to_option = click.option(
    "--to", type=click.Choice(_PLATFORMS, case_sensitive=False), default="local", show_default=True, help="Where."
)
deploy_option = click.option("--deploy/--no-deploy", default=True, show_default=True, help="Whether to run it, too.")


def main() -> None:
    """Run the command line; what the user can correct ends it with a message and exit status 2."""
    try:
        cli()
    except BadConfig as error:
        click.echo(str(error), err=True)
        sys.exit(2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn a sentence into a running backend."""


@cli.command()
@click.option("--port", type=int, default=port_setting, show_default=f"PORT, else {PORT}", help="Port of the api.")
@click.option("--host", default=host_setting, show_default=f"HOST, else {HOST}", help="Address of the api.")
@click.option("--apis", default=0, help="Run so many apis as processes of their own, with a Redis between them.")
@click.option("--workers", default=0, help="Run so many workers as processes of their own.")
@data_option
def dev(port: int, host: str, *, apis: int, workers: int, data: Path) -> None:
    """Run everything on this machine: an AWS emulator, the api and a worker."""
    from cli.cluster import cluster  # noqa: PLC0415 - commands load what they need
    from cli.serving import develop  # noqa: PLC0415 - same

    if apis or workers:
        _run(cluster(port=port, data=data, host=host, apis=max(apis, 1), workers=max(workers, 1)))
    else:
        _run(develop(port=port, data=data, host=host))


@cli.command()
def serve() -> None:
    """Run an api, as the settings say."""
    from cli.serving import own_process  # noqa: PLC0415 - commands load what they need
    from cli.serving import serve as serving  # noqa: PLC0415 - same

    _run(serving(own_process()))


@cli.command()
def worker() -> None:
    """Run a worker, as the settings say."""
    from cli.serving import own_process, work  # noqa: PLC0415 - commands load what they need

    _run(work(own_process()))


@cli.command()
def provision() -> None:
    """Make the tables, queues, bucket, topic and key that are missing, or do not fit. Never deletes."""
    from cli.serving import provision_stage, provisioned  # noqa: PLC0415 - commands load what they need
    from services.foundation.aws.clients import AWS_ERRORS  # noqa: PLC0415 - same
    from services.foundation.aws.provision import DoesNotFit  # noqa: PLC0415 - same

    try:
        provision_stage(provisioned())
    except (DoesNotFit, *AWS_ERRORS) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo("Everything is there.")


@cli.command()
@click.option("--user", default="alice", show_default=True, help="Name of the development user.")
@data_option
def token(user: str, data: Path) -> None:
    """Print a token of a development user, for the server that uses the same data folder."""
    from cli.development import development_token  # noqa: PLC0415 - commands load what they need

    click.echo(development_token(user, data=data))


@cli.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where a file differs from the code.")
def schema(*, check: bool) -> None:
    """Write the generated references: schema.graphql, .env.example, docs/reference/."""
    from cli.references import refresh  # noqa: PLC0415 - commands load what they need

    stale = refresh(check=check)
    for path in stale:
        click.echo(f"{path} {'differs from the code: run `make schema`' if check else 'written'}")
    sys.exit(1 if check and stale else 0)


@cli.command()
@click.argument("description")
@click.option("--name", help="Name of the project; unset, the description's first words.")
@deploy_option
@to_option
@url_option
@token_option
@data_option
def new(description: str, name: str | None, *, deploy: bool, to: str, url: str, token: str | None, data: Path) -> None:
    """Turn DESCRIPTION into a running backend, and show it happen."""
    from cli.client import connect  # noqa: PLC0415 - commands load what they need
    from cli.development import own_token  # noqa: PLC0415 - same
    from cli.journey import travel  # noqa: PLC0415 - same

    client, target = connect(url, token or own_token(data)), Target(url, data, token)
    _run(travel(client, description, name=name, to=platform(to) if deploy else None, target=target))


@cli.command()
@click.argument("project_id", metavar="PROJECT")
@deploy_option
@to_option
@url_option
@token_option
@data_option
def resume(project_id: str, *, deploy: bool, to: str, url: str, token: str | None, data: Path) -> None:
    """Come back to PROJECT: watch what is under way, and ask for what `new` had not come to."""
    from cli.client import connect  # noqa: PLC0415 - commands load what they need
    from cli.development import own_token  # noqa: PLC0415 - same
    from cli.journey import resume as resuming  # noqa: PLC0415 - same

    client, target = connect(url, token or own_token(data)), Target(url, data, token)
    _run(resuming(client, project_id, to=platform(to) if deploy else None, target=target))


@cli.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.option("--follow", "-f", is_flag=True, help="Go on showing lines as they come.")
@url_option
@token_option
@data_option
def logs(deployment_id: str, *, follow: bool, url: str, token: str | None, data: Path) -> None:
    """Print the log of DEPLOYMENT."""
    from cli.client import connect  # noqa: PLC0415 - commands load what they need
    from cli.development import own_token  # noqa: PLC0415 - same
    from cli.journey import show_logs  # noqa: PLC0415 - same

    _run(show_logs(connect(url, token or own_token(data)), deployment_id, follow=follow))


@cli.command()
@click.argument(
    "service",
    metavar="PLATFORM",
    type=click.Choice([*(each for each in _PLATFORMS if each != option(LOCAL)), "aws"], case_sensitive=False),
)
@url_option
@token_option
@data_option
def connect(service: str, *, url: str, token: str | None, data: Path) -> None:
    """Keep credentials of PLATFORM, which are asked for here, for your personal team's deployments."""
    from cli.client import connect as connected  # noqa: PLC0415 - commands load what they need
    from cli.development import own_token  # noqa: PLC0415 - same
    from cli.integrating import asked, keep  # noqa: PLC0415 - same

    _run(keep(connected(url, token or own_token(data)), platform(service), asked(platform(service))))


@cli.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.argument("earlier_id", metavar="EARLIER")
@url_option
@token_option
@data_option
def rollback(deployment_id: str, earlier_id: str, *, url: str, token: str | None, data: Path) -> None:
    """Replace DEPLOYMENT by what EARLIER was: its code with its variables."""
    from cli.client import connect as connected  # noqa: PLC0415 - commands load what they need
    from cli.development import own_token  # noqa: PLC0415 - same
    from cli.journey import roll_back  # noqa: PLC0415 - same
    from cli.narration import headline  # noqa: PLC0415 - same

    async def run() -> None:
        headline(f"Running at {await roll_back(connected(url, token or own_token(data)), deployment_id, earlier_id)}")

    _run(run())


@cli.command()
@data_option
def seed(data: Path) -> None:
    """Fill a development server with a team and its work, for looking around. Twice adds nothing."""
    from cli.seed import fill  # noqa: PLC0415 - commands load what they need

    _run(fill(data))


@cli.command()
def health() -> None:
    """Exit with 0 where an api or a worker is alive on this machine: a container's health check."""
    from cli.liveness import is_alive  # noqa: PLC0415 - commands load what they need
    from services.config import process_environment  # noqa: PLC0415 - same

    settings = process_environment()
    port, data = int(settings.get("PORT", PORT)), Path(settings.get("SNAPINFRA_DATA", DATA))
    alive = is_alive(port=port, data=data, scheme="https" if settings.get("TLS_CERT_FILE") else "http")
    click.echo("alive" if alive else "no api and no worker is alive here")
    sys.exit(0 if alive else 1)


@cli.command()
def demo() -> None:
    """Do the main job on a server of its own, call the backend that comes of it, and stop."""
    from cli.demo import demonstrate  # noqa: PLC0415 - commands load what they need

    sys.exit(0 if _run(demonstrate()) else 1)


def _run(job: Coroutine[Any, Any, Any]) -> Any:
    import uvloop  # noqa: PLC0415 - commands load what they need

    from cli.client import Refused  # noqa: PLC0415 - same
    from services.foundation.aws.emulator import DamagedState, EmulatorMissing  # noqa: PLC0415 - same

    try:
        return uvloop.run(job)
    except (Refused, DamagedState, EmulatorMissing) as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
