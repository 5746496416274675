"""Counters: attributes that several writers add to at once, each in one step."""

from collections.abc import Mapping
from typing import Any

from services.foundation.aws.items import to_attribute


def addition(
    amounts: Mapping[str, int | frozenset[int]],
    *,
    stamps: Mapping[str, object],
    first: Mapping[str, object],
    at_most: Mapping[str, int],
) -> dict[str, Any]:
    """Return what an update says that adds to counters; the arguments are those of `Table.addition`."""
    written = {**first, **stamps, **amounts}
    place = {name: f"#{position}" for position, name in enumerate(written)}
    value = {name: f":{position}" for position, name in enumerate(written)}
    sets = [f"{place[name]} = if_not_exists({place[name]}, {value[name]})" for name in first]
    sets += [f"{place[name]} = {value[name]}" for name in stamps]
    adds = [f"{place[name]} {value[name]}" for name in amounts]
    values = {value[name]: to_attribute(what) for name, what in written.items()}
    rooms = {name: f":room{position}" for position, name in enumerate(at_most)}
    update: dict[str, Any] = {
        "UpdateExpression": f"SET {', '.join(sets)} ADD {', '.join(adds)}",
        "ExpressionAttributeNames": {where: name for name, where in place.items()},
    }
    if at_most:
        update["ConditionExpression"] = " AND ".join(_has_room(place[name], room) for name, room in rooms.items())
        values |= {room: to_attribute(at_most[name]) for name, room in rooms.items()} | {":zero": to_attribute(0)}
    return {**update, "ExpressionAttributeValues": values}


def _has_room(place: str, room: str) -> str:
    """Return the condition that a counter, which is 0 before it exists, leaves room."""
    return f"({place} <= {room} OR (attribute_not_exists({place}) AND {room} >= :zero))"
