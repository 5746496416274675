"""The promise that what a team's archive holds is there again, as it was, and that nothing else is touched."""

import gzip
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from services.bootstrap import TABLES, table_name
from services.core.errors import Invalid, NotFound
from services.foundation.auth.tokens import Subject
from services.foundation.aws.keys import key_of
from services.foundation.aws.spec import GoesWith, Owner
from services.foundation.aws.tables import Table
from services.lifecycle.archive import Archives
from services.lifecycle.archive_file import lines
from services.projects.service import NewProject, ProjectChange
from services.users import USERS
from tests.services.lifecycle.test_purge import filled
from tests.services.site import Site

Stored = dict[tuple[str, str], Any]


@pytest.fixture
def archives(site: Site) -> Archives:
    services = site.services
    aws = services.projects.table.aws
    tables = [Table(aws=aws, spec=spec, name=table_name(services.config, spec), now=site.clock) for spec in TABLES]
    return Archives(tables=tables, bucket=services.generations.bucket)


def stored(archives: Archives) -> Stored:
    """Return all of the stage that goes with a team or a project, and accounts: items by table and key, objects."""
    found: Stored = {}
    aws = archives.bucket.aws
    for table in archives.tables:
        owned = any(isinstance(fate, GoesWith) and fate.owner is not Owner.USER for fate in table.spec.fate)
        if owned or table.spec is USERS:
            for page in aws.dynamodb.get_paginator("scan").paginate(TableName=table.name):
                found |= {(table.spec.name, str(key_of(table.spec, item))): item for item in page["Items"]}
    for each in aws.s3.list_objects_v2(Bucket=archives.bucket.name).get("Contents", []):
        key = each.get("Key", "")
        answer = aws.s3.get_object(Bucket=archives.bucket.name, Key=key)
        found["objects", key] = (answer["ContentType"], answer["Body"].read())
    return found


def lose(archives: Archives, what: Stored) -> None:
    """Delete items and objects, as a bad deploy would."""
    aws, tables = archives.bucket.aws, {table.spec.name: table for table in archives.tables}
    for (kind, key), item in what.items():
        if kind == "objects":
            aws.s3.delete_object(Bucket=archives.bucket.name, Key=key)
        else:
            aws.dynamodb.delete_item(TableName=tables[kind].name, Key=key_of(tables[kind].spec, item))


async def test_what_was_lost_of_a_team_is_back_as_it_was(site: Site, archives: Archives, tmp_path: Path) -> None:
    await filled(site)
    other = await site.services.projects.create(NewProject("Other", team_id=site.project.team_id), by=site.actor)
    projects = next(table for table in archives.tables if table.spec.name == "projects")
    await projects.aws.tables.call(  # as a newer version would write it
        "UpdateItem",
        {
            "TableName": projects.name,
            "Key": {"id": {"S": other.id}, "userId": {"S": other.user_id}},
            "UpdateExpression": "SET colour = :c",
            "ExpressionAttributeValues": {":c": {"S": "green"}},
        },
    )
    before = stored(archives)
    counts = await archives.export(site.project.team_id, tmp_path / "team")
    mine = {key: item for key, item in before.items() if key[0] != "objects" or "generations/" in key[1]}
    lose(archives, mine)
    assert len(stored(archives)) < len(before) / 2

    done = await archives.restore(tmp_path / "team")
    again = await archives.restore(tmp_path / "team")

    after = stored(archives)
    assert after == before
    assert done.put == counts
    assert not done.kept
    assert {"projects", "code-generations", "deployments", "deployment-logs", "schemas", "objects"} <= counts.keys()
    assert (not again.put, again.kept) == (True, counts)


async def test_what_is_there_stays_as_it_is(site: Site, archives: Archives, tmp_path: Path) -> None:
    await archives.export(site.project.team_id, tmp_path / "team")
    renamed = await site.services.projects.update(site.project.id, ProjectChange(name="Newer"), by=site.actor)
    before = stored(archives)

    done = await archives.restore(tmp_path / "team")

    assert renamed.name == "Newer"
    assert not done.put
    assert stored(archives) == before


async def test_to_look_says_what_would_be_put_back_and_changes_nothing(
    site: Site, archives: Archives, tmp_path: Path
) -> None:
    counts = await archives.export(site.project.team_id, tmp_path / "team")
    lose(archives, {key: item for key, item in stored(archives).items() if key[0] == "projects"})
    before = stored(archives)

    done = await archives.restore(tmp_path / "team", dry_run=True)

    assert done.put == {"projects": 1}
    assert done.kept == counts - Counter(projects=1)
    assert stored(archives) == before


