"""500 calls of all root fields, with values of every kind: none meets a mistake of ours."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings

from graph.schema import schema
from tests.fuzz.calls import Call, calls
from tests.fuzz.stage import Stage, staged
from tests.snapinfra import Server

CALLS = 500
EVERY = calls(schema()._schema)  # pyright: ignore[reportPrivateUsage] - graphql-core's, as Strawberry's extensions have it


@dataclass
class Played:
    runner: "asyncio.Runner"
    stage: Stage


@pytest.fixture(scope="module")
def played(server: Server) -> Iterator[Played]:
    with asyncio.Runner() as runner:
        opening = staged(server)
        yield Played(runner, runner.run(opening.__aenter__()))
        runner.run(opening.__aexit__(None, None, None))


@settings(
    max_examples=CALLS,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(call=EVERY)
def test_whatever_is_sent_nothing_is_a_mistake_of_ours(played: Played, call: Call) -> None:
    assert played.runner.run(played.stage.play(call)) is None, str(call)
