"""The promise that an event's plan answers exactly as graphql-core does, whatever is selected of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, parse, validate
from hypothesis import given, settings, strategies
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.encoding import encoded
from graph.rendering import EventExecutor
from graph.schema import schema
from resolvers.deployments import events as deployment
from resolvers.deployments.objects import LogLine
from resolvers.generations import events as generation
from resolvers.scalars import URL, Long
from resolvers.streams import StreamGap
from services.checks.port import CheckState
from services.core.ids import DeploymentId, GenerationId
from services.deployments.model import DeploymentStatus
from services.generations.model import GenerationReason, GenerationStatus
from services.llm.paths import DiscardReason
from services.platforms.port import LogLevel, LogStream, StepState

AT = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
WHERE: dict[str, Any] = {"cursor": "MQ", "seq": Long(2**40), "at": AT}
GAP = StreamGap(**WHERE, from_seq=Long(1), to_seq=None)
LINES = [
    LogLine(
        id=strawberry.ID(f"line-{number}"),
        timestamp=AT,
        level=LogLevel.WARN,
        stream=LogStream.BUILD,
        message=f"{number}\n",
    )
    for number in range(3)
]

EVENTS: dict[str, Sequence[Any]] = {
    "generationEvents": [
        GAP,
        generation.AttemptStarted(**WHERE, attempt=2, provider="groq", model="m", resets_text=True, left_out=["a.ts"]),
        generation.TokenDelta(**WHERE, text="é\n", offset=Long(0)),
        generation.FileStarted(**WHERE, path="src/a.ts"),
        generation.FileDelta(**WHERE, path="src/a.ts", text=""),
        generation.FileCompleted(**WHERE, path="src/a.ts", sha256="00", bytes=Long(2**33)),
        generation.FileDiscarded(**WHERE, path="..", discard_reason=next(iter(DiscardReason))),
        generation.FileKept(**WHERE, path="src/b.ts", sha256="ff", bytes=Long(1)),
        generation.FileRemoved(**WHERE, path="src/c.ts"),
        generation.CheckFinished(**WHERE, name="types", check_state=next(iter(CheckState)), output="line"),
        generation.UsageUpdated(**WHERE, input_tokens=Long(5), output_tokens=Long(6)),
        generation.AttemptFailed(**WHERE, code="TIMED_OUT", message="Late.", will_retry=False),
        generation.GenerationFinished(
            **WHERE,
            status=GenerationStatus.INCOMPLETE,
            reason=GenerationReason.MAX_TOKENS,
            message="Cut.",
            generation_id=GenerationId("generation_1"),
        ),
    ],
    "deploymentEvents": [
        GAP,
        deployment.DeploymentStatusChanged(**WHERE, status=DeploymentStatus.SUCCESS, url=URL("http://127.0.0.1:1")),
        deployment.DeploymentStatusChanged(**WHERE, status=DeploymentStatus.BUILDING, url=None),
        deployment.StepChanged(**WHERE, step="install", state=StepState.RUNNING),
        deployment.LogLines(**WHERE, lines=LINES),
        deployment.LogLines(**WHERE, lines=[]),
        deployment.DeploymentFinished(
            **WHERE,
            status=DeploymentStatus.FAILED,
            reason=None,
            message="It failed.",
            deployment_id=DeploymentId("deployment_1"),
        ),
    ],
}
PLAIN = {
    "generationEvents": {
        "StreamEvent": ["cursor", "seq", "at", "__typename"],
        "AttemptStarted": ["attempt", "provider", "model", "resetsText"],
        "TokenDelta": ["text", "offset", "cursor"],
        "FileDiscarded": ["path", "discardReason"],
        "FileCompleted": ["path", "sha256", "bytes"],
        "CheckFinished": ["name", "checkState", "output"],
        "UsageUpdated": ["inputTokens", "outputTokens"],
        "GenerationFinished": ["status", "reason", "message", "seq"],
        "StreamGap": ["fromSeq", "toSeq", "at"],
    },
    "deploymentEvents": {
        "StreamEvent": ["cursor", "seq", "at"],
        "DeploymentStatusChanged": ["status", "url", "__typename"],
        "StepChanged": ["step", "state"],
        "LogLines": [
            "lines { id timestamp level stream message }",
            "lines { __typename words: message }",
            "lines { ... on LogLine { level } id }",
        ],
        "DeploymentFinished": ["message", "reason"],
        "StreamGap": ["fromSeq", "toSeq"],
    },
}
"""By subscription, plain fields to select of a type."""


@strategies.composite
def documents(draw: strategies.DrawFn) -> tuple[str, str]:
    """Draw a subscription's name and a document that selects plain fields of its events in many a way."""
    name = draw(strategies.sampled_from(sorted(PLAIN)))
    parts, fragments = ["__typename"], ""
    for number, (kind, fields) in enumerate(PLAIN[name].items()):
        chosen = draw(strategies.lists(strategies.sampled_from(fields), max_size=4))
        if not chosen:
            continue
        for index, field in enumerate(chosen):
            if draw(strategies.booleans()):
                chosen[index] = f"other{number}_{index}: {field}"
        if draw(strategies.booleans()):
            chosen[0] += " @skip(if: $yes)" if "{" not in chosen[0] else ""
        selection = f"{{ {' '.join(['cursor', *chosen])} }}"
        if draw(strategies.booleans()):
            fragments += f" fragment F{number} on {kind} {selection}"
            parts.append(f"...F{number} @include(if: $yes)" if draw(strategies.booleans()) else f"...F{number}")
        else:
            parts.append(f"... on {kind} {selection}")
    alias = draw(strategies.sampled_from(["", "happened: "]))
    head = "subscription($yes: Boolean = true)"
    return name, f'{head} {{ {alias}{name}(id: "generation_1") {{ {" ".join(parts)} }} }}{fragments}'


