"""The command `snapinfra` and its subcommands."""

import gc
import sys
from pathlib import Path

import click

from cli.commands import (
    DATA,
    HOST,
    PORT,
    host_setting,
    port_setting,
)
from cli.options import data_option, run
from cli.places import domain, env, tables
from cli.stage import own_process, provisioned
from cli.users import users
from services.config import BadConfig


def main() -> None:
    """Run the command line; what the user can correct ends it with a message and exit status 2."""
    gc.set_threshold(50_000, 10, 100)  # modules are no garbage: to look for it while they load is an eighth of a start
    try:
        cli()
    except BadConfig as error:
        click.echo(str(error), err=True)
        sys.exit(2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn a sentence into a running backend."""


for _command in (*users.commands.values(), domain, env, tables):
    cli.add_command(_command)


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
        run(cluster(port=port, data=data, host=host, apis=max(apis, 1), workers=max(workers, 1)))
    else:
        run(develop(port=port, data=data, host=host))


@cli.command()
def serve() -> None:
    """Run an api, as the settings say."""
    config = own_process()
    from cli.serving import serve as serving  # noqa: PLC0415 - commands load what they need

    run(serving(config))


@cli.command()
def worker() -> None:
    """Run a worker, as the settings say."""
    config = own_process()
    from cli.serving import work  # noqa: PLC0415 - commands load what they need

    run(work(config))


@cli.command()
def provision() -> None:
    """Make the tables, queues, bucket, topic and key that are missing, or do not fit. Never deletes."""
    config = provisioned()
    from cli.serving import provision_stage  # noqa: PLC0415 - commands load what they need
    from services.foundation.aws.clients import AWS_ERRORS  # noqa: PLC0415 - same
    from services.foundation.aws.provision import DoesNotFit  # noqa: PLC0415 - same

    try:
        provision_stage(config)
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
@data_option
def seed(data: Path) -> None:
    """Fill a development server with a team and its work, for looking around. Twice adds nothing."""
    from cli.seed import fill  # noqa: PLC0415 - commands load what they need

    run(fill(data))


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
def doctor() -> None:
    """Look at settings, AWS, the event log, the clock and tools, and say what is wrong. Changes nothing."""
    config = own_process()
    from cli.doctor import tell  # noqa: PLC0415 - commands load what they need

    sys.exit(0 if run(tell(config)) else 1)


@cli.command("export")
@click.argument("team")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export_(team: str, file: Path) -> None:
    """Write all of a team (projects, code, deployments) into FILE, for `import`. For who operates a stage."""
    config = provisioned()
    from cli.archiving import export  # noqa: PLC0415 - commands load what they need

    run(export(config, team, file))


@cli.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Only look whether the file is whole, and say what is in it.")
def import_(file: Path, *, dry_run: bool) -> None:
    """Put back what `export` wrote into FILE and is not there. What is there stays. For who operates a stage."""
    if not file.is_file():
        raise click.ClickException(f"{file} is no file.")
    config = provisioned()
    from cli.archiving import restore  # noqa: PLC0415 - commands load what they need

    run(restore(config, file, dry_run=dry_run))


@cli.command()
def demo() -> None:
    """Do the main job on a server of its own, call the backend that comes of it, and stop."""
    from cli.demo import demonstrate  # noqa: PLC0415 - commands load what they need

    sys.exit(0 if run(demonstrate()) else 1)