async def test_a_team_that_is_none_has_no_archive(archives: Archives, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await archives.export("team_01jd0000000000000000000000", tmp_path / "team")


def packed(text: bytes) -> bytes:
    return gzip.compress(text)


def ended(text: bytes) -> bytes:
    """Pack lines, with the end that they would have."""
    digest = hashlib.sha256(text).hexdigest()
    return packed(text + msgspec.json.encode({"is": "end", "digest": digest}) + b"\n")


HEAD = b'{"is":"head","form":"snapinfra-team/1","team":"team_1"}\n'


def item(table: str, **attributes: Any) -> bytes:
    return msgspec.json.encode({"is": "item", "table": table, "item": attributes}) + b"\n"


def stored_object(key: str, media_type: str = "text/plain") -> bytes:
    return msgspec.json.encode({"is": "object", "key": key, "media_type": media_type, "content": ""}) + b"\n"


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "no gzip": lambda _: b"PK\x03\x04",
    "cut off": lambda whole: whole[: len(whole) // 2],
    "without its end": lambda whole: packed(b"".join(gzip.decompress(whole).splitlines(keepends=True)[:-1])),
    "a letter is another": lambda whole: packed(gzip.decompress(whole).replace(b"Users", b"Losers", 1)),
    "more after the end": lambda whole: packed(gzip.decompress(whole) + HEAD),
    "two in one": lambda whole: packed(gzip.decompress(whole) * 2),
    "of another form": lambda _: ended(HEAD.replace(b"/1", b"/2")),
    "without a head": lambda _: ended(b""),
    "an unknown line": lambda _: ended(HEAD + b'{"is":"order","drop":"everything"}\n'),
    "no JSON": lambda _: ended(HEAD + b"nonsense\n"),
    "no UTF-8": lambda _: ended(HEAD + b'{"is":"item","table":"\xff","item":{}}\n'),
    "nested deeply": lambda _: ended(HEAD + b"[" * 100_000 + b"\n"),
    "a long item": lambda _: ended(HEAD + item("teams", id={"L": [{"L": []}] * 400_000})),
}


@pytest.mark.parametrize("how", range(200))
def test_a_file_of_which_a_bit_is_another_is_refused_or_says_the_same(how: int, tmp_path: Path) -> None:
    whole = ended(HEAD + item("projects", id={"S": "project_1"}) * 20)
    chance = Random(how)  # noqa: S311 - faults, not secrets
    place = chance.randrange(len(whole))
    flipped = bytes([whole[place] ^ 1 << chance.randrange(8)])
    (tmp_path / "team").write_bytes(whole[:place] + flipped + whole[place + 1 :])
    (tmp_path / "whole").write_bytes(whole)

    try:
        said = list(lines(tmp_path / "team"))
    except Invalid:
        return
    assert place < 10, "the head of gzip: the time, the system"
    assert said == list(lines(tmp_path / "whole"))


@pytest.mark.parametrize("how", BROKEN)
async def test_a_file_that_is_no_archive_or_not_whole_changes_nothing(
    site: Site, archives: Archives, tmp_path: Path, how: str
) -> None:
    file = tmp_path / "team"
    await archives.export(site.project.team_id, file)
    file.write_bytes(BROKEN[how](file.read_bytes()))
    lose(archives, {key: item for key, item in stored(archives).items() if key[0] == "projects"})
    before = stored(archives)

    with pytest.raises(Invalid):
        await archives.restore(file)

    assert stored(archives) == before


def moved(text: bytes, archive: str, team_id: str) -> bytes:
    """Return an archive of the team that has other lines as well, of a like kind."""
    head, *rest = gzip.decompress(text).splitlines(keepends=True)
    assert team_id.encode() in head
    return ended(b"".join([head, *rest[:-1], archive.encode()]))


STRANGE: dict[str, Callable[[Site], bytes]] = {
    "a member of another team": lambda _: item(
        "team-members", id={"S": "user_mallory"}, teamId={"S": "team_other"}, role={"S": "ADMIN"}, **TIMES
    ),
    "another team": lambda _: item("teams", id={"S": "team_other"}, name={"S": "x"}, userId={"S": "user_m"}, **TIMES),
    "somebody else's account": lambda _: item("users", id={"S": "user_m"}, personalTeamId={"S": "team_other"}, **TIMES),
    "a schema of a project that is not in it": lambda _: item(
        "schemas", id={"S": "schema_1"}, projectId={"S": "project_other"}, **TIMES
    ),
    "a log of no deployment of its own": lambda _: item(
        "deployment-logs", id={"S": "deployment_x"}, lastSeq={"N": "1"}, entries={"L": []}, **TIMES
    ),
    "a member who is no entity": lambda site: item(
        "team-members", id={"S": "user_m"}, teamId={"S": site.project.team_id}, role={"S": "admin"}, **TIMES
    ),
    "a project without its fields": lambda site: item(
        "projects", id={"S": "project_1"}, userId={"S": "user_m"}, teamId={"S": site.project.team_id}
    ),
    "a key of another type": lambda site: item(
        "projects", id={"N": "7"}, userId={"S": "user_m"}, teamId={"S": site.project.team_id}, **TIMES
    ),
    "an attribute of no type": lambda site: with_more(site, colour={"S": 5}),
    "an attribute of two types": lambda site: with_more(site, colour={"S": "5", "N": "5"}),
    "a number that is none": lambda site: with_more(site, colour={"N": "many"}),
    "an empty set": lambda site: with_more(site, colour={"SS": []}),
    "too many levels": lambda site: with_more(site, colour=nested(40)),
    "an empty key of an index": lambda site: with_more(site, deleted={"S": ""}),
    "an unknown table": lambda _: item("nothing\x1b[31m", id={"S": "1"}),
    "a table that is nobody's": lambda _: item("rates", id={"S": "1"}, **TIMES),
    "an item without its key": lambda _: item("teams", name={"S": "1"}),
    "an object of no generation": lambda _: stored_object("elsewhere/evil.txt"),
    "an object of another's generation": lambda _: stored_object("generations/generation_other/attempt-1/x"),
    "an object without a key": lambda _: stored_object(""),
    "an object of no media type": lambda _: stored_object("generations/g/x", "a\r\nx-evil: 1"),
}
TIMES = {name: {"S": "2026-01-01T00:00:00.000Z"} for name in ("createdAt", "updatedAt")}


def with_more(site: Site, **attributes: Any) -> bytes:
    """Return a line of a project of the site's team that is as it should be but for these."""
    project = {"userId": {"S": site.actor.user_id}, "teamId": {"S": site.project.team_id}, "status": {"S": "DRAFT"}}
    project |= {"id": {"S": "project_1"}, "name": {"S": "x"}, "description": {"S": ""}}
    return item("projects", **project, **TIMES, **attributes)


def nested(levels: int) -> Any:
    return {"L": [nested(levels - 1)]} if levels else {"S": "x"}


async def test_a_line_that_is_as_it_should_be_is_put_back(site: Site, archives: Archives, tmp_path: Path) -> None:
    file = tmp_path / "team"
    await archives.export(site.project.team_id, file)
    file.write_bytes(moved(file.read_bytes(), with_more(site, colour=nested(9)).decode(), site.project.team_id))

    done = await archives.restore(file)

    assert done.put == {"projects": 1}


@pytest.mark.parametrize("how", STRANGE)
async def test_what_is_not_the_teams_or_nothing_that_could_be_stored_is_refused_before_anything_is_written(
    site: Site, archives: Archives, tmp_path: Path, how: str
) -> None:
    file = tmp_path / "team"
    await archives.export(site.project.team_id, file)
    file.write_bytes(moved(file.read_bytes(), STRANGE[how](site).decode(), site.project.team_id))
    lose(archives, {key: what for key, what in stored(archives).items() if key[0] == "projects"})
    before = stored(archives)

    with pytest.raises(Invalid) as refused:
        await archives.restore(file)

    assert "\x1b" not in refused.value.message
    assert stored(archives) == before


async def test_a_project_is_not_put_beside_one_of_its_id(site: Site, archives: Archives, tmp_path: Path) -> None:
    bob = await site.services.users.actor(Subject("user_bob"))
    bobs = await site.services.projects.create(NewProject("Bobs", team_id=bob.personal_team_id), by=bob)
    file = tmp_path / "team"
    await archives.export(site.project.team_id, file)
    text = with_more(site).replace(b"project_1", bobs.id.encode()).decode()
    file.write_bytes(moved(file.read_bytes(), text, site.project.team_id))

    done = await archives.restore(file)

    assert not done.put
    assert (await site.services.projects.get(bobs.id, by=bob)).name == "Bobs"


async def test_nothing_of_another_team_is_in_the_file(site: Site, archives: Archives, tmp_path: Path) -> None:
    bob = await site.services.users.actor(Subject("user_bob"))
    other = await site.services.projects.create(NewProject("Bobs", team_id=bob.personal_team_id), by=bob)
    await archives.export(site.project.team_id, tmp_path / "team")

    text = gzip.decompress((tmp_path / "team").read_bytes())

    assert not [name for name in (other.id, bob.personal_team_id, "user_bob") if name.encode() in text]
    assert len(list(lines(tmp_path / "team"))) > 3
