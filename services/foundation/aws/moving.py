"""Items as DynamoDB has them, whatever an entity knows of them: out of a table, and back into one."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from services.foundation.aws.items import Item, to_attribute
from services.foundation.aws.tables import Table


async def items_of(table: Table[Any], partition: str, *, index: str | None = None) -> AsyncGenerator[Item]:
    """Yield all items of a partition of the table itself, as they are now, or of an index."""
    attribute = table.spec.index(index).partition if index else table.spec.partition
    request: dict[str, Any] = {
        "TableName": table.name,
        "KeyConditionExpression": "#partition = :partition",
        "ExpressionAttributeNames": {"#partition": attribute},
        "ExpressionAttributeValues": {":partition": to_attribute(partition)},
        **({"IndexName": index} if index else {"ConsistentRead": True}),
    }
    while True:
        answer = await table.aws.tables.call("Query", request)
        for item in answer["Items"]:
            yield item
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


async def is_there(table: Table[Any], item: Item, *, by: Sequence[str]) -> bool:
    """Tell whether there is an item that has the same of these attributes of the key, the first or both."""
    names = {f"#k{number}": name for number, name in enumerate(by)}
    request = {
        "TableName": table.name,
        "KeyConditionExpression": " AND ".join(f"{name} = :{name[1:]}" for name in names),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {f":{name[1:]}": item[attribute] for name, attribute in names.items()},
        "ConsistentRead": True,
        "Limit": 1,
    }
    return bool((await table.aws.tables.call("Query", request))["Items"])


async def put_back(table: Table[Any], item: Item) -> bool:
    """Put an item where none has its key; tell whether there was none."""
    request = {
        "TableName": table.name,
        "Item": item,
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": table.spec.partition},
    }
    try:
        await table.aws.tables.call("PutItem", request)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise
        return False
    return True
