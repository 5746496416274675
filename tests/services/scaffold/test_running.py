"""The test that a backend of the scaffold installs, compiles, passes its own tests, starts and works."""

import asyncio
import json
import os
import re
import signal
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.core.frozen import frozen
from services.core.tls import trusted
from services.designs.schema import (
    Api,
    Audience,
    Field,
    FieldAccess,
    FieldType,
    Grant,
    Index,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.platforms.modules import Modules
from services.scaffold.backend import write_backend
from services.scaffold.plurals import plural
from services.scaffold.schema import derive_schema
from tests.snapinfra import NPM

F, R, T = Field, Relationship, FieldType
SIGNED_IN = (Grant(audience=Audience.SIGNED_IN),)

AWKWARD = SchemaModel(
    tables=(
        Table(
            name="class",
            fields=(
                F(name="number", type=T.INTEGER, primary_key=True),
                F(name="class", type=T.STRING),
                F(name="default", type=T.BOOLEAN, default_value=False),
                F(name="order", type=T.INTEGER, nullable=True),
                F(name="toString", type=T.STRING, nullable=True, unique=True),
                F(name="hasOwnProperty", type=T.JSON, nullable=True),
                F(name="then", type=T.DATE),
                F(name="limit", type=T.STRING),
            ),
            indexes=(Index(name="i", fields=("limit",)), Index(name="j", fields=("order", "class"))),
        ),
        Table(
            name="index",
            fields=(
                F(name="id", type=T.INTEGER, primary_key=True),
                F(name="status", type=T.STRING, default_value='it\'s "so" \\ ${x} `'),
                F(name="valueOf", type=T.FLOAT, unique=True),
                F(name="version", type=T.STRING),
                F(name="price", type=T.DECIMAL, default_value="0.10"),
                F(name="created_at", type=T.DATETIME),
                F(name="size", type=T.JSON, default_value={"a": [1, None]}),
                F(name="at", type=T.DATETIME, default_value="2025-01-01T10:00:00+02:00"),
                F(name="updatedAt", type=T.INTEGER),
                F(name="markup", type=T.JSON, default_value={"constructor": "</script>\u2028'\"\\", "x": [1e300]}),
            ),
            indexes=(Index(name="p", fields=("price",)),),
        ),
        Table(
            name="Error",
            fields=(
                F(name="isbn", type=T.STRING, primary_key=True),
                F(name="errorId", type=T.STRING, nullable=True),
                F(name="indexId", type=T.INTEGER),
            ),
        ),
        Table(name="people", fields=(F(name="id", type=T.STRING, primary_key=True), F(name="name", type=T.STRING))),
        Table(name="con", fields=(F(name="id", type=T.STRING, primary_key=True),)),
    ),
    relationships=(
        R(from_table="Error", to_table="Error", type=RelationshipType.ONE_TO_MANY),
        R(from_table="index", to_table="Error", type=RelationshipType.ONE_TO_MANY),
        R(from_table="con", to_table="con", type=RelationshipType.MANY_TO_MANY),
        R(from_table="class", to_table="con", type=RelationshipType.MANY_TO_MANY, through="const"),
    ),
    default_policy=Policy(**dict.fromkeys(("create", "read", "update", "delete"), SIGNED_IN)),
    api=Api.BOTH,
)


@frozen
class Project:
    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=dict(self.environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refusal(self, *command: str, **variables: str) -> str:
        """Start the server, or give a command, where that must not be done, and return what it says."""
        done = subprocess.run(
            command or ["node", "dist/server.js"],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 1
        return done.stdout

    @contextmanager
    def serving(self) -> Generator[httpx.Client]:
        """Run the server on a free port, and stop it as a platform does."""
        with subprocess.Popen(
            ["node", "dist/server.js"],
            cwd=self.folder,
            env={**self.environment, "PORT": "0", "HOST": "127.0.0.1", "AUTH": "off"},
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            try:
                lines = (json.loads(line)["message"] for line in server.stdout)
                listening = next(line for line in lines if line.startswith("listening on "))
                with httpx.Client(verify=trusted(), base_url=listening.removeprefix("listening on ")) as client:
                    yield client
            finally:
                server.send_signal(signal.SIGTERM)
                server.stdout.read()
        assert server.returncode == 0


def project(folder: Path, schema: SchemaModel, emulator: str) -> Project:
    for path, content in write_backend(project_name="Trial", description="A trial", schema=schema).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    environment = {
        **os.environ,  # noqa: TID251 - npm needs the machine's PATH and settings
        "AWS_ENDPOINT_URL": emulator,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TABLE_PREFIX": f"{folder.name}-",
    }
    return Project(folder, environment)


def body(client: httpx.Client, schema: SchemaModel, table: Table, number: int) -> dict[str, Any]:
    """Make a body with values for all fields that clients set, and the records that it refers to."""
    set_by_server = {
        "id",
        "created_at",
        *(field.name for field in table.fields if field.access is FieldAccess.READ_ONLY),
    }
    sent = {field.name: value(field, number) for field in table.fields if field.name not in set_by_server}
    for field in table.fields:
        target = parent(schema, field.name)
        if target is table:
            sent[field.name] = None
        elif target is not None:
            sent[field.name] = client.post(f"/{target.name}", json=body(client, schema, target, number)).json()["id"]
    return sent


def parent(schema: SchemaModel, field: str) -> Table | None:
    stem = field.removesuffix("Id")
    named = {stem, plural(stem)} if stem != field else set[str]()
    return next((table for table in schema.tables if table.name.lower() in named), None)


def value(field: Field, number: int) -> object:
    if field.rules is not None and field.rules.values:
        return field.rules.values[0]
    values: dict[FieldType, object] = {
        T.STRING: f"{field.name}{number}@example.com",
        T.TEXT: f"Text {number}",
        T.INTEGER: number,
        T.FLOAT: number + 0.5,
        T.DECIMAL: f"{number}.25",
        T.BOOLEAN: True,
        T.DATE: "2025-01-31",
        T.DATETIME: "2025-01-31T12:00:00.000Z",
        T.JSON: {"number": number},
    }
    return values[field.type]


def works(client: httpx.Client, schema: SchemaModel, table: Table, number: int) -> None:
    sent = body(client, schema, table, number)
    key = next(field.name for field in table.fields if field.primary_key)

    created = client.post(f"/{table.name}", json=sent)
    assert created.status_code == 201, created.text
    record = created.json()
    secrets = {field.name for field in table.fields if field.secrecy is not None}
    assert record.keys().isdisjoint(secrets)
    shown = {name: sent[name] for name in sent.keys() - secrets}
    assert record | shown == record
    place = f"/{table.name}/{record[key]}"
    assert client.get(place).json() == record
    assert client.get(f"/{table.name}", params={"limit": 1}).json()["items"] == [record]

    refused = client.post(f"/{table.name}", json={**sent, "surprise": 1})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "VALIDATION_FAILED"
    assert [detail["field"] for detail in refused.json()["error"]["details"]] == ["surprise"]

    fixed = {field.name for field in table.fields if field.access is FieldAccess.IMMUTABLE} | {key}
    if schema.accounts is not None and schema.accounts.table == table.name:
        fixed |= {schema.accounts.password, schema.accounts.login}  # change below /auth
    changes = {name: sent[name] for name in sent.keys() - fixed}
    if changes:
        changed = client.patch(place, json=changes)
        assert changed.status_code == 200, changed.text
        assert changed.json()["_version"] == 2

    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


def asks_for_values_as_bodies_have_them(client: httpx.Client) -> None:
    sent = body(client, AWKWARD, AWKWARD.tables[1], 99) | {"price": "7.5"}
    created = client.post("/index", json=sent)
    assert created.status_code == 201, created.text

    for price in ("7.5", "7.50"):
        page = client.get("/index", params={"price": price})
        assert page.json()["items"] == [created.json()]
    refused = [
        client.get("/index", params={"status": "x", **query}) for query in ({"price": "banana"}, {"sort": "price"})
    ]

    assert [answer.status_code for answer in refused] == [400, 400]
    assert [answer.json()["error"]["details"][0]["field"] for answer in refused] == ["price", "sort"]


def keeps_numbers_of_any_magnitude(client: httpx.Client) -> None:
    record = client.post("/index", json=body(client, AWKWARD, AWKWARD.tables[1], 98) | {"valueOf": 6.022e23}).json()
    assert record["valueOf"] == 6.022e23
    place, headers = f"/index/{record['id']}", {"Content-Type": "application/json"}
    for number in ("0.00000012", "1.20e-7", "-0.5e-100", "9007199254740994", "9.99e125"):
        changed = client.patch(place, content=f'{{"valueOf": {number}}}', headers=headers)
        assert changed.json()["valueOf"] == float(number)
    for number in ("1e126", "1e-131", "1e400", "1234567890123456.78", "9007199254740993"):
        refused = client.patch(place, content=f'{{"valueOf": {number}}}', headers=headers)
        assert refused.json()["error"]["details"][0]["field"] == "valueOf"


async def installed(backend: Project) -> None:
    """Install its packages, or link those that another backend with the same lock file had, as deployments do."""
    modules = Modules(NPM / "installed")
    if not await modules.link(backend.folder):
        backend.run("npm", "ci", "--no-audit", "--no-fund")
        await modules.keep(backend.folder)


def command_of_tests(backend: Project, *, is_built: bool) -> list[str]:
    """Return the command of a backend's own tests; where it is built already, what they are after that."""
    if not is_built:
        return ["npm", "test"]
    build, _, after = json.loads((backend.folder / "package.json").read_text())["scripts"]["test"].partition(" && ")
    assert build == "npm run build"
    return after.split()


@pytest.mark.npm
@pytest.mark.parametrize(
    "schema",
    [derive_schema("Build a user management API with teams, roles and pages"), AWKWARD],
    ids=["users and teams", "awkward names"],
)
def test_a_backend_installs_compiles_and_works(schema: SchemaModel, emulator: str, tmp_path: Path) -> None:
    backend = project(tmp_path, schema, emulator)

    asyncio.run(installed(backend))
    backend.run("npx", "eslint", "--max-warnings", "0", ".")
    if schema is not AWKWARD:  # openapi-typescript reads no field called `hasOwnProperty`
        backend.run("npm", "run", "test:client")
    assert re.search(
        r"^. fail 0$", backend.run(*command_of_tests(backend, is_built=schema is not AWKWARD)), re.MULTILINE
    )
    backend.run("npm", "run", "tables")

    if schema.accounts is not None:
        backend.run("npm", "run", "account", "--", "first@example.com", "admin", '{"name": "First"}')

    with backend.serving() as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/health").json() == {"status": "ok"}
        assert [one["table"] for one in client.get("/").json()["resources"]] == [table.name for table in schema.tables]
        for number, table in enumerate(AWKWARD.tables if schema is AWKWARD else (), start=1):
            works(client, schema, table, number)
        if schema is AWKWARD:
            asks_for_values_as_bodies_have_them(client)
            keeps_numbers_of_any_magnitude(client)
    for stage in ("production", "staging", "development"):
        assert "Set JWT_SECRET (at least 32 characters)" in backend.refusal(NODE_ENV=stage)
    assert "HOST must be 127.0.0.1" in backend.refusal(AUTH="off", HOST="0.0.0.0")
    (backend.folder / "src" / "models" / "index.ts").touch()
    changed = "src/models/index.ts was changed since the backend was built: npm run build"
    assert changed in backend.refusal("npm", "run", "migrate")
