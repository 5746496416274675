"""The promise that what a team's archive holds is there again, as it was, and that nothing else is touched."""

import gzip
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.bootstrap import TABLES, table_name
from services.core.errors import Invalid, NotFound
from services.foundation.auth.tokens import Subject
from services.foundation.aws.keys import key_of
from services.foundation.aws.spec import GoesWith, Owner
from services.foundation.aws.tables import Table
from services.lifecycle.archive import Archives, lines
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
    "an unknown table": lambda _: ended(HEAD + b'{"is":"item","table":"nothing","item":{"pk":{"S":"1"}}}\n'),
    "of a table that is nobody's": lambda _: ended(HEAD + b'{"is":"item","table":"users","item":{"id":{"S":"1"}}}\n'),
    "an object that is of no generation": lambda _: ended(
        HEAD + b'{"is":"object","key":"other/1","media_type":"text/plain","content":""}\n'
    ),
    "somebody else's account": lambda _: ended(
        HEAD + b'{"is":"item","table":"users","item":{"id":{"S":"1"},"personalTeamId":{"S":"team_2"}}}\n'
    ),
    "an item without its key": lambda _: ended(HEAD + b'{"is":"item","table":"teams","item":{"name":{"S":"1"}}}\n'),
    "no JSON": lambda _: ended(HEAD + b"nonsense\n"),
    "nested deeply": lambda _: ended(HEAD + b"[" * 100_000 + b"\n"),
}


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


async def test_nothing_of_another_team_is_in_the_file(site: Site, archives: Archives, tmp_path: Path) -> None:
    bob = await site.services.users.actor(Subject("user_bob"))
    other = await site.services.projects.create(NewProject("Bobs", team_id=bob.personal_team_id), by=bob)
    await archives.export(site.project.team_id, tmp_path / "team")

    text = gzip.decompress((tmp_path / "team").read_bytes())

    assert not [name for name in (other.id, bob.personal_team_id, "user_bob") if name.encode() in text]
    assert len(list(lines(tmp_path / "team"))) > 3
