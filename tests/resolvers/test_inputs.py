"""Every field of every input changes something, or is refused: nothing is taken and ignored."""

# graphql-core's types of types are generic without arguments.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import copy
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_input_field,
)

from graph.schema import schema
from resolvers.context import Context
from services.core.clock import iso, utc_now
from services.core.credentials import AwsKeys, Token
from services.core.ids import TeamId, new_id
from services.deployments.events import LogFilter, LogLine
from services.integrations.model import IntegrationType
from services.platforms.port import LogLevel, LogStream
from tests.fuzz.calls import Caller, selected
from tests.fuzz.stage import Stage, staged
from tests.snapinfra import Server
from tests.tables import SHOWN, VALUES, kind_named

SCHEMA = schema()._schema  # pyright: ignore[reportPrivateUsage] - graphql-core's, as Strawberry's extensions have it
MUTATIONS: dict[str, Any] = dict(SCHEMA.mutation_type.fields) if SCHEMA.mutation_type else {}
_CHANGING = re.compile(
    r'(whsec|snap[a-z]*)_[^"]+|[a-z]+_[0-9a-z]{26}(_[0-9a-f]+)?|\d{4}-\d\d-\d\dT[\d:.]+Z'
    r'|"(version|order|number)": \d+|"site": "[^"]*"'
    r'|"(cursor|endCursor|startCursor|token|number)": "?[^",}]*"?'
)
"""What is another each time: ids, moments, secrets, versions and numbers."""
OTHERS = [(name, path) for name, values in VALUES.items() for path in values.others]


@dataclass
class Asking:
    runner: "asyncio.Runner"
    stage: Stage

    def answer(self, name: str, given: Any) -> str:
        """Return what a mutation answers to an input, without what is another each time."""
        field = MUTATIONS[name]
        below: list[tuple[str, Any]] = []
        shown = selected(field.type, below, levels=2)
        shows = VALUES[name].shows if name in VALUES else ""
        declared = "".join(f", $b{number}: {kind}" for number, (_, kind) in enumerate(below))
        head = f"mutation($input: {field.args['input'].type}{declared})"
        text = f"{head} {{ it: {name}(input: $input) {{ {shows} {shown[1:]} }}"
        context = Context(self.stage.services, signed_in=self.stage.actors[Caller.OWNER])
        result = self.runner.run(schema().execute(text, {"input": self._filled(given)}, context))
        said = json.dumps({"data": result.data, "errors": [it.formatted for it in result.errors or ()]})
        return _CHANGING.sub("…", said.replace(self.stage.ids["name"][0], "…"))

    def _filled(self, given: Any) -> Any:
        self.stage.ids["name"] = [uuid.uuid4().hex]
        text = re.sub(r'"\{(\w+)\}"', lambda kind: json.dumps(self.stage.ids[kind[1]][0]), json.dumps(given))
        return json.loads(text)


@pytest.fixture(scope="module")
def asking(server: Server) -> Iterator[Asking]:
    with asyncio.Runner() as runner:
        opening = staged(server)
        yield Asking(runner, runner.run(opening.__aenter__()))
        runner.run(opening.__aexit__(None, None, None))


def changed(given: Any, path: str, value: Any) -> Any:
    """Return an input with another value at a path."""
    new = copy.deepcopy(dict(given))
    *way, last = path.split(".")
    at: Any = new
    for step in way:
        at = at[int(step)] if step.isdecimal() else at[step]
    at[last] = value
    return new


@pytest.mark.parametrize(("name", "path"), OTHERS, ids=[f"{name}-{path}" for name, path in OTHERS])
def test_another_value_makes_another_answer(asking: Asking, name: str, path: str) -> None:
    values = VALUES[name]

    before, again = asking.answer(name, values.input), asking.answer(name, values.input)
    other = asking.answer(name, changed(values.input, path, values.others[path]))
    asking.answer(name, values.input)  # for whoever comes next

    assert before == again
    assert '"userErrors": []' in before, before
    assert other != before


