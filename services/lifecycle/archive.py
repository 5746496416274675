"""A team's archive: everything that would go with the team, written to a file, and put back from it.

What goes with a team and with its projects, the tables' declarations say. What expires by itself (activity, analytics,
usage) is not in it, nor what is a person's (accounts, settings), but for the account whose own team it is: nobody else
could find that team. Secrets are in it as they are stored: sealed for the stage's key, and hashed.

The file is gzip of JSON lines: a head, items and objects, and an end with the digest of all lines before it.
"""

import gzip
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from services.core.errors import Invalid, NotFound
from services.core.frozen import frozen
from services.deployments.model import DEPLOYMENT_LOGS, DEPLOYMENTS
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.moving import is_there, items_of, put_back
from services.foundation.aws.spec import GoesWith, Owner
from services.foundation.aws.tables import Table
from services.generations.artifact import GENERATIONS_FOLDER, folder_of
from services.generations.model import GENERATIONS
from services.memberships.model import TEAMS
from services.projects.model import PROJECTS
from services.users import USERS

FORM: Final = "snapinfra-team/1"
LONGEST_LINE: Final = 256 * 1_048_576
"""Bytes of a line of an archive: the largest code that a generation may have, in base64, and more."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="head"):
    form: str
    team: str


class ItemLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="item"):
    table: str
    item: dict[str, dict[str, Any]]


class ObjectLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="object"):
    key: str
    media_type: str
    content: bytes


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="end"):
    digest: str


Line = Head | ItemLine | ObjectLine | End


@frozen
class Restored:
    """What was put back, and what was there already, by table; objects are under `objects`."""

    put: Mapping[str, int]
    kept: Mapping[str, int]


@frozen(kw_only=True)
class Archives:
    """Writes and reads archives. `tables` are all there are."""

    tables: Sequence[Table[Any]]
    bucket: Bucket

    async def export(self, team_id: str, file: Path) -> Counter[str]:
        """Write a team's archive, and return how many items of each table are in it. Raises NotFound.

        What changes meanwhile is in it as it was before or after; nothing is locked.
        """
        counts, digest = Counter[str](), hashlib.sha256()
        with gzip.open(file, "wb") as packed:
            async for line in self._lines(team_id):
                written = msgspec.json.encode(line) + b"\n"
                digest.update(written)
                packed.write(written)
                counts.update(_counted(line))
            packed.write(msgspec.json.encode(End(digest.hexdigest())) + b"\n")
        return counts

    async def restore(self, file: Path, *, dry_run: bool = False) -> Restored:
        """Put back what of an archive is not there. Raises Invalid, and then has put back nothing.

        Repeating is harmless. What is there stays as it is, also where it has changed.
        """
        tables, team_id = {table.spec.name: table for table in self.tables}, ""
        for line in lines(file):  # whole and known, before anything is written
            if isinstance(line, Head):
                team_id = line.team
            if isinstance(line, ItemLine) and not _fits(line, tables.get(line.table), team_id):
                raise Invalid.one(f"The archive has an item that is none of {line.table}.", "file")
            if isinstance(line, ObjectLine) and not line.key.startswith(GENERATIONS_FOLDER):
                raise Invalid.one("The archive has an object that is of no generation.", "file")
        put, kept = Counter[str](), Counter[str]()
        for line in lines(file):
            if isinstance(line, Head | End):
                continue
            is_new = await (self._is_missing if dry_run else self._put)(line, tables)
            (put if is_new else kept).update(_counted(line))
        return Restored(put, kept)

    async def _is_missing(self, line: ItemLine | ObjectLine, tables: Mapping[str, Table[Any]]) -> bool:
        if isinstance(line, ItemLine):
            return not await is_there(tables[line.table], line.item)
        return await self.bucket.get(line.key) is None

    async def _put(self, line: ItemLine | ObjectLine, tables: Mapping[str, Table[Any]]) -> bool:
        if isinstance(line, ItemLine):
            return await put_back(tables[line.table], line.item)
        if await self.bucket.get(line.key) is not None:
            return False
        await self.bucket.put(line.key, line.content, media_type=line.media_type)
        return True

    async def _lines(self, team_id: str) -> AsyncGenerator[Line]:
        by_name = {table.spec.name: table for table in self.tables}
        team = await by_name[TEAMS.name].find(team_id)
        if team is None:
            raise NotFound("team", team_id)
        yield Head(FORM, team_id)
        if team.personal:
            async for account in items_of(by_name[USERS.name], team.user_id):
                yield ItemLine(USERS.name, account)
        written = set[tuple[str, ...]]()
        async for line in self._owned(Owner.TEAM, team_id, written):
            yield line
            if line.table == PROJECTS.name:
                async for part in self._of_project(line.item["id"]["S"], written):
                    yield part

    async def _of_project(self, project_id: str, written: set[tuple[str, ...]]) -> AsyncGenerator[Line]:
        logs = next(table for table in self.tables if table.spec is DEPLOYMENT_LOGS)
        async for line in self._owned(Owner.PROJECT, project_id, written):
            yield line
            line_id = line.item["id"]["S"]
            if line.table == DEPLOYMENTS.name:
                async for chunk in items_of(logs, line_id):
                    yield ItemLine(logs.spec.name, chunk)
            elif line.table == GENERATIONS.name:
                async for key, media_type, content in self.bucket.objects(folder_of(line_id)):
                    yield ObjectLine(key, media_type, content)

    async def _owned(self, owner: Owner, owner_id: str, written: set[tuple[str, ...]]) -> AsyncGenerator[ItemLine]:
        """Yield the items that go with an owner, each once: some go with a team and with a project."""
        for table in self.tables:
            for fate in table.spec.fate:
                if not isinstance(fate, GoesWith) or fate.owner is not owner:
                    continue
                async for item in items_of(table, owner_id, index=fate.index):
                    key = (table.spec.name, *(str(item[name]) for name in table.spec.key))
                    if key not in written:
                        written.add(key)
                        yield ItemLine(table.spec.name, item)


def lines(file: Path) -> Iterator[Line]:
    """Yield the lines of an archive. Raises Invalid where it is none, or not whole."""
    digest, ended = hashlib.sha256(), False
    try:
        for number, text in enumerate(_texts(file)):
            line = msgspec.json.decode(text, type=Line)
            if ended or isinstance(line, Head) != (number == 0) or (isinstance(line, Head) and line.form != FORM):
                raise Invalid.one("This is no archive of a team.", "file")
            if isinstance(line, End):
                ended = line.digest == digest.hexdigest()
                if not ended:
                    raise Invalid.one("The archive is not as it was written.", "file")
            digest.update(text)
            yield line
    except (OSError, EOFError, msgspec.DecodeError) as wrong:
        raise Invalid.one(f"This is no archive of a team: {wrong}.", "file") from None
    if not ended:
        raise Invalid.one("The archive is cut off.", "file")


def _texts(file: Path) -> Generator[bytes]:
    with gzip.open(file, "rb") as packed:
        while text := packed.readline(LONGEST_LINE):
            yield text


def _fits(line: ItemLine, table: Table[Any] | None, team_id: str) -> bool:
    """Tell whether an item is one that goes with a team, or the account whose own it is."""
    if table is None or not all(name in line.item for name in table.spec.key):
        return False
    if table.spec is USERS:
        return line.item.get("personalTeamId") == {"S": team_id}
    return any(isinstance(fate, GoesWith) and fate.owner is not Owner.USER for fate in table.spec.fate)


def _counted(line: Line) -> list[str]:
    match line:
        case ItemLine():
            return [line.table]
        case ObjectLine():
            return ["objects"]
        case _:
            return []
