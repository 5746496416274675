"""What variables may be called, and what is said where they may not."""

import pytest

from services.environments.rules import LONGEST_NAME, RESERVED, variable_faults
from services.platforms.heroku.deployment import OURS
from services.platforms.migrating import SETTING
from services.platforms.preparing import TABLES_VARIABLES


def said(**variables: str) -> list[str]:
    return [fault.message for fault in variable_faults(variables, where=("variables",))]


def test_what_a_deployment_sets_itself_can_not_be_set() -> None:
    """Whether a backend migrates its database is its users' to say."""
    assert {OURS, *TABLES_VARIABLES} - {SETTING} <= set(RESERVED)
    assert said(**{SETTING: "false"}) == []
    for name in RESERVED:
        (message,) = said(**{name: "1"})
        assert message.startswith(f"{name} can't be set: AWS_ACCESS_KEY_ID, ")


@pytest.mark.parametrize("name", ["1A", "A-B", "", "É", "A" * (LONGEST_NAME + 1)])
def test_a_name_that_is_none_is_told_what_a_name_is(name: str) -> None:
    (message,) = said(**{name: "1"})
    assert "that has 1 to 100 letters" in message
    assert len(message) < 400


@pytest.mark.parametrize(("value", "is_refused"), [("", True), ("s" * 31, True), ("s" * 32, False)])
def test_a_secret_that_a_backend_would_not_start_with_is_refused_in_its_words(value: str, *, is_refused: bool) -> None:
    assert said(JWT_SECRET=value) == (["JWT_SECRET must have at least 32 characters."] if is_refused else [])


def test_what_is_there_from_before_a_rule_stands_in_nobodys_way() -> None:
    there = {"AWS_REGION": "eu-west-1"}
    assert variable_faults({**there, "FINE": "1"}, where=("variables",), before=there) == []
    assert len(variable_faults({"AWS_REGION": "us-east-1"}, where=("variables",), before=there)) == 1
