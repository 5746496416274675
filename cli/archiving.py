"""`snapinfra export` and `snapinfra import`: a team in a file, and back."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from services.bootstrap.archiving import archives
from services.config import Config
from services.core.errors import Invalid, NotFound


async def export(config: Config, team_id: str, file: Path) -> None:
    """Write a team's archive, which only this user may read. Raises ClickException, and then there is no file."""
    part = file.with_name(f".{file.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None
    try:
        with archives(config) as stage:
            counts = await stage.export(team_id, part)
        part.rename(file)
    except NotFound:
        raise click.ClickException(f"There is no team {team_id} in this stage.") from None
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{file}: {_said(counts)}")


async def restore(config: Config, file: Path, *, dry_run: bool) -> None:
    """Put back what is not there. Raises ClickException, and then nothing has changed."""
    try:
        with archives(config) as stage:
            done = await stage.restore(file, dry_run=dry_run)
    except Invalid as wrong:
        raise click.ClickException(wrong.message) from None
    click.echo(f"{'would be put back' if dry_run else 'put back'}: {_said(done.put) or 'nothing'}")
    if done.kept:
        click.echo(f"there already, and left as it is: {_said(done.kept)}")


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
