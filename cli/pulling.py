"""Pulling code into a folder: what is new is merged with what somebody has changed there."""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import httpx

from cli.client import Client, Refused
from cli.git import Git
from cli.operations import CODE
from cli.pushing import SAID, newest
from cli.worktree import Worktree
from services.core.ids import prefix_of
from services.core.slices import TooLarge, UnknownCoding, content_of
from services.core.tls import trusted
from services.llm.paths import path_fault
from services.platforms.github.generated import GENERATION
from services.platforms.github.pushing import fit

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of an archive; what is generated has at most 10 MiB."""


async def pull(client: Client, what: str | None, *, into: Path, base: str | None = None) -> None:
    """Bring a generation, or the newest code of a project, into a folder. Raises Refused, also for conflicts.

    `what` of None is the project whose code is there. `base` is the generation that the folder began with, where
    nothing there says so.
    """
    tree = Worktree.of(Git(into))
    code = await _code(client, what, there=tree.generation)
    began_with = None if base is None else await _files(await _generation(client, base))
    message = f"Generation {code['number']} of {code['project']['name']}\n\n{GENERATION}: {code['id']}\n"
    tree.write(await _files(code), message=message, base=began_with)
    _tell(tree, into, code)


def _tell(tree: Worktree, into: Path, code: dict[str, Any]) -> None:
    merge = tree.merge()
    for path, outcome in sorted(merge.files.items()):
        click.echo(f"{SAID[outcome.value]}: {path}")
    if merge.conflicts:
        how = "Edit them, then `git add` and `git commit`; or undo it with `git merge --abort`."
        raise Refused(f"Conflicts are marked in {len(merge.conflicts)} of the files in {into.resolve()}. {how}")
    said = "Pulled" if merge.has_changes else "Nothing has changed: it is there already"
    click.echo(f"{said}, generation {code['number']}, on the branch {merge.branch} in {into}.")


async def _code(client: Client, what: str | None, *, there: str | None) -> dict[str, Any]:
    """Return a generation that was asked for, or the newest of a project: of the one that is there already."""
    if what is None:
        if there is None:
            raise Refused("Say which project's code to pull: nothing here tells it.")
        project_id: str = (await _generation(client, there))["project"]["id"]
        return await _generation(client, await newest(client, project_id))
    if prefix_of(what) != "generation":
        what = await newest(client, what)
    return await _generation(client, what)


async def _generation(client: Client, generation_id: str) -> dict[str, Any]:
    generation = (await client.ask(CODE, id=generation_id))["generation"]
    if generation is None:
        raise Refused(f"No generation with the id '{generation_id}'.")
    if generation["downloadUrl"] is None or (generation["kind"], generation["status"]) != ("CODE", "COMPLETED"):
        raise Refused("Only a COMPLETED generation of CODE can be pulled.")
    return generation


async def _files(generation: dict[str, Any]) -> Mapping[str, bytes]:
    """Download the files of a generation, all but those that programs read secrets from. Raises Refused."""
    try:
        async with (
            httpx.AsyncClient(verify=trusted(), timeout=60) as http,
            http.stream("GET", generation["downloadUrl"]) as answer,
        ):
            answer.raise_for_status()
            content = await content_of(answer, most=MOST_BYTES)
    except TooLarge:
        raise Refused("The archive is larger than any that is generated.") from None
    except (httpx.HTTPError, UnknownCoding) as error:
        raise Refused(f"The archive can't be downloaded: {error}") from None
    return fit(unpacked(content, {file["path"]: file["sha256"] for file in generation["files"]}))


def unpacked(archive: bytes, digests: Mapping[str, str]) -> Mapping[str, bytes]:
    """Return the files of an archive. Raises Refused unless they are those of the digests, and may be anywhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_BYTES:
                raise Refused("The archive is larger than any that is generated.")
            files = {entry.filename: packed.read(entry) for entry in packed.infolist()}
    # zipfile raises NotImplementedError for a compression that it does not know, RuntimeError for an encrypted file
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise Refused(f"The archive is damaged: {error}") from None
    if digests != {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}:
        raise Refused("The archive has other files than the generation: try again.")
    if strange := next((path for path in files if path_fault(path) or is_of_git(path)), None):
        raise Refused(f"The archive has a file that may not be in a folder: {strange!r}")
    return files


def is_of_git(path: str) -> bool:
    """Say whether a path leads into a repository's own folder, on any file system."""
    return any(re.fullmatch(r"\.git[. ]*(:.*)?|git~\d+", part, re.IGNORECASE) for part in path.split("/"))
