"""The queries of a table and of an index, and the cursors that continue them: keys of items, in the index's order."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.core.errors import Invalid
from services.core.pages import decode_cursor, encode_cursor
from services.foundation.aws.items import Item, to_attribute
from services.foundation.aws.spec import Index, TableSpec


def partition_query(
    table_name: str, spec: TableSpec[Any], partition: str, condition: str = "", **values: object
) -> dict[str, Any]:
    """Return the request for one partition of a table itself, as it is now.

    `condition` is one of its sort key, called #sort, with the values; "" takes the whole partition.
    """
    names = {"#partition": spec.partition, **({"#sort": spec.key[-1]} if condition else {})}
    attributes = {f":{name}": to_attribute(value) for name, value in values.items()}
    return {
        "TableName": table_name,
        "KeyConditionExpression": " AND ".join(["#partition = :partition", *([condition] if condition else [])]),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":partition": to_attribute(partition), **attributes},
        "ConsistentRead": True,
    }


def index_query(
    table_name: str,
    index: Index,
    partition: str,
    where: Mapping[str, str],
    *,
    between: tuple[str, str] | None = None,
    since: str | None = None,
    newest_first: bool,
) -> dict[str, Any]:
    """Return the request for one partition of an index; the arguments are those of `Table.query` and `count`."""
    names = {"#partition": index.partition}
    values = {":partition": to_attribute(partition)}
    keys, filters = ["#partition = :partition"], list[str]()
    for position, (attribute, value) in enumerate(where.items()):
        names[f"#w{position}"], values[f":w{position}"] = attribute, to_attribute(value)
        (keys if attribute == index.sort else filters).append(f"#w{position} = :w{position}")
    if between is not None:
        names["#between"] = index.sort or ""
        values[":first"], values[":last"] = map(to_attribute, between)
        keys.append("#between BETWEEN :first AND :last")
    if since is not None:
        names["#since"], values[":since"] = index.sort or "", to_attribute(since)
        keys.append("#since >= :since")
    request: dict[str, Any] = {
        "TableName": table_name,
        "IndexName": index.name,
        "KeyConditionExpression": " AND ".join(keys),
        "ScanIndexForward": not newest_first,
    }
    if filters:
        request["FilterExpression"] = " AND ".join(filters)
    return {**request, "ExpressionAttributeNames": names, "ExpressionAttributeValues": values}


def cursors_of(spec: TableSpec[Any], index: Index, items: Iterable[Item]) -> list[str]:
    """Return the cursors that continue after each of the items."""
    names = _names(spec, index)
    keys = ([item[name] for name in names] for item in items)
    return [encode_cursor([int(part["N"]) if "N" in part else part["S"] for part in key]) for key in keys]


def start_after(spec: TableSpec[Any], index: Index, partition: str, after: str | None) -> Item | None:
    """Return where a query goes on after a cursor. Raises Invalid for one that is not of this list."""
    if after is None:
        return None
    names = _names(spec, index)
    key = dict(zip(names, decode_cursor(after, parts=len(names)), strict=True))
    sort_is_number = isinstance(key.get(index.sort or ""), int)
    if key[index.partition] != partition or (index.sort is not None and sort_is_number != (index.sort_type == "N")):
        raise Invalid.one("after is not a cursor of this list.", "after")
    return {name: to_attribute(value) for name, value in key.items()}


def _names(spec: TableSpec[Any], index: Index) -> list[str]:
    names = [*spec.key, index.partition, *([index.sort] if index.sort else [])]
    return list(dict.fromkeys(names))
