"""The scalars beyond GraphQL's own, each as its specification says."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NewType
from urllib.parse import urlsplit

import strawberry
from graphql import (
    EnumValueNode,
    GraphQLError,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    value_from_ast_untyped,
)
from strawberry.scalars import JSON

from services.core.clock import FIRST, LAST, iso, moment_in

Long = NewType("Long", int)
URL = NewType("URL", str)

SAFE: int = 2**53 - 1
"""The greatest integer that JSON readers agree on (RFC 8259, section 6)."""


# Each refuses with a GraphQLError: another exception of a variable would count as a mistake of ours.


def _datetime(value: object) -> datetime:
    try:
        return moment_in(value if isinstance(value, str) else "")
    except ValueError:
        message = "DateTime must be written as 2026-01-31T12:00:00Z, with its time zone, from 1970 to 9999."
        raise GraphQLError(message) from None


def _long(value: object) -> int:
    if isinstance(value, float) and value.is_integer():  # neither NaN nor an infinity is one
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError("Long must be a whole number.")
    if abs(value) > SAFE:
        raise GraphQLError("Long must be within ±(2^53 - 1).")
    return value


def _within(value: int) -> int:
    """Return the nearest number that can be written: what is stored is shown, also where it should never have been."""
    return max(-SAFE, min(int(value), SAFE))


def _date(value: object) -> date:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        day = None
    if day is None or day.isoformat() != value or not FIRST.date() <= day <= LAST.date():
        raise GraphQLError("Date must be a day written as 2026-01-31, from 1970 to 9999.")
    return day


def _url(value: object) -> str:
    try:
        scheme = urlsplit(str(value)).scheme
    except ValueError:
        scheme = ""
    if not isinstance(value, str) or scheme not in ("http", "https"):
        raise GraphQLError("URL must be an absolute http or https URL.")
    return value


def _json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
    """Read JSON that is written in a document, where GraphQL would take any name for the value of an enum."""
    waiting = [node]
    while waiting:
        match waiting.pop():
            case EnumValueNode() as name:
                message = f"JSON has no {name.value[:100]}: write a string, a number, true, false or null."
                raise GraphQLError(message, name)
            case ListValueNode() as items:
                waiting += items.values
            case ObjectValueNode() as members:
                waiting += [member.value for member in members.fields]
            case _:
                pass
    return value_from_ast_untyped(node, variables)


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, with milliseconds and always with its zone: `2026-01-31T12:00:00.000Z`. Sent "
        "with seconds and any offset: `2026-01-31T13:00:00+01:00`.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=iso,
        parse_value=_datetime,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in UTC: `2026-01-31`.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
        serialize=date.isoformat,
        parse_value=_date,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, written as a string: `"0.00045"`.',
        serialize=lambda value: f"{value.normalize():f}",
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number of up to 53 bits, for counts of bytes, tokens and events.",
        serialize=_within,
        parse_value=_long,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An absolute http or https URL.",
        specified_by_url="https://url.spec.whatwg.org/",
        serialize=_url,
        parse_value=_url,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        parse_value=lambda value: value,
        parse_literal=_json_literal,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
}
