"""`snapinfra export` and `snapinfra import`: a team in a file, and back."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from services.bootstrap.archiving import archives
from services.config import Config
from services.core.errors import Invalid, NotFound, Unavailable
from services.foundation.aws.clients import AWS_ERRORS


async def export(config: Config, team_id: str, file: Path) -> None:
    """Write a team's archive, which only this user may read. Raises ClickException, and then there is no file."""
    with _new(file), archives(config) as stage:
        try:
            counts = await stage.export(team_id, file)
        except NotFound:
            raise click.ClickException(f"There is no team {team_id} in this stage.") from None
    click.echo(f"{file}: {_said(counts)}")


@contextmanager
def _new(file: Path) -> Generator[None]:
    """Have a new file for the length of the block, which is gone again where that fails. Raises ClickException."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise click.ClickException(f"{file} is there already.") from None
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None
    try:
        yield
    except OSError as error:
        file.unlink(missing_ok=True)
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None
    except BaseException:
        file.unlink(missing_ok=True)
        raise


async def restore(config: Config, file: Path, *, dry_run: bool) -> None:
    """Put back what is not there. Raises ClickException; nothing has changed then, unless AWS stopped in the middle."""
    try:
        with archives(config) as stage:
            done = await stage.restore(file, dry_run=dry_run)
    except Invalid as wrong:
        raise click.ClickException(wrong.message) from None
    except (*AWS_ERRORS, Unavailable) as failure:
        raise click.ClickException(f"It stopped in the middle, and may be run again: {failure}") from None
    click.echo(f"{'would be put back' if dry_run else 'put back'}: {_said(done.put) or 'nothing'}")
    if done.kept:
        click.echo(f"there already, and left as it is: {_said(done.kept)}")


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
