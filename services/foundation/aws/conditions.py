"""The conditions of writes, and what comes of one that does not hold."""

from typing import Any, Final

from botocore.exceptions import ClientError

from services.foundation.aws.spec import TableSpec

CONTENTION: Final = 20
"""How often an update is tried again when others keep changing the same item."""


class AlreadyExists(Exception):
    """An item with this key is there already; nothing was written."""


def absent(spec: TableSpec[Any]) -> dict[str, Any]:
    """Return the condition that nothing has the key of the item that is written."""
    return {
        "ConditionExpression": "attribute_not_exists(#id)",
        "ExpressionAttributeNames": {"#id": spec.partition},
    }


def present(spec: TableSpec[Any]) -> dict[str, Any]:
    """Return the condition that there is an item with this key."""
    return {
        "ConditionExpression": "attribute_exists(#id)",
        "ExpressionAttributeNames": {"#id": spec.partition},
    }


def version_is(version: int) -> dict[str, Any]:
    """Return the condition that the item has not changed since this version of it was read."""
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }


def is_condition_failure(error: ClientError) -> bool:
    """Tell whether a write of one item was refused by its condition."""
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
