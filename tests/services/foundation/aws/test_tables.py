"""What the table mapper promises, against the emulator."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.core.errors import Invalid
from services.core.pages import PageRequest
from services.foundation.aws.clients import Aws
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.items import Entity
from services.foundation.aws.provision import Resources, provision
from services.foundation.aws.spec import Index, Stays, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import write_together

NOW = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)


class Color(Enum):
    RED = "RED"


class Thing(Entity, frozen=True, kw_only=True, rename="camel"):
    owner_id: str
    rank: int = 0
    color: Color = Color.RED
    weight: float | None = None
    anything: Any = None


STAYS = (Stays("It is a test's."),)
THINGS = TableSpec(
    "things",
    Thing,
    fate=STAYS,
    sort="ownerId",
    indexes=(Index("OwnerIndex", "ownerId", "createdAt"), Index("RankIndex", "ownerId", "rank", sort_type="N")),
)


@pytest.fixture
def table(aws: Aws) -> Table[Thing]:
    name = f"things-{uuid.uuid4().hex}"
    provision(aws, Resources([(name, THINGS)], [], f"bucket-{uuid.uuid4().hex}", name))
    return Table(aws=aws, spec=THINGS, name=name, now=lambda: NOW)


def thing(thing_id: str = "thing_1", **fields: Any) -> Thing:
    given: dict[str, Any] = {"id": thing_id, "owner_id": "o", "created_at": NOW, "updated_at": NOW, **fields}
    return Thing(**given)


async def test_what_was_stored_comes_back_equal(table: Table[Thing]) -> None:
    stored = thing(rank=-3, weight=0.1, anything={"a": [1, 2.5, None, True, "é", {"b": {}}]})

    await table.put_new(stored)

    assert await table.find("thing_1") == stored
    assert await table.find("thing_2") is None


async def test_an_item_from_before_is_read_with_defaults_and_without_what_is_not_known(table: Table[Thing]) -> None:
    moment = {"S": "2026-01-31T12:00:00.005Z"}
    key = {"id": {"S": "thing_1"}, "ownerId": {"S": "o"}}
    stored = {**key, "createdAt": moment, "updatedAt": moment, "version": {"N": "1"}}
    later = {"fromTheFuture": {"M": {"a": {"L": [{"N": "1"}]}}}, "retired": {"NULL": True}}
    table.aws.dynamodb.put_item(TableName=table.name, Item={**stored, **later})

    found = await table.find("thing_1")

    assert found == thing(rank=0, color=Color.RED, weight=None, anything=None)
    listed = await table.query("OwnerIndex", "o", PageRequest(first=1))
    assert (listed.items, await table.find_many([("thing_1", "o")])) == ([found], [found])
    assert await table.update("thing_1", lambda old: replace(old, rank=1)) == thing(rank=1, version=2)


@pytest.mark.parametrize("no_id", ["", "x" * 5000])
async def test_nothing_has_an_id_that_can_be_none(table: Table[Thing], no_id: str) -> None:
    assert await table.find(no_id) is None
    assert await table.update(no_id, lambda old: old) is None


async def test_things_of_one_id_are_told_apart_by_their_sort_key(table: Table[Thing]) -> None:
    await table.put_new(thing(owner_id="a"))
    await table.put_new(thing(owner_id="b"))

    await table.update("thing_1", lambda old: replace(old, rank=7), sort="b")
    gone = await table.delete(thing(owner_id="a"))
    again = await table.delete(thing(owner_id="a"))

    assert (gone, again) == (True, True)
    assert [(one.owner_id, one.rank) for one in await table.sharing("thing_1")] == [("b", 7)]
    assert await table.find("thing_1", sort="a") is None


async def test_an_id_is_stored_once(table: Table[Thing]) -> None:
    await table.put_new(thing(rank=1))

    with pytest.raises(AlreadyExists):
        await table.put_new(thing(rank=2))

    assert (await table.find("thing_1")) == thing(rank=1)


async def test_concurrent_updates_all_count(table: Table[Thing]) -> None:
    await table.put_new(thing())

    await asyncio.gather(
        *(table.update("thing_1", lambda old: replace(old, rank=old.rank + 1)) for _ in range(8)),
    )

    found = await table.find("thing_1")
    assert found is not None
    assert (found.rank, found.version) == (8, 9)


async def test_an_update_that_raises_or_returns_its_argument_writes_nothing(table: Table[Thing]) -> None:
    await table.put_new(thing())

    def refuse(old: Thing) -> Thing:
        raise ValueError(old.id)

    with pytest.raises(ValueError, match="thing_1"):
        await table.update("thing_1", refuse)
    await table.update("thing_1", lambda old: old)

    assert await table.find("thing_1") == thing()
    assert await table.update("thing_2", lambda old: old) is None


async def test_pages_follow_each_other_in_the_order_of_the_index(table: Table[Thing]) -> None:
    for rank in range(5):
        await table.put_new(thing(f"thing_{rank}", rank=rank))
        await table.put_new(thing(f"thing_other_{rank}", rank=rank, owner_id="p"))

    first = await table.query("RankIndex", "o", PageRequest(3))
    second = await table.query("RankIndex", "o", PageRequest(3, first.cursors[-1]))

    assert [item.rank for item in [*first.items, *second.items]] == [4, 3, 2, 1, 0]
    assert (first.has_next, second.has_next) == (True, False)


async def test_a_filtered_page_is_full_where_enough_items_match(table: Table[Thing]) -> None:
    for rank in range(60):
        await table.put_new(thing(f"thing_{rank:02}", rank=rank, weight=None, anything="odd" if rank % 2 else "even"))

    page = await table.query("RankIndex", "o", PageRequest(20), where={"anything": "even"})

    assert [item.rank for item in page.items] == list(range(58, 18, -2))
    assert page.has_next


async def test_a_cursor_of_another_partition_is_refused(table: Table[Thing]) -> None:
    for rank in range(2):
        await table.put_new(thing(f"thing_{rank}", rank=rank))
    cursor = (await table.query("RankIndex", "o", PageRequest(1))).cursors[0]

    with pytest.raises(Invalid):
        await table.query("RankIndex", "p", PageRequest(1, cursor))


async def test_a_transaction_writes_all_or_nothing(table: Table[Thing]) -> None:
    await table.put_new(thing("thing_1"))

    free, taken = table.creation(thing("thing_2")), table.creation(thing("thing_1", rank=9))
    refused = await write_together([free, taken])
    done = await write_together([table.creation(thing("thing_3")), table.replacement(thing(), thing(rank=7))])

    assert (refused, done) == ({taken}, frozenset())
    assert await table.find("thing_2") is None
    assert (await table.find("thing_1")) == thing(rank=7, version=2)


async def test_a_delete_of_a_stale_version_deletes_nothing(table: Table[Thing]) -> None:
    await table.put_new(thing())
    await table.update("thing_1", lambda old: replace(old, rank=1))

    assert not await table.delete(thing())

    assert await table.find("thing_1") is not None


def test_provisioning_twice_changes_nothing(aws: Aws) -> None:
    name = f"things-{uuid.uuid4().hex}"
    resources = Resources([(name, THINGS)], [], name, name)

    provision(aws, resources)
    before = aws.dynamodb.describe_table(TableName=name)["Table"]
    provision(aws, resources)

    assert aws.dynamodb.describe_table(TableName=name)["Table"] == before


async def test_many_are_found_by_their_keys_in_the_order_asked_for(table: Table[Thing]) -> None:
    things = [thing(f"thing_{number}", rank=number) for number in range(120)]
    await asyncio.gather(*(table.put_new(one) for one in things))
    keys = [(one.id, "o") for one in reversed(things)]

    found = await table.find_many([("thing_5", "p"), *keys, keys[0], ("none", "o")])

    assert found == [None, *reversed(things), things[-1], None]
    assert await table.find_many([]) == []


async def test_entities_are_counted_from_a_sort_key_on(table: Table[Thing]) -> None:
    for day in range(1, 6):
        moment = NOW.replace(day=day)
        await table.put_new(thing(f"thing_{day}", created_at=moment, rank=day % 2))
    await table.put_new(thing("other", owner_id="p"))
    since = "2026-01-03T00:00:00.000Z"

    assert await table.count("OwnerIndex", "o") == 5
    assert await table.count("OwnerIndex", "o", since=since) == 3
    assert await table.count("OwnerIndex", "o", since=since, where={"color": "RED", "weight": "1"}) == 0
    assert await table.count("OwnerIndex", "q") == 0


async def test_a_sort_key_asked_for_is_looked_up_and_the_rest_filtered(table: Table[Thing]) -> None:
    for number, moment in enumerate([NOW, NOW.replace(day=1)]):
        await table.put_new(thing(f"thing_{number}", created_at=moment))

    page = await table.query(
        "OwnerIndex", "o", PageRequest(), where={"createdAt": "2026-01-01T12:00:00.005Z", "color": "RED"}
    )

    assert [one.id for one in page.items] == ["thing_1"]


class Preference(Entity, frozen=True, kw_only=True, rename="camel"):
    id: str = msgspec.field(name="userId")
    color: Color = Color.RED


async def test_a_table_may_call_its_partition_key_otherwise(aws: Aws) -> None:
    spec, name = TableSpec("preferences", Preference, fate=STAYS, partition="userId"), f"preferences-{uuid.uuid4().hex}"
    provision(aws, Resources([(name, spec)], [], f"bucket-{uuid.uuid4().hex}", name))
    table = Table(aws=aws, spec=spec, name=name, now=lambda: NOW)
    stored = Preference(id="user_1", created_at=NOW, updated_at=NOW)
    await table.put_new(stored)

    with pytest.raises(AlreadyExists):
        await table.put_new(stored)

    assert await table.find("user_1") == stored
    assert await table.find_many([("user_1",)]) == [stored]
    assert await table.update("user_1", replace) == replace(stored, version=2)


async def test_all_of_a_long_list_are_gone_over_while_they_go(table: Table[Thing]) -> None:
    for number in range(250):
        await table.put_new(thing(f"thing_{number:03}", created_at=NOW + timedelta(milliseconds=number)))

    seen: list[str] = []
    async for one in table.every("OwnerIndex", "o"):
        seen.append(one.id)
        await table.remove(one)

    assert seen == [f"thing_{number:03}" for number in range(250)]
    assert [one.id async for one in table.every("OwnerIndex", "o")] == []


async def test_a_removal_does_not_ask_what_has_become_of_the_thing(table: Table[Thing]) -> None:
    await table.put_new(thing())
    await table.update("thing_1", lambda old: replace(old, rank=7))

    await table.remove(thing())
    await table.remove(thing())

    assert await table.find("thing_1") is None
    assert await table.update("thing_1", lambda old: replace(old, rank=8)) is None
