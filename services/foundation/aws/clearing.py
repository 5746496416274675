"""Deleting many items of a table at once: all of one partition, of the table itself or of an index."""

import asyncio
from typing import Any, Final

from services.core.errors import Unavailable
from services.foundation.aws.items import Item, to_attribute
from services.foundation.aws.tables import Table

_BATCH: Final = 25
"""Items of one BatchWriteItem: DynamoDB's maximum."""

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between the calls for items that DynamoDB left out, as it does where it is throttled."""


async def clear(table: Table[Any], partition: str, *, index: str | None = None) -> None:
    """Delete all items of a partition, whatever has become of them. Repeating is harmless. Raises Unavailable.

    For what nobody writes any more: no version is asked for.
    """
    key = table.spec.key
    names = {"#partition": table.spec.index(index).partition if index else table.spec.partition}
    names |= {f"#k{position}": name for position, name in enumerate(key)}
    request: dict[str, Any] = {
        "TableName": table.name,
        "KeyConditionExpression": "#partition = :partition",
        "ProjectionExpression": ", ".join(f"#k{position}" for position in range(len(key))),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":partition": to_attribute(partition)},
        **({"IndexName": index} if index else {"ConsistentRead": True}),
    }
    start: Any = None
    while True:
        more = {"ExclusiveStartKey": start} if start else {}
        answer = await table.aws.tables.call("Query", {**request, **more})
        for first in range(0, len(answer["Items"]), _BATCH):
            await _delete(table, answer["Items"][first : first + _BATCH])
        start = answer.get("LastEvaluatedKey")
        if not start:
            return


async def _delete(table: Table[Any], keys: list[Item]) -> None:
    waiting: Any = {table.name: [{"DeleteRequest": {"Key": key}} for key in keys]}
    for pause in _PAUSES:
        answer = await table.aws.tables.call("BatchWriteItem", {"RequestItems": waiting})
        waiting = answer.get("UnprocessedItems")
        if not waiting:
            return
        await asyncio.sleep(pause)
    raise Unavailable("The database is busy; try again.")
