"""Tests of which changes of rows a part is told of."""

import pytest

from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.scaffold.parts.tellings import tellings
from services.scaffold.plan import plan_tables

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
TABLES = plan_tables(SchemaModel(tables=tuple(Table(name=name, fields=(KEY,)) for name in ("orders", "order_items"))))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Orders placed", {"orders": ["created"]}),
        ("new order", {"orders": ["created"]}),
        ("order is updated or deleted", {"orders": ["updated", "deleted"]}),
        ("OrderItems added", {"order_items": ["created"]}),
        ("order events", {"orders": ["created", "updated", "deleted"]}),
        ("Orders", {}),
        ("sends mails", {}),
        ("created", {}),
    ],
)
def test_a_text_tells_of_a_table_and_a_change_that_it_names(text: str, told: dict[str, list[str]]) -> None:
    heard = tellings([text], TABLES)

    assert {each.table.name: [change.value for change in each.changes] for each in heard} == told


def test_texts_are_heard_together() -> None:
    (telling,) = tellings(["Orders placed", "orders deleted"], TABLES)

    assert [change.value for change in telling.changes] == ["created", "deleted"]


@pytest.mark.parametrize(
    ("table", "text", "told"),
    [
        ("events", "event created", ["created"]),
        ("events", "Events", ["created", "updated", "deleted"]),
        ("updates", "Update deleted", ["deleted"]),
        ("new_orders", "new order deleted", ["deleted"]),
    ],
)
def test_the_name_of_a_table_is_no_change_of_it(table: str, text: str, told: list[str]) -> None:
    (telling,) = tellings([text], plan_tables(SchemaModel(tables=(Table(name=table, fields=(KEY,)),))))

    assert [change.value for change in telling.changes] == told
