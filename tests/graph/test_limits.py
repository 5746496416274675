"""How much one operation may ask for, by either transport, and that what asks for more does nothing."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
from graphql import OperationDefinitionNode, get_introspection_query, parse
from websockets.exceptions import ConnectionClosed

from cli import operations
from graph import limits
from graph.documents import check
from graph.inputs import MOST_LEVELS, MOST_VALUES
from graph.lengths import NoLength, declare_lengths
from graph.limits import MOST_POINTS, Scales, Weight
from graph.schema import schema
from resolvers.context import Context
from services.core.tls import trusted
from tests.snapinfra import GENERATION, User

SCHEMA = schema()._schema  # pyright: ignore[reportPrivateUsage] - graphql-core's, as Strawberry's extensions have it
ROOT = Path(__file__).parent.parent.parent
TABS = ROOT / "graph/graphiql/src/tabs"
INTROSPECTION = get_introspection_query(
    schema_description=True, specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True
)
SHIPPED = {
    "introspection": INTROSPECTION,
    "events": GENERATION,
    **{path.name: path.read_text() for path in sorted(TABS.glob("*.graphql"))},
    **{name: text for name, text in vars(operations).items() if name.isupper() and isinstance(text, str)},
}
"""What GraphiQL and the command line ask."""

MAKE = 'mutation { createProject(input: {name: "x"}) { project { id } } }'


def scales(text: str, **variables: Any) -> Scales:
    return Scales(SCHEMA, parse(text), variables)


def weight(text: str, **variables: Any) -> Weight:
    return scales(text, **variables).weight(None)


def doubling(levels: int) -> str:
    """Return a document each of whose fragments uses the next one twice."""
    fragments = (f"fragment f{level} on Query {{ ...f{level + 1} ...f{level + 1} }}" for level in range(levels))
    return f"{{ ...f0 }} {' '.join(fragments)} fragment f{levels} on Query {{ viewer {{ id }} }}"


def wide(field: str, number: int) -> str:
    return " ".join(f"{field}{index}: viewer {{ id }}" for index in range(number))


TOO_MUCH = {
    "long": ("{ viewer { id } } #" + "x" * limits.MOST_CHARACTERS, "GRAPHQL_PARSE_FAILED"),
    "many tokens": ("{ viewer { " + "id " * limits.MOST_TOKENS + "} }", "GRAPHQL_PARSE_FAILED"),
    "many comments": ("{ viewer { id } }" + "\n#" * (limits.MOST_COMMENTS + 1), "GRAPHQL_PARSE_FAILED"),
    "deeply nested": ("{ a " * 300 + "} " * 300, "GRAPHQL_PARSE_FAILED"),
    "deep": (
        "{ viewer { teams { nodes { " + "projects { nodes { team { " * 5 + "id " + "} } } " * 5 + "} } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "many root fields": ("{ " + wide("a", limits.MOST_ROOT_FIELDS + 1) + " }", "GRAPHQL_VALIDATION_FAILED"),
    "many aliases": (
        "{ viewer { " + " ".join(f"a{number}: id" for number in range(limits.MOST_ALIASES + 1)) + " } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "costly": (
        "{ projects(first: 100) { nodes { generations(first: 100) { nodes { id } } } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "the same again and again": ("{ viewer { " + "teams { nodes { id } } " * 300 + "} }", "GRAPHQL_VALIDATION_FAILED"),
    "doubling fragments": (doubling(20), "GRAPHQL_VALIDATION_FAILED"),
    "a chain of fragments": (
        "{ ...f0 } "
        + " ".join(f"fragment f{number} on Query {{ ...f{number + 1} }}" for number in range(200))
        + " fragment f200 on Query { viewer { id } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "many series": (
        "{ "
        + " ".join(f"a{n}: metricsSeries(metric: EVENTS, interval: HOUR) {{ at value }}" for n in range(20))
        + " }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "many mutations": (
        "mutation { "
        + " ".join(f'a{number}: createProject(input: {{name: "x"}}) {{ project {{ id }} }}' for number in range(21))
        + " }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
}


@pytest.mark.parametrize("case", TOO_MUCH)
async def test_what_asks_for_too_much_is_refused_alike_on_both_transports_and_does_nothing(
    alice: User, case: str
) -> None:
    document, code = TOO_MUCH[case]

    over_http = await alice.result(document)
    (over_socket,) = [result async for result in alice.follow(document)]

    assert {error["extensions"]["code"] for error in over_http["errors"]} == {code}
    assert over_socket["errors"] == over_http["errors"]
    assert "data" not in over_http
    assert (await alice.ask("{ projects { nodes { id } } }"))["projects"]["nodes"] == []


WHOLE = {"SCHEMA", "SAVE_SCHEMA"}
"""What asks for all of a schema, or of what changes in one: one question for each weighs what it may bring."""


@pytest.mark.parametrize("name", SHIPPED)
def test_what_we_ship_is_far_below_every_limit(name: str) -> None:
    text = SHIPPED[name]
    document = parse(text)
    operations = [node.name for node in document.definitions if isinstance(node, OperationDefinitionNode)]

    assert check(SCHEMA, text).errors == ()
    assert document.token_count < limits.MOST_TOKENS / 10
    assert len(text) < limits.MOST_CHARACTERS / 10
    for operation in operations:
        found = scales(text).weight(operation.value if operation else None)
        assert list(found.faults()) == []
        assert found.points < limits.MOST_POINTS / (1 if name in WHOLE else 10)


async def test_introspection_is_answered() -> None:
    answered = await schema().execute(INTROSPECTION)

    assert answered.errors is None


def test_a_field_costs_one_and_what_is_below_a_list_counts_as_often_as_it_may_be_long() -> None:
    assert weight("{ viewer { id name } }").points == 3
    assert weight("{ projects(first: 10) { nodes { id name } } }").points == 1 + 10 * 3
    assert weight("{ projects { nodes { id name } } }").points == 1 + 20 * 3
    assert weight("query($n: Int!) { projects(first: $n) { nodes { id name } } }", n=30).points == 1 + 30 * 3
    assert weight("query($n: Int!) { projects(first: $n) { nodes { id name } } }", n=30.0).points == 1 + 30 * 3
    assert weight("query($n: Int! = 40) { projects(first: $n) { nodes { id name } } }").points == 1 + 40 * 3
    assert weight('{ nodes(ids: ["a", "b", "c"]) { id } }').points == 1 + 3 * 1
    assert weight("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["a", "b"]).points == 1 + 2 * 1
    assert weight("{ projects(first: 10) { nodes { deployments(first: 5) { nodes { id } } } } }").points == 1 + 10 * (
        2 + 5 * 2
    )


def test_a_variable_that_is_left_out_or_null_counts_as_the_default() -> None:
    text = "query($n: Int) { projects(first: $n) { nodes { id } } }"

    assert weight(text).points == weight(text, n=None).points == weight(text, n=20).points == 1 + 20 * 2


def test_what_is_below_a_list_without_first_counts_as_often_as_its_type_says() -> None:
    assert weight('{ schema(id: "x") { relationships { type } } }').points == 2 + 200
    assert weight('{ schema(id: "x") { tables { name fields { name } } } }').points == 2 + 50 * (2 + 4)
    assert weight('mutation { deleteProject(input: {id: "x"}) { userErrors { message code } } }').points == 2 + 100 * 2
    assert weight("{ webhooks(first: 5) { nodes { events } } }").points == 1 + 5 * 2


SERIES = """
query($range: TimeRange, $by: Interval = HOUR) {
  metricsSeries(metric: EVENTS, interval: $by, range: $range) { at value }
}"""


@pytest.mark.parametrize(
    ("variables", "points"),
    [
        ({}, 30 * 24 + 2),
        ({"by": "DAY"}, 30 + 2),
        ({"range": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-03T12:00:00Z"}}, 60 + 2),
        ({"range": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-03T12:00:00Z"}, "by": "DAY"}, 2 + 2),
        ({"range": {"start": "2000-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}, 92 * 24 + 2),
        ({"range": {"start": "2026-01-01T00:00:00Z", "end": "2000-01-01T00:00:00Z"}}, 2),
        ({"range": {"start": "2026-01-01", "end": "2026-01-01T00:00:00Z"}}, 92 * 24 + 2),
        ({"range": {"start": 5}, "by": "DAY"}, 366 + 2),
        ({"range": "x", "by": ["DAY"]}, 92 * 24 + 2),
    ],
)
def test_a_series_counts_as_many_points_as_its_time_has(variables: dict[str, Any], points: int) -> None:
    assert weight(SERIES, **variables).points == 1 + points * 2


def test_a_list_of_which_nobody_says_how_long_it_may_be_keeps_the_schema_from_being_built() -> None:
    @strawberry.type
    class Bare:
        @strawberry.field
        def tags(self) -> list[str]:
            return []

    @strawberry.type
    class Asked:
        @strawberry.field
        def count(self, tags: list[str]) -> int:
            return len(tags)

    for query, place in ((Bare, r"Bare\.tags"), (Asked, r"Asked\.count\(tags\)")):
        core = strawberry.Schema(query=query)._schema  # pyright: ignore[reportPrivateUsage] - as above
        with pytest.raises(NoLength, match=f"^{place} is a list"):
            declare_lengths(core)


def test_the_page_of_limits_counts_as_we_do() -> None:
    page = (ROOT / "docs/limits.md").read_text()
    (example,) = re.findall(r"```graphql\n(.+?)```", page, re.DOTALL)

    assert f"= {weight(example).points}\n" in example
    for limit in (limits.MOST_CHARACTERS, limits.MOST_TOKENS, limits.MOST_COMMENTS, limits.MOST_POINTS, MOST_VALUES):
        assert f"| {limit:,} |" in page
    for limit in (limits.MOST_DEPTH, limits.MOST_NESTED, limits.MOST_ROOT_FIELDS, limits.MOST_ALIASES, MOST_LEVELS):
        assert f"| {limit} |" in page


def test_fragments_count_wherever_they_are_used() -> None:
    plain = weight("{ a: viewer { id name } b: viewer { id name } }")
    with_fragments = weight("{ a: viewer { ...F } ... on Query { b: viewer { ...F } } } fragment F on User { id name }")

    assert with_fragments == plain == Weight(points=6, depth=2, fields=2, aliases=2)


def test_each_selection_is_looked_at_once_however_often_fragments_repeat_it() -> None:
    document = doubling(20)
    weighing = scales(document)

    found = weighing.weight(None)

    assert len(document) < 900
    assert found.points == MOST_POINTS + 1
    assert weighing.visits == 1 + 20 * 2 + 2


async def test_a_document_that_came_before_is_neither_parsed_nor_validated_again() -> None:
    text = "query Again { __typename }"
    first = check(SCHEMA, text)

    answered = await schema().execute(text, context_value=Context(None))  # pyright: ignore[reportArgumentType] - asks nothing of the services

    assert answered.data == {"__typename": "Query"}
    assert check(SCHEMA, text) is first


@pytest.mark.parametrize(
    ("query", "code"), [("{ viewer {", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")]
)
async def test_a_faulty_document_is_as_faulty_the_second_time(alice: User, query: str, code: str) -> None:
    for _ in range(2):
        over_http = await alice.result(query)
        (over_socket,) = [result async for result in alice.follow(query)]

        assert [error["extensions"]["code"] for error in over_http["errors"]] == [code]
        assert over_socket["errors"] == over_http["errors"]


def test_nobodys_faulty_or_long_documents_push_others_out() -> None:
    text = "query Kept { __typename }"
    first = check(SCHEMA, text)

    for number in range(300):
        check(SCHEMA, f"{{ nothing{number} }}")
        check(SCHEMA, f"query Long{number} {{ __typename }} #{'x' * 5000}")

    assert check(SCHEMA, text) is first


async def test_a_failing_weight_says_what_to_do(alice: User) -> None:
    query = "query($n: Int!) { projects(first: $n) { nodes { id generations(first: 100) { nodes { id } } } } }"

    (fault,) = (await alice.result(query, n=100))["errors"]

    assert fault["message"] == (
        "The operation costs more than 10,000 points. A field costs 1, and what is below a list counts `first` times: "
        "ask for shorter pages, or for less of each item."
    )
    assert json.dumps(await alice.ask(query, n=10))


@pytest.mark.parametrize("number", [10**299, 10**19, 2**31, 1e300])
@pytest.mark.parametrize("levels", [1, 2, 3])
async def test_numbers_of_many_digits_are_weighed_like_others(alice: User, number: float, levels: int) -> None:
    below = "generations(first: $n) { nodes { project { " * levels + "id" + " } } }" * levels
    query = f"query($n: Int!) {{ projects(first: $n) {{ nodes {{ id {below} }} }} }}"

    (fault,) = (await alice.result(query, n=number))["errors"]

    assert fault["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert fault["message"].startswith("The operation ")


@pytest.mark.parametrize("number", ["9" * 301, "-" + "9" * 4_290, "0." + "1" * 301, "[" + "1" * 301 + ".5e5]"])
async def test_a_number_of_more_digits_than_any_type_takes_is_refused_wherever_it_is(alice: User, number: str) -> None:
    query = "query($n: Int!) { projects(first: $n) { nodes { id generations(first: $n) { nodes { id } } } } }"
    headers = {"authorization": f"Bearer {alice.token}", "content-type": "application/json"}
    async with httpx.AsyncClient(verify=trusted()) as http:
        body = f'{{"query": {json.dumps(query)}, "variables": {{"n": {number}}}}}'
        posted = await http.post(alice.url, content=body, headers=headers)
        got = await http.get(alice.url, params={"query": query, "variables": f'{{"n": {number}}}'}, headers=headers)
    async with alice.socket() as socket:
        await socket.send(f'{{"type": "subscribe", "id": "1", "payload": {body}}}')
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()

    assert (posted.status_code, got.status_code, closed.value.rcvd and closed.value.rcvd.code) == (400, 400, 4400)
    assert [answer.json()["errors"][0]["extensions"]["code"] for answer in (posted, got)] == ["BAD_REQUEST"] * 2


async def test_digits_in_a_text_are_no_number(alice: User) -> None:
    answered = await alice.result("query($s: String!) { __type(name: $s) { name } }", s="9" * 1_000 + '\\"' + "1" * 400)

    assert answered == {"data": {"__type": None}}