def executors(document: str, **variables: bool) -> tuple[Any, Any]:
    """Return ours and graphql-core's for a document that is valid."""
    core: GraphQLSchema = schema()._schema  # pyright: ignore[reportPrivateUsage] - Strawberry has no other way to it
    parsed = parse(document)
    assert [error for error in validate(core, parsed) if "never used" not in error.message] == []
    kinds: list[Any] = [EventExecutor, StrawberryGraphQLCoreExecutionContext]
    ours, oracle = (kind.build(core, parsed, None, None, variables) for kind in kinds)
    return ours, oracle


@settings(deadline=None)
@given(documents())
def test_whatever_is_selected_the_plan_answers_as_graphql_core_does(drawn: tuple[str, str]) -> None:
    name, document = drawn
    ours, oracle = executors(document)

    for event in [*EVENTS[name], *EVENTS[name]]:
        expected = oracle.build_per_event_executor(event).execute_operation()
        assert expected.errors is None
        assert ours.rendered(event) == encoded({"data": expected.data})


def test_variables_decide_what_a_plan_leaves_out() -> None:
    document = """subscription($less: Boolean!) {
      generationEvents(id: "generation_1") { ... on TokenDelta { text offset @skip(if: $less) } }
    }"""
    event = EVENTS["generationEvents"][2]
    less, _ = executors(document, less=True)
    more, _ = executors(document, less=False)

    assert less.rendered(event) == encoded({"data": {"generationEvents": {"text": "é\n"}}})
    assert more.rendered(event) == encoded({"data": {"generationEvents": {"text": "é\n", "offset": 0}}})


def test_what_needs_a_resolver_is_left_to_graphql_core() -> None:
    ours, _ = executors("""subscription {
      generationEvents(id: "generation_1") {
        ... on TokenDelta { text } ... on GenerationFinished { generation { id } }
      }
    }""")
    token, end = EVENTS["generationEvents"][2], EVENTS["generationEvents"][-1]

    assert ours.rendered(token) is not None
    assert ours.rendered(end) is None


@pytest.mark.parametrize(("field", "value"), [("text", None), ("at", "noon"), ("seq", "many")])
def test_a_value_that_its_type_does_not_allow_is_told_by_graphql_core_with_its_path(field: str, value: object) -> None:
    fields: dict[str, Any] = {**WHERE, "text": "more", "offset": Long(0), field: value}
    event = generation.TokenDelta(**fields)
    ours, oracle = executors("""subscription {
      generationEvents(id: "generation_1") { ... on StreamEvent { at seq } ... on TokenDelta { text } }
    }""")

    answers = [ours.executed(event), oracle.build_per_event_executor(event).execute_operation()]

    assert ours.rendered(event) is None
    told, expected = ([(error.message, error.path) for error in answer.errors] for answer in answers)
    assert told == expected != []
