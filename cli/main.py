"""The command `snapinfra` and its subcommands."""

import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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
from services.environments.model import EnvironmentKind
from services.platforms.port import DeploymentPlatform

if TYPE_CHECKING:
    from cli.client import Client

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
_KINDS: Final = [each.value.lower() for each in EnvironmentKind]
to_option = click.option(
    "--to", type=click.Choice(_PLATFORMS, case_sensitive=False), default="local", show_default=True, help="Where."
)
kind_option = click.option(
    "--kind", type=click.Choice(_KINDS, case_sensitive=False), default="preview", show_default=True, help="For what."
)
deploy_option = click.option("--deploy/--no-deploy", default=True, show_default=True, help="Whether to run it, too.")


def at_server(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which server it is for, and the Target that they mean as `server`."""

    @url_option
    @token_option
    @data_option
    @wraps(command)
    def run(*arguments: Any, url: str, token: str | None, data: Path, **options: Any) -> None:
        command(*arguments, server=Target(url, data, token), **options)

    return run


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
@at_server
def new(description: str, name: str | None, *, deploy: bool, to: str, server: Target) -> None:
    """Turn DESCRIPTION into a running backend, and show it happen."""
    from cli.journey import travel  # noqa: PLC0415 - commands load what they need

    _run(travel(_client(server), description, name=name, to=platform(to) if deploy else None, target=server))


@cli.command()
@click.argument("project_id", metavar="PROJECT")
@deploy_option
@to_option
@at_server
def resume(project_id: str, *, deploy: bool, to: str, server: Target) -> None:
    """Come back to PROJECT: watch what is under way, and ask for what `new` had not come to."""
    from cli.journey import resume as resuming  # noqa: PLC0415 - commands load what they need

    _run(resuming(_client(server), project_id, to=platform(to) if deploy else None, target=server))


@cli.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.option("--follow", "-f", is_flag=True, help="Go on showing lines as they come.")
@at_server
def logs(deployment_id: str, *, follow: bool, server: Target) -> None:
    """Print the log of DEPLOYMENT."""
    from cli.journey import show_logs  # noqa: PLC0415 - commands load what they need

    _run(show_logs(_client(server), deployment_id, follow=follow))


@cli.command()
@click.argument(
    "service",
    metavar="SERVICE",
    type=click.Choice([*(each for each in _PLATFORMS if each != option(LOCAL)), "aws", "github"], case_sensitive=False),
)
@at_server
def connect(service: str, *, server: Target) -> None:
    """Keep credentials of SERVICE, which are asked for here, for your personal team's deployments and pushes."""
    from cli.integrating import asked, keep  # noqa: PLC0415 - commands load what they need

    _run(keep(_client(server), platform(service), asked(platform(service))))


@cli.command()
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.argument("earlier_id", metavar="EARLIER")
@at_server
def rollback(deployment_id: str, earlier_id: str, *, server: Target) -> None:
    """Replace DEPLOYMENT by what EARLIER was: its code with its variables."""
    from cli.journey import roll_back  # noqa: PLC0415 - commands load what they need
    from cli.narration import headline  # noqa: PLC0415 - same

    async def run() -> None:
        headline(f"Running at {await roll_back(_client(server), deployment_id, earlier_id)}")

    _run(run())


@cli.group()
def env() -> None:
    """The environments of a project: places of their own, with variables."""


@env.command("list")
@click.argument("project_id", metavar="PROJECT")
@at_server
def list_environments(project_id: str, *, server: Target) -> None:
    """List the environments of PROJECT, with the names of their variables."""
    from cli.environments import show_all  # noqa: PLC0415 - commands load what they need

    _run(show_all(_client(server), project_id))


@env.command("create")
@click.argument("project_id", metavar="PROJECT")
@click.argument("name")
@to_option
@click.option(
    "--kind", type=click.Choice(_KINDS, case_sensitive=False), default="preview", show_default=True, help="For what."
)
@at_server
def create_environment(project_id: str, name: str, *, to: str, kind: str, server: Target) -> None:
    """Make an environment of PROJECT."""
    from cli.environments import create  # noqa: PLC0415 - commands load what they need

    _run(create(_client(server), project_id, name=name, kind=kind.upper(), platform=platform(to)))


@env.command("set")
@click.argument("environment_id", metavar="ENVIRONMENT")
@click.argument("variables", metavar="NAME[=VALUE]...", nargs=-1, required=True)
@at_server
def set_variables(environment_id: str, variables: tuple[str, ...], *, server: Target) -> None:
    """Set variables of ENVIRONMENT. A value that is not given is asked for, and not shown."""
    from cli.environments import put, read  # noqa: PLC0415 - commands load what they need

    _run(put(_client(server), environment_id, read(variables)))


@env.command("unset")
@click.argument("environment_id", metavar="ENVIRONMENT")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@at_server
def unset_variables(environment_id: str, names: tuple[str, ...], *, server: Target) -> None:
    """Delete variables of ENVIRONMENT."""
    from cli.environments import drop  # noqa: PLC0415 - commands load what they need

    _run(drop(_client(server), environment_id, names))


@env.command("deploy")
@click.argument("environment_id", metavar="ENVIRONMENT")
@click.argument("generation_id", metavar="GENERATION")
@at_server
def deploy_to_environment(environment_id: str, generation_id: str, *, server: Target) -> None:
    """Deploy the code of GENERATION to ENVIRONMENT, and watch it."""
    from cli.environments import deploy  # noqa: PLC0415 - commands load what they need

    _run(deploy(_client(server), environment_id, generation_id))


@cli.command()
@click.argument("what", metavar="GENERATION|PROJECT")
@click.option("--repository", help="owner/name, or name alone for one of your own; unset, that of the last push.")
@click.option("--branch", help="Unset, that of the last push there, else the default branch.")
@click.option("--message", "-m", help="Of the commit.")
@at_server
def push(what: str, *, repository: str | None, branch: str | None, message: str | None, server: Target) -> None:
    """Push GENERATION, or the newest code of PROJECT, to a repository at GitHub."""
    from cli.pushing import push as pushing  # noqa: PLC0415 - commands load what they need

    _run(pushing(_client(server), what, repository=repository, branch=branch, message=message))


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


def _client(server: Target) -> "Client":
    from cli.client import connect  # noqa: PLC0415 - commands load what they need
    from cli.development import own_token  # noqa: PLC0415 - same

    return connect(server.url, server.token or own_token(server.data))


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
