"""What the commands have in common: their options, and how they run."""

import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.commands import (
    DATA,
    URL,
    Target,
    data_setting,
    option,
    url_setting,
)
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
PLATFORMS: Final = [option(each.value) for each in DeploymentPlatform]
KINDS: Final = [each.value.lower() for each in EnvironmentKind]
to_option = click.option(
    "--to", type=click.Choice(PLATFORMS, case_sensitive=False), default="local", show_default=True, help="Where."
)
kind_option = click.option(
    "--kind", type=click.Choice(KINDS, case_sensitive=False), default="preview", show_default=True, help="For what."
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


def client_of(server: Target) -> "Client":
    """Return a client of a server, for whoever its options say."""
    from cli.client import Refused, connect  # noqa: PLC0415 - commands load what they need
    from cli.development import own_token  # noqa: PLC0415 - same

    try:
        return connect(server.url, server.token or own_token(server.data))
    except Refused as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)


def run(job: Coroutine[Any, Any, Any]) -> Any:
    """Run a command to its end; what is refused ends it with a message and exit status 1."""
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
