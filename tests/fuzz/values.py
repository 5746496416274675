"""Values to send: what is meant, what is odd and still of the type, and null, for every type of the SDL's inputs."""

# graphql-core's types of types are generic without arguments.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
)
from hypothesis import strategies as st

from services.core.frozen import frozen
from tests.tables import MADE, kind_named


@frozen
class Ref:
    """The id of some thing of a kind; which one is known when it is sent."""

    kind: str
    nth: int


@frozen
class Raw:
    """A number as it is written."""

    text: str


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


TEXTS: Final = [
    "Shop", "a", "", " ", "می‌خواهم", "👨‍👩‍👧‍👦", "Prix : 3 €", "שלום", "日本語", "e\u0301", "\u200b", "\ufeff",
    "\u202egpj.exe",
    "\U000e0041", "\x00", "a\x00b", "\x1b[31mred", "a\r\nBcc: x@y.example", "a\tb", "\n", "\x85", "\x7f",
    "\u2028", "\ud83d", "\udc00x",
    "__proto__", "constructor", "null", "undefined", "true", "0", "-1", "1e999", "NaN", "{}", "[]", "*", "#",
    "a#b", "../../etc/passwd",
    "</script><script>alert(1)</script>", "' OR 1=1 --", "${7*7}", "%s%n", "%00", "\\u0000", '"', "\\",
    "/" * 50, "x" * 101, "x" * 201,
    "x" * 501, "x" * 2_049, "x" * 9_000, "é" * 150, "👍" * 100, "[" * 9_000, "{" * 500, "\uffff", "\U0010ffff",
    "Ǆ", "ﷺ" * 30, "İ",
    "2026-01-31T12:00:00Z", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "production",
    "Europe/Berlin", "Europe", "..", "UTC\x00",
    "scaffold-1", "http://127.0.0.1:9999", "https://example.com/" + "a" * 3_000, "http://[::1",
    "javascript:alert(1)", "https://ü.example",
    "http://\u0000", "//", "a@b.example", "a@b.example\n", "+14155550123", "user_a", "node build.js", "id",
    "userId", "createdAt",
]  # fmt: skip
"""What people write, and what they write who want to break it."""
HUMAN: Final = TEXTS[:2] + TEXTS[4:10]

CURSORS: Final = [
    _packed("[" * 6_000),
    _packed("[]"),
    _packed("[1]"),
    _packed('["a"]'),
    _packed('["a","b"]'),
    _packed('["a","b",1]'),
    _packed('["a","b","c","d"]'),
    _packed("[null]"),
    _packed(f"[{'9' * 5000}]"),
    _packed("[1e999]"),
    _packed("5.abcdefabcdef"),
    _packed("999999999999999.stored"),
    _packed("0.stored"),
    _packed(json.dumps(["\ud83d", "b"])),
    "é",
    "=",
    "",
    "\x00",
    "[" * 20_000,
]
"""What no list has told, and what a stream might."""

IDS: Final = [
    "",
    "x",
    "project_",
    "project_\ud83d",
    "project_\x00",
    "project_" + "z" * 26,
    "user_",
    "user_é",
    "_",
    "a" * 3_000,
    "1",
]
INTS: Final[list[Any]] = [
    0,
    1,
    -1,
    2,
    20,
    100,
    101,
    2**31 - 1,
    -(2**31),
    2**31,
    2**53 - 1,
    2**53,
    2**63,
    10**30,
    10**4_000,
]
FLOATS: Final[list[Any]] = [
    0,
    0.0,
    -0.0,
    1,
    0.5,
    -0.5,
    2,
    2.0001,
    1e-300,
    1e300,
    86_400_000,
    Raw("1e999"),
    Raw("-1e999"),
    Raw("9" * 5_000),
]
NUMBERS: Final[list[Any]] = [Raw("9" * 5_000), Raw("1e999"), Raw("1.0"), Raw("1.5"), Raw("-0"), Raw("1E2"), "5", True]
MOMENTS: Final[list[Any]] = [
    "2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00.123456789Z",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "10000-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "9999-11-30T00:00:00Z",
    "2026-01-31T12:00:00",
    "2026-01-31",
    "",
    "now",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:00:00+14:00",
    "2030-01-01T00:00:00Z",
    5,
    True,
]
DAYS: Final[list[Any]] = [
    "2026-01-31",
    "1970-01-01",
    "9999-12-31",
    "0001-01-01",
    "9999-11-30",
    "2026-02-30",
    "2026-W01-1",
    "20260131",
    "",
    5,
]
URLS: Final = [text for text in TEXTS if "/" in text] + ["https://example.com", "http://127.0.0.1:9999/hook"]


Values = st.SearchStrategy[Any]


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


JSONS: Final[list[Any]] = [
    {},
    [],
    5,
    "x",
    True,
    {"__proto__": {"x": 1}},
    {"constructor": 1},
    {"a": "</script>"},
    {"a": "\u2028"},
    {"a\x00": 1},
    {"\ud83d": 1},
    {"a": "\ud83d"},
    {"a": Raw("1e999")},
    {"a": Raw("9" * 5_000)},
    {"a": 10**400},
    _deep(4),
    _deep(6),
    _deep(31),
    _deep(40),
    _deep(150),
    {"a": "é" * 2_100},
    {"": ""},
    [{}] * 500,
    {str(n): n for n in range(300)},
    "() => 1",
]

