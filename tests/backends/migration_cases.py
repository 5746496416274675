"""What a database holds before and after migrations of each kind, asked of the servers of three versions."""

from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from time import sleep
from typing import Any, Final

import httpx

from tests.backends.versions import Version

Row = dict[str, Any]
MANY: Final = 400
"""Records, so that a migration of them can be stopped on its way."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A server that is asked, each time with the answer that is expected."""

    client: httpx.Client

    def create(self, table: str, /, **body: Any) -> Row:
        return self._answer("POST", f"/{table}", 201, body)

    def refuse(self, table: str, /, **body: Any) -> None:
        self._answer("POST", f"/{table}", 409, body)

    def change(self, table: str, key: str, /, status: int = 200, **body: Any) -> Row:
        return self._answer("PATCH", f"/{table}/{key}", status, body)

    def put(self, table: str, key: str, /, **body: Any) -> Row:
        return self._answer("PUT", f"/{table}/{key}", 200, body)

    def get(self, table: str, key: str) -> Row:
        return self._answer("GET", f"/{table}/{key}", 200)

    def list(self, table: str, /, **query: str) -> list[Row]:
        return self._answer("GET", f"/{table}", 200, query=query)["items"]

    def delete(self, table: str, key: str, /, status: int = 204) -> None:
        self._answer("DELETE", f"/{table}/{key}", status)

    def is_closed(self) -> None:
        """Whatever is asked, the answer is 503 with what to run."""
        for method, path in (("GET", "/ready"), ("GET", "/notes"), ("POST", "/notes"), ("PATCH", "/notes/x")):
            answer = self.client.request(method, path, json={"title": "x"} if method != "GET" else None)
            assert answer.status_code == 503, answer.text
            assert "npm run migrate" in answer.text, answer.text

    def _answer(
        self, method: str, path: str, status: int, body: Row | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        answer = self.client.request(method, path, json=body, params=query)
        assert answer.status_code == status, f"{method} {path} {body or query}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def asked(version: Version) -> Generator[Asked]:
    with version.serving() as client:
        yield Asked(client)


def change_everything(first: Version, second: Version, third: Version) -> None:
    """Take a database with records of each table through three versions."""
    assert first.migrate()[0] == 0
    with asked(first) as server:
        keys = _begin(server)
    second.must_migrate()
    with asked(first) as server:
        server.is_closed()
    with asked(second) as server:
        _second(server, keys)
    said = third.must_migrate()
    assert "records brought to it: 0" not in said, said
    with asked(third) as server:
        _third(server, keys)
    assert "records brought to it: 0" in third.must_migrate()


def _begin(server: Asked) -> Row:
    parent = server.create("parents", name="p")["id"]
    other = server.create("parents", name="o")["id"]
    things = [server.create("things", sku=sku)["id"] for sku in ("1", "2")]
    server.create("kinds", code=7)
    server.create("shifts", who="ada", at="2026-01-31T12:00:00Z")
    server.create("prices", cost=5)
    left = [server.create("left", sku=sku, size=1)["id"] for sku in (12, 13)]
    server.create("stamps", name="s")
    server.create("seats", hall="a", number="1")
    return {
        "parent": parent,
        "other": other,
        "things": things,
        "left": left,
        "mail": server.create("mails", email="Bob@x.example")["id"],
        "seat": server.create("seats", hall="a", number="2")["id"],
        "kept": server.create("kept", name="k", extra=41, parentId=parent)["id"],
        "put": server.create("kept", name="k", extra=42, parentId=None)["id"],
        "child": server.create("children", parentId=parent)["id"],
        "note": server.create("notes", title="t")["id"],
    }


def _second(server: Asked, keys: Row) -> None:
    # Indexes over keys of another type, two of them over the same field.
    assert [row["code"] for row in server.list("kinds", code="7")] == ["7"]
    assert server.create("kinds", code="7000")["code"] == "7000"
    assert len(server.list("shifts", who="ada", sort="at")) == 1
    assert server.list("shifts", at="2026-01-31T12:00:00Z")[0]["at"] == "2026-01-31T12:00:00.000Z"
    # Converted values and defaults are as bodies have them.
    (price,) = server.list("prices", cost="5")
    assert (price["cost"], price["amount"], price["word"]) == ("5.00", "1.00", "Caf\u00e9")
    assert server.list("prices", word="Caf\u00e9") == [price]
    assert price["constructor"] == {"constructor": 1}
    server.create("toString", valueOf="12")
    server.refuse("prices", cost="5")
    fresh = server.create("prices", cost="6")
    assert (fresh["amount"], fresh["word"]) == (price["amount"], price["word"])
    server.put("prices", price["id"], **price)
    # Constraints that are gone, and one that is narrower.
    server.change("things", keys["things"][0], sku="2")
    server.change("things", keys["things"][1], sku="3")
    server.change("seats", keys["seat"], number="1")
    server.change("seats", keys["seat"], number="3")
    server.change("mails", keys["mail"], email="zed@x.example")
    for email in ("bob@x.example", "Bob@x.example", "BOB@x.example"):
        server.create("mails", email=email)
    for mail in server.list("mails", email="BOB@x.example"):
        server.delete("mails", mail["id"])
    for mail in server.list("mails", email="Bob@x.example"):
        server.delete("mails", mail["id"])
    # What this version does not know of a record stays, whatever changes it.
    server.change("kept", keys["kept"], name="k2")
    server.put("kept", keys["put"], name="k2", parentId=None)
    # A reference that is none for now.
    server.change("children", keys["child"], parentId=keys["other"])
    assert [row["name"] for row in server.list("stamps")] == ["s"]
    assert server.get("notes", keys["note"])["name"] == "t"


def _third(server: Asked, keys: Row) -> None:
    assert sorted(row["code"] for row in server.list("kinds")) == [7, 7000]
    assert server.list("shifts")[0]["at"] == "2026-01-31T12:00:00.000Z"
    (price,) = server.list("prices", cost="5")
    assert price["cost"] == "5.000"
    server.refuse("prices", cost="5.0")
    server.refuse("things", sku="2")
    server.create("things", sku="1")
    server.refuse("mails", email="ZED@x.example")
    server.refuse("mails", email="BOB@x.example")
    server.refuse("seats", hall="a", number="3")
    server.create("seats", hall="a", number="2")
    assert [server.get("kept", keys[name])["extra"] for name in ("kept", "put")] == ["41", "42"]
    server.refuse("toString", valueOf=12)
    # A table that was away is as if it had never been.
    assert [(row["sku"], row["must"]) for row in server.list("left", sku="12")] == [("12", "d")]
    server.refuse("left", sku="13")
    # SET_NULL empties a reference, and RESTRICT holds for those that refer now.
    server.delete("parents", keys["parent"])
    kept = server.get("kept", keys["kept"])
    assert (kept["extra"], kept["parentId"]) == ("41", None)
    server.delete("parents", keys["other"], status=409)
    assert len(server.list("stamps")) == 1


def stop_and_go_on(first: Version, second: Version, finishing: Version, database: Any) -> None:
    """Kill a migration on its way, while somebody writes: nobody serves until another brings it to its end."""
    assert first.migrate()[0] == 0
    with asked(first) as server:
        keys = [server.create("notes", title=f"t{number}")["id"] for number in range(MANY)]
        with writing(server, keys) as titles, second.migrating():
            while not 0 < _moved(second, database) < MANY:
                sleep(0.01)
        server.is_closed()
    moved = _moved(second, database)
    assert 0 < moved < MANY, moved
    for version in dict.fromkeys((first, second, finishing)):
        with asked(version) as server:
            server.is_closed()
    status, said = first.migrate("--dry-run")
    assert status == 0, said
    assert _moved(second, database) == moved
    until_unlocked(finishing)
    is_back = finishing.folder == first.folder
    with asked(finishing) as server:
        names = {key: server.get("notes", key)["title" if is_back else "name"] for key in keys}
    assert names == titles
    with asked(second if is_back else first) as server:
        server.is_closed()


@contextmanager
def writing(server: Asked, keys: list[str]) -> Generator[dict[str, str]]:
    """Change titles for the length of the block, until the server is closed. Yields what was said to be written."""
    titles = {key: f"t{number}" for number, key in enumerate(keys)}
    done = Event()

    def write() -> None:
        for number in range(10**9):
            key = keys[number % len(keys)]
            answer = server.client.patch(f"/notes/{key}", json={"title": f"w{number}"})
            if done.is_set() or answer.status_code != 200:
                return
            titles[key] = f"w{number}"

    writer = Thread(target=write)
    writer.start()
    try:
        yield titles
    finally:
        done.set()
        writer.join()


def until_unlocked(version: Version) -> None:
    """Migrate, as soon as the lock of a migration that was killed has run out."""
    status, said = version.migrate()
    for _ in range(60):
        if "Another migration is under way" not in said:
            break
        sleep(1)
        status, said = version.migrate()
    assert status == 0, said


def two_at_once(first: Version, second: Version) -> None:
    assert first.migrate()[0] == 0
    with asked(first) as server:
        keys = [server.create("notes", title=f"t{number}")["id"] for number in range(20)]
    with second.migrating() as one, second.migrating() as other:
        ends = [(migration.communicate()[0], migration.returncode) for migration in (one, other)]
    assert [status for _, status in ends].count(0) >= 1, ends
    assert all(status == 0 or "Another migration is under way" in said for said, status in ends), ends
    with asked(second) as server:
        assert [server.get("notes", key)["name"] for key in keys] == [f"t{number}" for number in range(20)]


def two_that_start(first: Version, second: Version) -> None:
    """Two servers that migrate as they start: one does it, the other waits, and both serve."""
    assert first.migrate()[0] == 0
    with asked(first) as server:
        keys = [server.create("notes", title=f"t{number}")["id"] for number in range(20)]

    def names(_: int) -> list[str]:
        with second.serving(MIGRATE_ON_START="true") as client:
            for _ in range(120):
                if client.get("/ready").status_code == 200:
                    break
                sleep(0.5)
            return [Asked(client).get("notes", key)["name"] for key in keys]

    with ThreadPoolExecutor() as pool:
        shown = list(pool.map(names, range(2)))
    assert shown == [[f"t{number}" for number in range(20)]] * 2
    assert "records brought to it: 0" in second.must_migrate()


def go_back(first: Version, second: Version) -> None:
    """What a version has renamed is found by the one before, which does not know of it, and again by the later one."""
    assert first.migrate()[0] == 0
    with asked(first) as server:
        keys = [server.create("notes", title="a", text="b")["id"]]
    second.must_migrate()
    with asked(second) as server:
        keys.append(server.create("notes", name="c", body="d")["id"])

    first.must_migrate()
    with asked(first) as server:
        notes = [server.get("notes", key) for key in keys]
        assert [(note["title"], note["text"]) for note in notes] == [("a", "b"), ("c", "d")]
        server.change("notes", keys[0], title="e")
    second.must_migrate()
    with asked(second) as server:
        notes = [server.get("notes", key) for key in keys]
        assert [(note["name"], note["body"]) for note in notes] == [("e", "b"), ("c", "d")]


def refuse_what_cannot_be(first: Version, another_key: Version, unfit: Version, database: Any) -> None:
    """What cannot be brought over is told before anything is changed."""
    assert first.migrate()[0] == 0
    with asked(first) as server:
        keys = {
            "shifts": server.create("shifts", who="ada", at="soon")["id"],
            "things": server.create("things", sku="1.234")["id"],
            "kept": server.create("kept", name="k", extra=None, parentId=None)["id"],
            "notes": server.create("notes", title="t")["id"],
            "parents": server.create("parents", name="p")["id"],
        }
        database.update_item(
            TableName=f"{first.prefix}parents",
            Key={"id": {"S": keys["parents"]}},
            UpdateExpression="SET #name = :empty",
            ExpressionAttributeNames={"#name": "name"},
            ExpressionAttributeValues={":empty": {"S": ""}},
        )
        before = contents(database, first.prefix)
        for arguments in (["--dry-run"], []):
            said = _refused(another_key, *arguments)
            assert "its primary key is id (text) and cannot become id (number)" in said, said
            said = _refused(unfit, *arguments)
            assert [table for table, key in keys.items() if f'{table} \\"{key}\\"' not in said] == [], said
        assert contents(database, first.prefix) == before
        server.create("notes", title="it goes on")
    # As it is where nobody knows any more what the database is like.
    database.delete_item(TableName=f"{first.prefix}system-records", Key={"key": {"S": "schema"}})
    assert "cannot become id (number)" in _refused(another_key)


def _refused(version: Version, *arguments: str) -> str:
    status, said = version.migrate(*arguments)
    assert status == 1, said
    assert "Nothing was changed" in said, said
    return said


def contents(database: Any, prefix: str) -> dict[str, list[Row]]:
    """All that is stored, by table; without the lock, which a migration that is refused takes, too."""
    lock = {"S": "migration"}
    names = [name for name in database.list_tables()["TableNames"] if name.startswith(prefix)]
    items = {name: database.scan(TableName=name)["Items"] for name in names}
    return {name: sorted((row for row in rows if row.get("key") != lock), key=str) for name, rows in items.items()}


def _moved(version: Version, database: Any) -> int:
    rows = database.scan(
        TableName=f"{version.prefix}notes",
        FilterExpression="attribute_exists(#name)",
        ExpressionAttributeNames={"#name": "name"},
    )
    return rows["Count"]
