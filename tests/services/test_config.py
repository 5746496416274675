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


def test_production_keeps_private_addresses_out_of_reach() -> None:
    production = {"CLERK_JWT_KEY": "k", "CLERK_ISSUER": "i", "API_KEY_PEPPER": "p" * 32}

    with pytest.raises(BadConfig, match="ALLOW_PRIVATE_ADDRESSES: not allowed when SNAPINFRA_ENV is production"):
        read({**production, "ALLOW_PRIVATE_ADDRESSES": "true"})

    assert not read(production).allow_private_addresses


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


def test_a_budget_of_money_needs_the_price_of_every_model_that_is_asked() -> None:
    given = {"SNAPINFRA_ENV": "development", "GROQ_API_KEY": "k", "AI_MODEL": "mine", "AI_TEAM_MONTHLY_COST": "5"}

    with pytest.raises(BadConfig) as refused:
        read(given)

    assert str(refused.value).splitlines()[1:] == [
        "  AI_TEAM_MONTHLY_COST: needs a price of the model 'mine' in AI_PRICES"
    ]
    assert read({**given, "AI_PRICES": '{"mine": {"input": 0.1, "output": 0.2}}'}).models == ("mine",)


@pytest.mark.parametrize("prices", ["{", "[]", '{"m": {"input": 1}}', '{"m": {"input": -1, "output": 1}}'])
def test_prices_that_are_none_are_refused(prices: str) -> None:
    with pytest.raises(BadConfig, match="AI_PRICES"):
        read({"SNAPINFRA_ENV": "development", "AI_PRICES": prices})


def test_a_user_may_ask_more_often_in_development() -> None:
    clerk = {
        "CLERK_JWKS_URL": "https://clerk.example/jwks",
        "CLERK_ISSUER": "https://clerk.example",
        "API_KEY_PEPPER": "p" * 32,
    }

    assert read(clerk).requests_per_minute == 10
    assert read({"SNAPINFRA_ENV": "development"}).requests_per_minute == 20
    assert read({**clerk, "AI_REQUESTS_PER_MINUTE": "3"}).requests_per_minute == 3


def test_the_log_is_json_in_production_and_quiet_text_in_development() -> None:
    clerk = {"CLERK_JWKS_URL": "https://x.example/jwks", "CLERK_ISSUER": "i", "API_KEY_PEPPER": "p" * 32}
    production, development = read(clerk), read({"SNAPINFRA_ENV": "development"})
    chosen = read({"SNAPINFRA_ENV": "development", "LOG_FORMAT": "json", "LOG_LEVEL": "debug"})

    assert (production.log_form, production.log_from) == ("json", "INFO")
    assert (development.log_form, development.log_from) == ("text", "WARNING")
    assert (chosen.log_form, chosen.log_from) == ("json", "DEBUG")


@pytest.mark.parametrize("secret", ["abc", "whsec_", "whsec_a", "whsec_!!!!"])
def test_a_signing_secret_that_can_not_be_one_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read({"SNAPINFRA_ENV": "development", "CLERK_WEBHOOK_SECRET": secret})

    assert str(refused.value).splitlines()[1:] == ["  CLERK_WEBHOOK_SECRET: must be whsec_ and a key in base 64"]


def test_mail_needs_an_address_and_where_its_links_lead() -> None:
    with pytest.raises(BadConfig) as refused:
        read({"SNAPINFRA_ENV": "development", "MAIL_FROM": "Snapinfra <no-reply@example.com>"})

    assert str(refused.value).splitlines()[1:] == [
        "  MAIL_FROM: must be an address such as no-reply@example.com",
        "  APP_URL: required with MAIL_FROM",
    ]
