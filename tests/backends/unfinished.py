"""Deletions that a crash has left, while the schema changes: in tables that leave it, and before a migration."""

import base64
import hashlib
from time import time
from typing import Any, Final
from uuid import uuid4

from tests.backends.migration_cases import Asked, asked
from tests.backends.versions import Version

LONG_AGO: Final = 1_700_000_000_000


def in_a_table_that_leaves(first: Version, second: Version, third: Version, database: Any) -> None:
    """What is left of a deletion stays in a table that leaves the schema, and is gone when the table comes back."""
    assert first.migrate()[0] == 0
    with asked(first) as server:
        rows = {
            name: server.create("left", sku=sku, size=1)["id"] for sku, name in enumerate(("gone", "taken", "kept"))
        }
        parent = server.create("parents", name="p")["id"]
    leave(first, database, "COMMITTED", ("left", rows["gone"]), ("parents", parent))
    leave(first, database, "CHECKING", ("left", rows["taken"]), accepted=True)
    second.must_migrate()
    assert "brought to their end: 1" in second.sweep()
    assert "brought to their end: 0" in second.sweep()
    with asked(second) as server:
        assert server.list("parents") == []
        server.create("parents", name="p")
    assert stored(first, database, "left") == set(rows.values())
    third.must_migrate()
    with asked(third) as server:
        assert {row["id"] for row in server.list("left")} == {rows["taken"], rows["kept"]}
    assert "brought to their end: 1" in third.sweep()
    assert stored(first, database, "left") == {rows["taken"], rows["kept"]}
    assert under_way(first, database) == []


def before_a_migration(first: Version, second: Version, third: Version, database: Any) -> None:
    """What is gone and still stored stands in no migration's way; when it is removed, others keep what they have."""
    assert first.migrate()[0] == 0
    second.must_migrate()
    with asked(second) as server:
        things = [server.create("things", sku="1")["id"] for _ in range(2)]
        mails = [server.create("mails", email=email)["id"] for email in ("bob@x.example", "Bob@x.example")]
        parent = server.create("parents", name="p")["id"]
        child = server.create("kept", name="k", parentId=parent)["id"]
    leave(second, database, "COMMITTED", ("things", things[0]))
    leave(second, database, "COMMITTED", ("mails", mails[0]))
    leave(second, database, "COMMITTED", ("parents", parent))
    third.must_migrate()
    with asked(third) as server:
        _is_whole(server, things, mails, child)
    assert "brought to their end: 3" in third.sweep()
    with asked(third) as server:
        _is_whole(server, things, mails, child)
    assert {table: stored(third, database, table) for table in ("things", "mails", "parents")} == {
        "things": {things[1]},
        "mails": {mails[1]},
        "parents": set[str](),
    }
    assert database.scan(TableName=f"{third.prefix}system-references")["Items"] == []


def _is_whole(server: Asked, things: list[str], mails: list[str], child: str) -> None:
    assert [row["id"] for row in server.list("things")] == [things[1]]
    server.refuse("things", sku="1")
    assert [row["id"] for row in server.list("mails")] == [mails[1]]
    server.refuse("mails", email="BOB@x.example")
    assert server.get("kept", child)["parentId"] is None
    assert server.list("parents") == []


def leave(version: Version, database: Any, state: str, *records: tuple[str, str], accepted: bool = False) -> None:
    """Leave a deletion of some records, the first of which was asked for, as a server does that is killed at it."""
    deletion = str(uuid4())
    table, key = records[0]
    items = [
        {
            "parent": {"S": f"~deletions {deletion[0]}"},
            "child": {"S": deletion},
            "id": {"S": deletion},
            "table": {"S": table},
            "key": {"S": key},
            "state": {"S": state},
            "until": {"N": str(LONG_AGO if accepted else int(time() * 1000) - 60_000)},
            "isAccepted": {"BOOL": accepted},
        }
    ]
    for table, key in records:
        database.update_item(
            TableName=f"{version.prefix}{table}",
            Key={"id": {"S": key}},
            UpdateExpression="SET #mark = :id",
            ExpressionAttributeNames={"#mark": "_deletion"},
            ExpressionAttributeValues={":id": {"S": deletion}},
        )
        place = {"parent": {"S": f"~deletion {deletion}"}, "child": {"S": f"{table} {hashed(key)}"}}
        items.append({**place, "table": {"S": table}, "key": {"S": key}})
    for item in items:
        database.put_item(TableName=f"{version.prefix}system-references", Item=item)


def hashed(key: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(f'"{key}"'.encode()).digest()).rstrip(b"=").decode()


def stored(version: Version, database: Any, table: str) -> set[str]:
    """Return the keys of all items of a table, also of those that are gone for whoever asks the server."""
    return {item["id"]["S"] for item in database.scan(TableName=f"{version.prefix}{table}")["Items"]}


def under_way(version: Version, database: Any) -> list[Any]:
    items = database.scan(TableName=f"{version.prefix}system-references")["Items"]
    return [item for item in items if item["parent"]["S"].startswith("~")]