def shown_by_values() -> set[str]:
    """Return the input fields for which there is another value."""
    shown: set[str] = set()
    for name, path in OTHERS:
        kind: Any = get_named_type(MUTATIONS[name].args["input"].type)
        *way, last = [step for step in path.split(".") if not step.isdecimal()]
        for step in way:
            kind = get_named_type(kind.fields[step].type)
        shown.add(f"{kind.name}.{last}")
    return shown


def fields() -> set[str]:
    """Return the fields of all inputs."""
    kinds = (kind for kind in SCHEMA.type_map.values() if isinstance(kind, GraphQLInputObjectType))
    return {f"{kind.name}.{name}" for kind in kinds for name in kind.fields}


def ids_of(kind: Any) -> list[str]:
    return [name for name, field in kind.fields.items() if get_named_type(field.type).name == "ID"]


def naming() -> list[tuple[str, str]]:
    """Return the mutations with those of their inputs' fields that name a thing."""
    return [
        (name, it)
        for name, field in MUTATIONS.items()
        if name != "redriveJob"  # for administrators: tests/resolvers/test_admin.py
        for it in ids_of(get_named_type(field.args["input"].type))
    ]


def meant(kind: Any, name: str) -> Any:
    """Return a value that a required field takes."""
    if is_list_type(get_nullable_type(kind)):
        return [meant(get_nullable_type(kind).of_type, name)]
    named = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return {"TeamRole": "VIEWER", "DiagramNodeKind": "API"}.get(named.name, next(iter(named.values)))
    if isinstance(named, GraphQLInputObjectType):
        needed = {key: field for key, field in named.fields.items() if is_required_input_field(field)}
        return {key: meant(field.type, key) for key, field in needed.items()} or {"projectId": "{project}"}
    return {"email": "a@example.com", "address": "a@example.com", "url": "http://127.0.0.1:9999/a"}.get(name, "api")


@pytest.mark.parametrize("kind_of_id", ["unknown", "empty"])
@pytest.mark.parametrize(("name", "field"), naming(), ids=[f"{name}-{field}" for name, field in naming()])
def test_an_id_of_nothing_is_said_to_be_of_nothing(asking: Asking, name: str, field: str, kind_of_id: str) -> None:
    kind: Any = get_named_type(MUTATIONS[name].args["input"].type)
    needed = {key: it.type for key, it in kind.fields.items() if is_required_input_field(it)}
    given = dict(VALUES[name].input) if name in VALUES else {key: meant(of, key) for key, of in needed.items()}
    given |= {key: f"{{{kind_named(key)}}}" for key in ids_of(kind) if key in needed}
    nothing = "" if kind_of_id == "empty" else "user_nobody" if field == "userId" else new_id(kind_named(field))
    given[field] = [nothing] if field == "pageIds" else nothing

    answer = asking.answer(name, given)

    assert '"NOT_FOUND"' in answer or f'"code": "BAD_USER_INPUT", "field": ["{field}"]' in answer, answer


def test_every_field_of_an_event_is_kept_and_shown(asking: Asking) -> None:
    given = {
        "type": "CUSTOM",
        "timestamp": iso(utc_now()),
        "projectId": asking.stage.ids["project"][0],
        "sessionId": "the session",
        "userId": "the user",
        "agentId": "the agent",
        "environment": "the place",
        "status": "ERROR",
        "name": "the name",
        "durationMs": 7.0,
        "inputTokens": 8,
        "outputTokens": 9,
        "costMicros": 10,
        "metadata": {"the": "metadata"},
    }
    record = "mutation($e: AnalyticsEventInput!) { recordEvents(input: {events: [$e]}) { acceptedCount } }"
    found = "query($t: ID!, $u: String!) { events(teamId: $t, filter: {userId: $u}) { nodes {"
    names = [name for name in given if name not in {"timestamp", "sessionId"}]
    found += f" {' '.join(names)} timestamp }} }} sessions(teamId: $t) {{ nodes {{ userId }} }} }}"

    async def play() -> tuple[Any, Any]:
        key, owner = asking.stage.actors[Caller.ANALYTICS_KEY], asking.stage.actors[Caller.OWNER]
        services = asking.stage.services
        done = await schema().execute(record, {"e": {**given, "id": "all-of-it"}}, Context(services, signed_in=key))
        variables = {"t": asking.stage.ids["team"][0], "u": "the user"}
        return done, await schema().execute(found, variables, Context(services, signed_in=owner))

    done, shown = asking.runner.run(play())

    assert shown.errors is None
    assert (done.errors, done.data) == (None, {"recordEvents": {"acceptedCount": 1}})
    (event,) = shown.data["events"]["nodes"]
    assert {name: event[name] for name in names} == {name: given[name] for name in names}
    assert event["timestamp"] == given["timestamp"]
    assert {"userId": "the user"} in shown.data["sessions"]["nodes"]


