"""Attacks by what is asked and sent in GraphQL: lists, introspection, documents, answers, and text that is none."""

import asyncio
import base64
import json
import random
import string
from typing import Any, Final

from graphql import get_introspection_query

from services.core.clock import iso, utc_now
from tests.hostile.attacks import attack
from tests.hostile.target import Tally, Target

TIMES: Final = 10
RECORD: Final = "mutation($e: [AnalyticsEventInput!]!) { recordEvents(input: {events: $e}) { acceptedCount } }"
SAVE: Final = "mutation($i: SaveSchemaInput!) { saveSchema(input: $i) { schema { id } userErrors { code message } } }"
KEY: Final = """
mutation($team: ID) {
  createApiKey(input: {teamId: $team, name: "attack", scopes: [ANALYTICS]}) { text userErrors { message } }
}"""
EMPTY: Final[dict[str, Any]] = {}
DEEP: Final = "types { fields { type { ofType { fields { type { ofType { name kind } } } } } } }"


def columns(number: int) -> list[dict[str, Any]]:
    return [{"name": f"c{index}", "type": "STRING", "primaryKey": not index} for index in range(number)]


@attack("`recordEvents` of 20,000 and of 100,000 empty events, by nobody")
async def many_events(target: Target, tally: Tally) -> None:
    for number in (20_000, 100_000):
        for _ in range(TIMES):
            tally.note(await target.ask(RECORD, {"e": [EMPTY] * number}))


@attack("the same, signed in")
async def many_events_signed_in(target: Target, tally: Tally) -> None:
    mallory = target.user()
    for number in (1_001, 20_000, 100_000):
        for _ in range(TIMES):
            tally.note(await target.ask(RECORD, {"e": [EMPTY] * number}, by=mallory))


@attack("`saveSchema` of 50,000 tables, and of 5 tables with 2,000 columns each")
async def many_tables(target: Target, tally: Tally) -> None:
    mallory = target.user()
    project = await mallory.project()
    wide: Any = [{"name": f"t{number}", "fields": columns(2_000)} for number in range(5)]
    for tables in ([EMPTY] * 50_000, wide):
        for _ in range(TIMES):
            tally.note(await target.ask(SAVE, {"i": {"projectId": project["id"], "tables": tables}}, by=mallory))


@attack("the largest batch and the largest schema that may be: 1,000 events, 50 tables of 100 columns")
async def largest(target: Target, tally: Tally) -> None:
    mallory = target.user()
    project = await mallory.project()
    key = (await mallory.ask(KEY))["createApiKey"]["text"]
    event = {
        "type": "CUSTOM",
        "timestamp": iso(utc_now()),
        "name": "n",
        "userId": "u",
        "metadata": {"a": [1, {"b": 2}]},
    }
    tables = [{"name": f"t{number}", "fields": columns(100)} for number in range(50)]
    for turn in range(5):
        batch = [{**event, "id": f"e{turn}_{number}"} for number in range(1_000)]
        body = json.dumps({"query": RECORD, "variables": {"e": batch}}).encode()
        tally.note(await target.request(body, x_api_key=key))
        tally.note(await target.ask(SAVE, {"i": {"projectId": project["id"], "tables": tables}}, by=mallory))


@attack("literals: lists of 1,990 items, as many `{` as a document may have, objects within objects")
async def literals(target: Target, tally: Tally) -> None:
    mallory = target.user()
    many = f"mutation {{ recordEvents(input: {{events: [{'{} ' * 1_900}]}}) {{ acceptedCount }} }}"
    object_ = "{a: " * 150 + "1" + "}" * 150
    deep = f"mutation {{ recordEvents(input: {{events: [{{metadata: {object_}}}]}}) {{ acceptedCount }} }}"
    nested = "{ nodes(ids: " + "[" * 190 + "]" * 190 + ") { id } }"
    for number in range(TIMES):
        for text in (many, deep, nested):
            tally.note(await target.ask(f"{text} #{number}", by=mallory))
            tally.note(await target.ask(f"{text} #{number}"))


@attack("20 aliases of `__schema`, of `__type`, fragments that double, and nested `possibleTypes`")
async def introspection(target: Target, tally: Tally) -> None:
    doubling = " ".join(f"fragment f{n} on __Type {{ ...f{n + 1} ...f{n + 1} }}" for n in range(20))
    texts = [
        "{ " + " ".join(f"a{number}: __schema {{ {DEEP} }}" for number in range(20)) + " }",
        "{ " + " ".join(f'a{number}: __type(name: "Query") {{ {DEEP[8:-2]} }}' for number in range(20)) + " }",
        f"{{ __schema {{ types {{ ...f0 }} }} }} {doubling} fragment f20 on __Type {{ name }}",
        "{ __schema { types { possibleTypes { name fields { args { type { ofType { name } } } } } } } }",
        "{ __schema { types { inputFields { type { inputFields { type { ofType { name } } } } } } } }",
    ]
    for number in range(4):
        for text in texts:
            tally.note(await target.ask(f"{text} #{number}"))


