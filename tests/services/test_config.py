"""This file is what the settings promise."""

import pytest

from services.config import BadConfig, read


def test_everything_wrong_is_listed_at_once() -> None:
    with pytest.raises(BadConfig) as refused:
        read({"PORT": "none", "EVENTS_URL": "kafka://x", "JOB_LEASE_SECONDS": "0", "SNAPINFRA_ENV": "development"})

    text = str(refused.value)
    assert [line.split(":")[0].strip() for line in text.splitlines()[1:]] == ["PORT", "EVENTS_URL", "JOB_LEASE_SECONDS"]


def test_what_is_wrong_together_is_listed_beside_what_is_wrong_alone() -> None:
    with pytest.raises(BadConfig) as refused:
        read({"PORT": "99999", "JWT_SECRET": "short"})

    assert [line.split(":")[0].strip() for line in str(refused.value).splitlines()[1:]] == [
        "PORT",
        "JWT_SECRET",
        "JWT_SECRET",
        "CLERK_JWT_KEY or CLERK_JWKS_URL",
        "API_KEY_PEPPER",
    ]


def test_production_refuses_development_secrets_and_wants_clerk() -> None:
    with pytest.raises(BadConfig) as refused:
        read({"JWT_SECRET": "x" * 40})

    assert "JWT_SECRET: not allowed" in str(refused.value)
    assert "CLERK_JWT_KEY or CLERK_JWKS_URL: one is required" in str(refused.value)
    assert "API_KEY_PEPPER: required" in str(refused.value)


def test_production_starts_with_clerk() -> None:
    config = read(
        {
            "CLERK_JWKS_URL": "https://clerk.example/jwks",
            "CLERK_ISSUER": "https://clerk.example",
            "API_KEY_PEPPER": "p" * 32,
        }
    )

    assert config.environment == "production"
    assert not config.development


def test_an_empty_variable_counts_as_unset() -> None:
    assert read({"SNAPINFRA_ENV": "development", "PORT": " ", "GROQ_API_KEY": ""}).port == 8000


def test_secrets_do_not_show_when_the_settings_are_printed() -> None:
    config = read({"SNAPINFRA_ENV": "development", "GROQ_API_KEY": "gsk_very_secret"})

    assert "gsk_very_secret" not in repr(config)


def test_a_stage_is_the_suffix_of_every_name() -> None:
    assert read({"SNAPINFRA_ENV": "development", "SNAPINFRA_STAGE": "pr-7"}).name_of("snapinfra-users") == (
        "snapinfra-users-pr-7"
    )


@pytest.mark.parametrize("secret", ["abc", "whsec_", "whsec_a", "whsec_!!!!"])
def test_a_signing_secret_that_can_not_be_one_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read({"SNAPINFRA_ENV": "development", "CLERK_WEBHOOK_SECRET": secret})

    assert str(refused.value).splitlines()[1:] == ["  CLERK_WEBHOOK_SECRET: must be whsec_ and a key in base 64"]
