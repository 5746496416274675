"""What variables may be called, and what is said where they may not."""

import pytest

from services.environments.rules import LONGEST_NAME, RESERVED, variable_faults
from services.platforms.heroku.deployment import OURS
from services.platforms.migrating import SETTING
from services.platforms.preparing import TABLES_VARIABLES


def said(variables: dict[str, str], *, is_public: bool = False) -> list[str]:
    return [fault.message for fault in variable_faults(variables, where=("variables",), is_public=is_public)]


def test_what_a_deployment_sets_itself_can_not_be_set() -> None:
    """Whether a backend migrates its database is its users' to say."""
    assert {OURS, *TABLES_VARIABLES} - {SETTING} <= set(RESERVED)
    assert said({SETTING: "false"}) == []
    for name in RESERVED:
        (message,) = said({name: "1"})
        assert message.startswith(f"{name} can't be set: AWS_ACCESS_KEY_ID, ")


@pytest.mark.parametrize("name", ["1A", "A-B", "", "É", "A" * (LONGEST_NAME + 1)])
def test_a_name_that_is_none_is_told_what_a_name_is(name: str) -> None:
    (message,) = said({name: "1"})
    assert "that has 1 to 100 letters" in message
    assert len(message) < 400


@pytest.mark.parametrize(("value", "is_refused"), [("", True), ("s" * 31, True), ("s" * 32, False)])
def test_a_secret_that_a_backend_would_not_start_with_is_refused_in_its_words(value: str, *, is_refused: bool) -> None:
    assert said({"JWT_SECRET": value}) == (["JWT_SECRET must have at least 32 characters."] if is_refused else [])


KEY = f"new:{'Qm9keSBvZiBhIGtleSB0aGF0IG5vYm9keSBndWVzcyE='}"
SEALING = "SEALING_KEYS must be keys as <id>:<32 bytes in base64>, with commas between, the newest first."


@pytest.mark.parametrize(
    ("variables", "messages"),
    [
        ({"AUTH": "maybe"}, ["AUTH must be on or off."]),
        ({"AUTH": "on", "JWKS_URL": "https://keys.example.com/jwks.json"}, []),
        ({"AUTH": "", "JWKS_URL": "", "SEALING_KEYS": ""}, []),
        ({"JWKS_URL": "nonsense"}, ["JWKS_URL must be an http or https URL."]),
        ({"SEALING_KEYS": "x"}, [SEALING]),
        ({"SEALING_KEYS": f"{KEY}, old{KEY}"}, []),
        ({"SEALING_KEYS": f"{KEY},"}, [SEALING]),
        ({"JWT_SECRET": KEY, "JWKS_URL": "https://x.example.com"}, ["Set JWT_SECRET or JWKS_URL, not both."]),
    ],
)
def test_a_setting_that_a_backend_refuses_is_refused_before_it_is_deployed(
    variables: dict[str, str], messages: list[str]
) -> None:
    assert said(variables) == messages


@pytest.mark.parametrize("secret", ["a" * 32, " " * 40, "changeme" * 5, "0123456789abcdef" * 3])
def test_where_others_reach_a_backend_its_secrets_can_not_be_guessed(secret: str) -> None:
    (message,) = said({"JWT_SECRET": secret}, is_public=True)
    assert message == "JWT_SECRET can be guessed: make a new one with `openssl rand -base64 32`."
    assert said({"JWT_SECRET": secret}) == []
    assert (
        said({"JWT_SECRET": "kJ8hQ2vB5nR7tY1wE4uI6oP9aS3dF0gH", "AUTH": "on", "SEALING_KEYS": KEY}, is_public=True)
        == []
    )


def test_where_others_reach_a_backend_authentication_is_on() -> None:
    assert said({"AUTH": "off"}) == []
    assert said({"AUTH": "off"}, is_public=True) == [
        "AUTH can't be off where others reach the backend: everybody could do everything."
    ]


def test_what_is_there_from_before_a_rule_stands_in_nobodys_way() -> None:
    there = {"AWS_REGION": "eu-west-1"}
    assert variable_faults({**there, "FINE": "1"}, where=("variables",), before=there) == []
    assert len(variable_faults({"AWS_REGION": "us-east-1"}, where=("variables",), before=there)) == 1