_OF_SCALARS: Final[Mapping[str, tuple[list[Any], list[Any]]]] = {
    "Int": ([1, 2, 20, 100], [*INTS, *NUMBERS]),
    "Long": ([0, 1, 100, 2**53 - 1], [*INTS, *NUMBERS]),
    "Float": ([0, 0.5, 1], [*FLOATS, *NUMBERS]),
    "Boolean": ([True, False], [0, "true"]),
    "DateTime": (MOMENTS[:3], MOMENTS),
    "Date": (DAYS[:1], DAYS),
    "URL": (["http://127.0.0.1:9999/hook"], URLS),
}
"""Of each scalar what is meant, and what is odd."""

_KINDS: Final = sorted({*MADE, "team", "user", "schema", "generation", "deployment", "session"})
_MEANT: Final[Mapping[str, list[Any]]] = {
    "email": ["new@example.com"],
    "address": ["new@example.com", "+14155550123"],
    "url": ["http://127.0.0.1:9999/hook"],
    "baseUrl": ["http://127.0.0.1:9999/v1"],
    "token": ["sk-some-token"],
    "accessKeyId": ["AKIAIOSFODNN7EXAMPLE"],
    "secretAccessKey": ["a-secret-of-aws"],
    "model": ["scaffold-1"],
    "timezone": ["Europe/Berlin"],
    "type": ["CUSTOM", "SESSION_START"],
    "fromTable": ["users"],
    "toTable": ["posts"],
    "name": ["users", "posts", "id", "userId", "Shop"],
    "fields": ["id", "userId"],
    "from": ["api"],
    "to": ["db"],
    "id": ["e1", "e2", "api", "db"],
}


def of_type(kind: Any, name: str, *, owner: str) -> Values:
    """Return values for an argument or field by its type and name; `owner` is the root field's name."""
    if isinstance(kind, GraphQLNonNull):
        return _often(_present(kind.of_type, name, owner), st.none(), one_in=60)
    return _often(_present(kind, name, owner), st.none(), one_in=8)


def _present(kind: Any, name: str, owner: str) -> Values:
    match kind:
        case GraphQLNonNull():
            return _present(kind.of_type, name, owner)
        case GraphQLList():
            item = of_type(kind.of_type, name, owner=owner)
            return _often(
                st.lists(item, max_size=3), st.lists(item, min_size=1, max_size=1).map(lambda one: one * 101), one_in=30
            )
        case GraphQLEnumType():
            return _often(st.sampled_from(list(kind.values)), st.just("NOPE"), one_in=60)
        case GraphQLInputObjectType():
            return _object(kind, owner)
        case _:
            return _scalar(kind, name, owner)


def _object(kind: GraphQLInputObjectType, owner: str) -> Values:
    fields = {name: of_type(field.type, name, owner=owner) for name, field in kind.fields.items()}
    if kind.is_one_of:
        one = st.sampled_from(sorted(fields)).flatmap(lambda name: st.fixed_dictionaries({name: fields[name]}))
        return _often(one, st.fixed_dictionaries({}, optional=fields), one_in=10)
    needed = {name for name, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)}
    needed |= {name for name in ("id", "type", "timestamp") if kind.name == "AnalyticsEventInput"}
    return st.fixed_dictionaries(
        {name: fields[name] for name in fields if name in needed},
        optional={name: fields[name] for name in fields if name not in needed},
    )


def _scalar(kind: GraphQLNamedType, name: str, owner: str) -> Values:
    match kind.name:
        case "ID":
            return _id(name, owner)
        case "String":
            return _text(name)
        case other:
            usual, odd = _OF_SCALARS.get(other, (JSONS, JSONS))
            return _often(st.sampled_from(usual), st.sampled_from(odd), one_in=4)


def _id(name: str, owner: str) -> Values:
    kind = kind_named(name) if name.endswith(("Id", "Ids")) else owner
    meant = st.builds(Ref, st.just(kind), st.integers(0, 5))
    other = st.builds(Ref, st.sampled_from(_KINDS), st.integers(0, 5))
    return _often(meant, other | st.sampled_from([*IDS, *_MEANT["id"]]), one_in=6)


def _text(name: str) -> Values:
    odd = st.sampled_from(TEXTS) | st.text(max_size=20)
    if name == "after":
        known = st.builds(Ref, st.just("cursor"), st.integers(0, 50))
        return _often(st.none() | known, st.sampled_from(CURSORS) | odd, one_in=3)
    if name == "timestamp":
        return _often(st.just(Ref("now", 0)), st.sampled_from(MOMENTS).map(str), one_in=3)
    return _often(st.sampled_from(_MEANT.get(name, HUMAN)), odd, one_in=3)


def _often(usual: Values, odd: Values, *, one_in: int) -> Values:
    return st.integers(1, one_in).flatmap(lambda number: odd if number == one_in else usual)
