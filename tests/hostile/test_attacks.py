"""The attacks that are over soon, on the tests' own server: it makes no mistake, and does nothing for a stranger."""

import os

import pytest

from tests.hostile import inputs, transport
from tests.hostile.attacks import ATTACKS, Do
from tests.hostile.target import Answer, Tally, Target
from tests.snapinfra import Server

QUICK: list[Do] = [
    inputs.many_events,
    inputs.literals,
    inputs.introspection,
    inputs.odd,
    inputs.tokens,
    transport.brackets,
    transport.pings,
    transport.headers,
    transport.beside_bodies,
    transport.rebinding,
]


@pytest.mark.parametrize("do", QUICK, ids=lambda do: do.__name__)
async def test_an_attack_finds_no_mistake(server: Server, do: Do) -> None:
    tally = Tally()

    await do(Target(server.config, os.getpid()), tally)

    assert tally.counts.total() > 0
    assert tally.faults == []


def test_every_attack_has_a_name_of_its_own() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= len(QUICK)


def test_a_mistake_of_the_server_is_a_fault_wherever_it_tells_of_it() -> None:
    tally = Tally()

    tally.note(Answer(500, b"oops"))
    tally.note(Answer(200, b'{"data": {"a": {"userErrors": [{"code": "BAD_USER_INPUT"}]}}}'))
    tally.note(Answer(200, b'{"errors": [{"message": "x", "extensions": {"code": "INTERNAL"}}]}'))
    tally.note(Answer(0, b""))

    assert list(tally.counts) == ["500", "200 BAD_USER_INPUT", "200 INTERNAL", "ended"]
    assert tally.faults == ["500", "200 INTERNAL"]
