"""A backend that evolves over four versions of its schema with rows in its database.

`python -m tests.backends.migrations` writes each version, lets it serve, and migrates the database to the next, on an
emulator of its own. It needs npm.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import boto3
import httpx
from msgspec.structs import replace

from cli.serving import tool_environment
from services.core.tls import trusted
from services.designs.schema import Field, FieldType, SchemaModel
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from services.scaffold.backend import write_backend
from tests.backends.schemas import VERSIONS
from tests.emulating import emulated

PREFIX: Final = "evolving-"


class Version:
    """One version of the backend, compiled."""

    def __init__(self, folder: Path, schema: SchemaModel, emulator: str) -> None:
        self.folder = folder
        for path, content in write_backend(project_name="Evolving", description="", schema=schema).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content)
        self.environment = {
            **tool_environment(),
            **EMULATOR_CREDENTIALS,
            "AWS_ENDPOINT_URL": emulator,
            "AWS_REGION": "us-east-1",
            "TABLE_PREFIX": PREFIX,
            "AUTH": "off",
            "HOST": "127.0.0.1",
            "PORT": "0",
        }

    def run(self, *command: str) -> tuple[int, str]:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def must(self, *command: str) -> str:
        code, output = self.run(*command)
        assert code == 0, output
        return output

    def migrate(self, *arguments: str) -> tuple[int, str]:
        return self.run("node", "dist/migrate.js", *arguments)

    @contextmanager
    def serving(self) -> Generator[httpx.Client]:
        with subprocess.Popen(
            ["node", "dist/server.js"], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            try:
                line = next(line for line in server.stdout if "listening on " in line)
                address = line.partition("listening on ")[2].partition('"')[0]
                with httpx.Client(base_url=address, verify=trusted(), timeout=30) as client:
                    yield client
            finally:
                server.terminate()
                server.stdout.read()


def evolve(folder: Path, emulator: str) -> None:
    """Take a database through all versions, and assert what each makes of it."""
    first, second, third, fourth = (
        Version(folder / str(number), schema, emulator) for number, schema in enumerate(VERSIONS, start=1)
    )
    first.must("npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
    for version in (first, second, third, fourth):
        if version is not first:
            (version.folder / "node_modules").symlink_to(first.folder / "node_modules")
        version.must("npx", "tsc")
    database = _database(emulator)
    keys = _begin(first, database)
    _unique_and_required(first, second, keys, database)
    _renamed_with_indexes(third, keys)
    _related(third, fourth, keys, database)
    _required_without_default(folder, first, emulator)


def _database(emulator: str) -> Any:
    return cast("Any", boto3).client(
        "dynamodb",
        endpoint_url=emulator,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def _begin(first: Version, database: Any) -> list[str]:
    first.must("node", "dist/tables.js")
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


def _required_without_default(folder: Path, first: Version, emulator: str) -> None:
    (articles,) = (table for table in VERSIONS[3].tables if table.name == "articles")
    more = replace(articles, fields=(*articles.fields, Field(name="editor", type=FieldType.STRING)))
    schema = replace(VERSIONS[3], tables=(VERSIONS[3].tables[0], more))
    fifth = Version(folder / "5", schema, emulator)
    (fifth.folder / "node_modules").symlink_to(first.folder / "node_modules")
    fifth.must("npx", "tsc")
    code, output = fifth.migrate()
    assert code == 1, output
    assert "has no value, and no default" in output, output


def _contents(database: Any) -> list[Any]:
    names = ("articles", "system-records", "system-references")
    return [database.scan(TableName=f"{PREFIX}{name}")["Items"] for name in names]


def _claims(database: Any) -> list[Any]:
    items = database.scan(TableName=f"{PREFIX}system-records")["Items"]
    return [item for item in items if item["key"]["S"].startswith("unique ")]


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        with emulated() as emulator:
            evolve(folder, emulator)
    finally:
        shutil.rmtree(folder)
    sys.stdout.write("a backend evolved over four versions with rows in it\n")


if __name__ == "__main__":
    main()
