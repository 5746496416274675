"""A team's archive: everything that would go with the team, written to a file (archive_file), and put back from it.

What goes with a team and with its projects, the tables' declarations say. What expires by itself (activity, analytics,
usage) is not in it, nor what is a person's (accounts, settings), but for the account whose own team it is: nobody else
could find that team. Secrets are in it as they are stored: sealed for the stage's key, and hashed.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.core.errors import NotFound
from services.core.frozen import frozen
from services.deployments.model import DEPLOYMENT_LOGS, DEPLOYMENTS
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.moving import is_there, items_of, put_back
from services.foundation.aws.spec import GoesWith, Owner
from services.foundation.aws.tables import Table
from services.generations.artifact import folder_of
from services.generations.model import GENERATIONS
from services.lifecycle.admission import Admission
from services.lifecycle.archive_file import FORM, End, Head, ItemLine, Line, ObjectLine, Writer, lines
from services.memberships.model import MEMBERSHIPS, TEAMS
from services.projects.model import PROJECTS
from services.users import USERS


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
        counts = Counter[str]()
        with Writer(file) as archive:
            async for line in self._lines(team_id):
                archive.write(line)
                counts.update(_counted(line))
            archive.end()
        return counts

    async def restore(self, file: Path, *, dry_run: bool = False) -> Restored:
        """Put back what of an archive is not there. Raises Invalid, and then has put back nothing.

        Repeating is harmless. What is there stays as it is, also where it has changed.
        """
        tables = {table.spec.name: table for table in self.tables}
        admission = Admission({name: table.spec for name, table in tables.items()})
        for line in lines(file):  # whole, and the team's, before anything is written
            admission.admit(line)
        put, kept = Counter[str](), Counter[str]()
        for line in lines(file):
            if isinstance(line, Head | End):
                continue
            is_new = await self._is_missing(line, tables) and (dry_run or await self._put(line, tables))
            (put if is_new else kept).update(_counted(line))
        return Restored(put, kept)

    async def _is_missing(self, line: ItemLine | ObjectLine, tables: Mapping[str, Table[Any]]) -> bool:
        """Tell whether nothing has an item's id, whatever it is sorted by, or an object's key."""
        if isinstance(line, ObjectLine):
            return not await self.bucket.has(line.key)
        table = tables[line.table]
        several = table.spec in {MEMBERSHIPS, DEPLOYMENT_LOGS}  # a user's in their teams, a deployment's
        return not await is_there(table, line.item, by=table.spec.key if several else table.spec.key[:1])

    async def _put(self, line: ItemLine | ObjectLine, tables: Mapping[str, Table[Any]]) -> bool:
        if isinstance(line, ItemLine):
            return await put_back(tables[line.table], line.item)
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


def _counted(line: Line) -> list[str]:
    match line:
        case ItemLine():
            return [line.table]
        case ObjectLine():
            return ["objects"]
        case _:
            return []
