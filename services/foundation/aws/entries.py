"""A map in an item that holds a bounded number of entries, each taken in one step however many do so at once.

Taking is one UpdateItem that DynamoDB does or refuses by itself, so nobody waits for anybody.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from botocore.exceptions import ClientError

from services.core.frozen import frozen
from services.foundation.aws.conditions import is_condition_failure
from services.foundation.aws.items import to_attribute
from services.foundation.aws.keys import key_at
from services.foundation.aws.reading import Reader


@frozen
class Entries:
    """Writes the entries of one attribute. Each method may be repeated, and then changes nothing more."""

    table: Reader[Any]
    attribute: str

    async def take(self, item_id: str, name: str, value: object, *, most: int, stamps: Mapping[str, object]) -> bool:
        """Add an entry where there are fewer than `most`; one that is there already stays. Return whether it is there.

        The item is stamped with `stamps`. False also where the map was not begun.
        """
        places = {"#map": self.attribute, "#name": name, **_names(stamps)}
        return await self._update(
            item_id,
            ", ".join(["SET #map.#name = if_not_exists(#map.#name, :value)", *_sets(stamps)]),
            "attribute_exists(#map) AND (attribute_exists(#map.#name) OR size(#map) < :most)",
            places,
            {":value": value, ":most": most, **_values(stamps)},
        )

    async def begin(self, item_id: str, *, stamps: Mapping[str, object]) -> None:
        """Make the map, empty, and its item; where it is there already it stays."""
        await self._update(
            item_id,
            ", ".join(["SET #map = :none", *_sets(stamps)]),
            "attribute_not_exists(#map)",
            {"#map": self.attribute, **_names(stamps)},
            {":none": {}, **_values(stamps)},
        )

    async def drop(self, item_id: str, names: AbstractSet[str]) -> None:
        """Take entries out."""
        places = {f"#{position}": name for position, name in enumerate(names)}
        removed = ", ".join(f"#map.{place}" for place in places)
        await self._update(item_id, f"REMOVE {removed}", "attribute_exists(#map)", {"#map": self.attribute, **places})

    async def _update(
        self,
        item_id: str,
        change: str,
        condition: str,
        names: Mapping[str, str],
        values: Mapping[str, object] | None = None,
    ) -> bool:
        """Change an item in one step, if the condition holds; return whether it did."""
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "Key": key_at(self.table.spec, [item_id]),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
        }
        if values:
            request["ExpressionAttributeValues"] = {name: to_attribute(value) for name, value in values.items()}
        try:
            await self.table.aws.tables.call("UpdateItem", request)
        except ClientError as error:
            if is_condition_failure(error):
                return False
            raise
        return True


def _names(stamps: Mapping[str, object]) -> dict[str, str]:
    return {f"#s{position}": name for position, name in enumerate(stamps)}


def _values(stamps: Mapping[str, object]) -> dict[str, object]:
    return {f":s{position}": value for position, value in enumerate(stamps.values())}


def _sets(stamps: Mapping[str, object]) -> list[str]:
    return [f"#s{position} = :s{position}" for position in range(len(stamps))]
