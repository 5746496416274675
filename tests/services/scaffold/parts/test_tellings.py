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
