"""A backend that evolves over four versions of its schema with rows in its database.

`python -m tests.backends.migrations` writes each version, lets it serve, and migrates the database to the next, on an
emulator of its own. It needs npm.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from services.designs.schema import Field, FieldType, SchemaModel
from tests.backends import changes, migration_cases, unfinished
from tests.backends.schemas import VERSIONS
from tests.backends.versions import Version, build, database_of
from tests.emulating import emulated

PREFIX: Final = "evolving-"


def evolve(folder: Path, emulator: str) -> None:
    """Take a database through all versions, and assert what each makes of it."""
    first, second, third, fourth, fifth = (Version(folder / str(number), emulator, PREFIX) for number in range(1, 6))
    database = database_of(emulator)
    keys = _begin(first, database)
    _unique_and_required(first, second, keys, database)
    _renamed_with_indexes(third, keys)
    _related(third, fourth, keys, database)
    _required_without_default(fifth)


def _begin(first: Version, database: Any) -> list[str]:
    assert first.migrate()[0] == 0
    with first.serving() as client:
        rows = [{"title": f"Title {n}", "code": f"c{min(n, 3)}", "writer": f"w{n}"} for n in range(5)]
        keys = [client.post("/articles", json=row).json()["id"] for row in rows]
        assert client.get("/articles").json()["items"]
    # Databases of before there were migrations don't say what they are like.
    database.delete_item(TableName=f"{PREFIX}system-records", Key={"key": {"S": "schema"}})
    return keys


def _unique_and_required(first: Version, second: Version, keys: list[str], database: Any) -> None:
    with second.serving() as client:
        for answer in (client.get("/articles"), client.get(f"/articles/{keys[0]}"), client.get("/ready")):
            assert answer.status_code == 503, answer.text
            assert "npm run migrate" in answer.json()["error"]["message"]
    before = _contents(database)
    for arguments in ([], ["--dry-run"]):
        code, output = second.migrate(*arguments)
        assert code == 1, output
        assert keys[3] in output, output
        assert keys[4] in output, output
        assert "same code" in output, output
        assert _contents(database) == before
    assert first.migrate()[0] == 0  # it is what the database has
    with first.serving() as client:
        assert client.patch(f"/articles/{keys[4]}", json={"code": "c4"}).status_code == 200
    assert second.migrate("--dry-run")[0] == 0
    assert _claims(database) == []
    code, output = second.migrate()
    assert code == 0, output
    assert len(_claims(database)) == 5
    again = second.migrate()
    assert again[0] == 0, again[1]
    assert "records brought to it: 0" in again[1], again[1]
    with second.serving() as client:
        assert client.get("/ready").status_code == 200
        assert [client.get(f"/articles/{key}").json()["views"] for key in keys] == [0] * 5
        taken = client.post("/articles", json={"title": "x", "code": "c4", "writer": "w"})
        assert taken.status_code == 409, taken.text


def _renamed_with_indexes(third: Version, keys: list[str]) -> None:
    code, output = third.migrate()
    assert code == 0, output
    with third.serving() as client:
        article = client.get(f"/articles/{keys[2]}").json()
        assert article["headline"] == "Title 2", article
        assert "title" not in article
        for field, value, count in (("state", "draft", 5), ("writer", "w1", 1)):
            page = client.get("/articles", params={field: value}).json()
            assert len(page["items"]) == count, page


def _related(third: Version, fourth: Version, keys: list[str], database: Any) -> None:
    with third.serving() as client:
        assert client.patch(f"/articles/{keys[0]}", json={"code": "C4"}).status_code == 200
    database.update_item(
        TableName=f"{PREFIX}articles",
        Key={"id": {"S": keys[1]}},
        UpdateExpression="SET authorId = :nobody",
        ExpressionAttributeValues={":nobody": {"S": "nobody"}},
    )
    code, output = fourth.migrate("--dry-run")
    assert code == 1, output
    assert f'{keys[1]}\\": \\"authorId\\" is \\"nobody\\", which is not in authors' in output, output
    assert "same code" in output, output
    database.update_item(TableName=f"{PREFIX}articles", Key={"id": {"S": keys[1]}}, UpdateExpression="REMOVE authorId")
    with third.serving() as client:
        assert client.patch(f"/articles/{keys[0]}", json={"code": "c0"}).status_code == 200
    code, output = fourth.migrate()
    assert code == 0, output
    with fourth.serving() as client:
        author = client.post("/authors", json={"name": "Ada"}).json()["id"]
        assert client.patch(f"/articles/{keys[0]}", json={"authorId": author}).status_code == 200
        assert client.delete(f"/authors/{author}").status_code == 409
        assert client.patch(f"/articles/{keys[0]}", json={"code": "C4"}).status_code == 409


def _required_without_default(fifth: Version) -> None:
    code, output = fifth.migrate()
    assert code == 1, output
    assert "has no value, and no default" in output, output


def _with_an_editor() -> SchemaModel:
    """Return the last version with a required field that has no default."""
    (articles,) = (table for table in VERSIONS[3].tables if table.name == "articles")
    more = replace(articles, fields=(*articles.fields, Field(name="editor", type=FieldType.STRING)))
    return replace(VERSIONS[3], tables=(VERSIONS[3].tables[0], more))


def _contents(database: Any) -> list[Any]:
    names = ("articles", "system-records", "system-references")
    return [database.scan(TableName=f"{PREFIX}{name}")["Items"] for name in names]


def _claims(database: Any) -> list[Any]:
    items = database.scan(TableName=f"{PREFIX}system-records")["Items"]
    return [item for item in items if item["key"]["S"].startswith("unique ")]


def change(folder: Path, emulator: str) -> None:
    """Change each table of a schema in its own way, and stop migrations on their way."""
    database = database_of(emulator)

    def version(name: str, prefix: str) -> Version:
        return Version(folder / name, emulator, prefix)

    def versions(prefix: str) -> list[Version]:
        return [version(name, prefix) for name in ("first", "second", "third")]

    first, second, third = versions("changing-")
    migration_cases.change_everything(first, second, third)
    first, second, _ = versions("together-")
    migration_cases.two_at_once(first, second)
    first, second, _ = versions("back-")
    migration_cases.go_back(first, second)
    first, second, _ = versions("starting-")
    migration_cases.two_that_start(first, second)
    first, second, third = versions("leaving-")
    unfinished.in_a_table_that_leaves(first, second, third, database)
    first, second, third = versions("unfinished-")
    unfinished.before_a_migration(first, second, third, database)
    for name in ("first", "second", "third"):
        first, second, _ = versions(f"stopped-{name}-")
        migration_cases.stop_and_go_on(first, second, version(name, first.prefix), database)
    first, _, _ = versions("refusing-")
    unfit, another_key = version("unfit", first.prefix), version("another-key", first.prefix)
    migration_cases.refuse_what_cannot_be(first, another_key, unfit, database)


def main() -> None:
    schemas = {str(number): schema for number, schema in enumerate((*VERSIONS, _with_an_editor()), start=1)}
    schemas |= {"first": changes.FIRST, "second": changes.SECOND, "third": changes.THIRD}
    schemas |= {"unfit": changes.UNFIT, "another-key": changes.ANOTHER_KEY}
    folder = Path(tempfile.mkdtemp())
    try:
        build(folder, schemas)
        with emulated() as emulator:
            evolve(folder, emulator)
            change(folder, emulator)
    finally:
        shutil.rmtree(folder)
    sys.stdout.write("backends evolved over four versions and three, with rows in them\n")


if __name__ == "__main__":
    main()