def test_each_part_of_an_access_key_is_kept(asking: Asking) -> None:
    keys = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "some-secret", "sessionToken": "some-token"}
    services, team_id = asking.stage.services, TeamId(asking.stage.ids["team"][0])

    asking.answer("createIntegration", {"type": "AWS", "teamId": team_id, "credentials": {"aws": keys}})
    opened = asking.runner.run(services.integrations.credentials(team_id, IntegrationType.AWS))

    assert opened is not None
    assert opened.credentials == AwsKeys(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"])


def test_a_token_is_kept_with_its_workspace(asking: Asking) -> None:
    services, team_id = asking.stage.services, TeamId(asking.stage.ids["team"][0])
    given = {"token": "rnd_of_alice", "workspace": "tea-0123"}

    asking.answer("createIntegration", {"type": "RENDER", "teamId": team_id, "credentials": {"workspaceToken": given}})
    opened = asking.runner.run(services.integrations.credentials(team_id, IntegrationType.RENDER))

    assert opened is not None
    assert opened.credentials == Token("rnd_of_alice", "tea-0123")


def test_integrations_are_those_of_the_team(asking: Asking) -> None:
    context = Context(asking.stage.services, signed_in=asking.stage.actors[Caller.OWNER])
    query = "query($t: ID) { integrations(filter: {teamId: $t}) { nodes { team { id } } } }"

    async def teams(team_id: str) -> set[str]:
        shown: Any = await schema().execute(query, {"t": team_id}, context)
        return {node["team"]["id"] for node in shown.data["integrations"]["nodes"]}

    team_id = asking.stage.ids["team"][0]
    owner = asking.stage.actors[Caller.OWNER]
    assert owner is not None
    assert asking.runner.run(teams(team_id)) == {team_id}
    assert asking.runner.run(teams(owner.personal_team_id)) <= {owner.personal_team_id}


def test_a_line_is_shown_that_has_all_that_is_asked_for() -> None:
    line = LogLine(timestamp=utc_now(), level=LogLevel.WARN, stream=LogStream.BUILD, message="Straße")

    assert LogFilter(levels=[LogLevel.WARN, LogLevel.ERROR]).shows(line)
    assert LogFilter([LogStream.BUILD], [LogLevel.WARN], "STRASSE").shows(line)
    assert not LogFilter(levels=[LogLevel.ERROR]).shows(line)
    assert not LogFilter([LogStream.RUNTIME], [LogLevel.WARN]).shows(line)


def test_every_field_of_every_input_is_shown_to_change_something() -> None:
    named = {f"{get_named_type(MUTATIONS[name].args['input'].type)}.{field}" for name, field in naming()}
    of_events = {field for field in fields() if field.startswith("AnalyticsEventInput.")}
    repeats = {field for field in fields() if field.endswith(".clientMutationId")}
    """Of every create: tests/resolvers/test_repeats.py."""

    shown = shown_by_values() | named | of_events | repeats | set(SHOWN)

    assert sorted(fields() - shown) == [], "say in tests/slices how it is shown that it does something"
    assert sorted(set(SHOWN) - fields()) == []


@pytest.mark.parametrize("field", SHOWN)
def test_the_test_that_shows_it_is_there_and_names_it(field: str) -> None:
    file, _, name = SHOWN[field].partition("::")
    source = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
    snake = re.sub(r"([A-Z])", r"_\1", field.partition(".")[2]).lower()

    assert f"def {name}" in source if name else True
    assert field.partition(".")[2] in source or snake in source