@attack("the standard introspection query in 20 versions, 4 at a time, each of them twice")
async def standard_introspection(target: Target, tally: Tally) -> None:
    texts = [f"{get_introspection_query(type_depth=depth)} #{turn}" for turn in range(2) for depth in range(2, 12)]
    for start in range(0, len(texts), 4):
        for _ in range(2):
            asked = [target.ask(text) for text in texts[start : start + 4]]
            for answer in await asyncio.gather(*asked):
                tally.note(answer)


@attack("documents of 4,000 tokens that nobody sent before: valid, with a thousand mistakes, and fields that conflict")
async def documents(target: Target, tally: Tally) -> None:
    mallory = target.user()
    for number in range(TIMES):
        texts = [
            "{ viewer { " + "id " * 3_900 + f"}} }} #{number}",
            "{ viewer { " + " ".join(f"n{number}x{index}" for index in range(3_900)) + " } }",
            "{ " + "viewer { id } " * 980 + f"}} #{number}",
            "{ viewer { " + " ".join(f"a{index}: id" for index in range(1_290)) + f" }} }} #{number}",
            "#\n" * 990 + f"{{ viewer {{ id }} }} #{number}",
            f"query({' '.join(f'$v{number}x{index}: Int' for index in range(900))}) {{ __typename }}",
            "{ " + "... on Query { " * 190 + "__typename" + " }" * 190 + f" }} #{number}",
        ]
        for answer in await asyncio.gather(*(target.ask(text, by=mallory) for text in texts)):
            tally.note(answer)
        for text in texts[:2]:
            tally.note(await target.ask(text))


@attack("`metricsSeries`: 20 of an hour's points over 92 days, and one")
async def series(target: Target, tally: Tally) -> None:
    mallory = target.user()
    time = '{start: "2026-01-01T00:00:00Z", end: "2026-04-03T00:00:00Z"}'
    field = f"metricsSeries(metric: EVENTS, interval: HOUR, range: {time})"
    for number in (20, 1):
        text = "{ " + " ".join(f"a{index}: {field} {{ at value }}" for index in range(number)) + " }"
        for _ in range(TIMES):
            tally.note(await target.ask(text, by=mallory))


@attack("operations that cost all 10,000 points, 8 at a time")
async def points(target: Target, tally: Tally) -> None:
    mallory = target.user()
    for _ in range(100):
        await mallory.project()
    text = "{ projects(first: 100) { nodes { " + " ".join(f"a{index}: name" for index in range(49)) + " id } } }"
    text = text.replace(" id }", " id name status version createdAt updatedAt description }")
    for _ in range(4):
        for answer in await asyncio.gather(*(target.ask(text, by=mallory) for _ in range(8))):
            tally.note(answer)


ODD: Final[list[Any]] = [
    "\ud800",
    "a\r\nb",
    "\x00",
    "\x1b[31m",
    "\u200b",
    "\u202eabc",
    "",
    " ",
    "[" * 20_000,
    "1" * 5_000,
    "x" * 60_000,
    10**30,
    -(2**63),
    1e308,
    [],
    {},
    None,
    True,
]


@attack("text that is none, and values of other types, in ids, names, cursors and numbers")
async def odd(target: Target, tally: Tally) -> None:
    mallory = target.user()
    texts = [
        "query($v: ID!) { project(id: $v) { id } }",
        "query($v: ID!) { nodes(ids: [$v]) { id } }",
        "query($v: String) { projects(after: $v) { nodes { id } } }",
        "query($v: Int!) { projects(first: $v) { nodes { id } } }",
        "mutation($v: String!) { createProject(input: {name: $v}) { project { id } userErrors { code message } } }",
        'mutation($v: String) { createProject(input: {name: "a", clientMutationId: $v}) { userErrors { code } } }',
    ]
    for value in ODD:
        for text in texts:
            tally.note(await target.ask(text, {"v": value}, by=mallory))
    for literal in ("1" * 5_000, "-" + "9" * 400, "1e999", '"\\ud800"', '"""' + "\\" * 500 + ' """'):
        tally.note(await target.ask(f"{{ projects(first: {literal}) {{ nodes {{ id }} }} }}", by=mallory))


@attack("tokens that are none, with headers that are no headers")
async def tokens(target: Target, tally: Tally) -> None:
    random_text = random.Random(1)  # noqa: S311 - attacks, not secrets
    heads = [
        '{"alg": []}',
        '{"alg": {}}',
        '{"alg": null}',
        '{"alg": "none"}',
        '{"kid": 5, "alg": "RS256"}',
        "[]",
        "5",
        '"a"',
    ]
    for head in [*heads, *("".join(random_text.choices(string.printable[:94], k=50)) for _ in range(20))]:
        text = "".join(f"{byte:02x}" for byte in head.encode())
        for token in (f"{text}.{text}.{text}", f"{_base64(head)}.{_base64('{}')}.x", "a" * 30_000):
            answer = await target.request(
                b'{"query": "{ viewer { id } }"}', authorization=f"Bearer {token}", **target.somewhere()
            )
            tally.note(answer)


def _base64(text: str) -> str:

    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
