"""What the settings promise."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from services.config import BadConfig, read

CLERK = {"CLERK_JWKS_URL": "https://clerk.example/jwks", "CLERK_ISSUER": "https://clerk.example"}
DEVELOPMENT = {"SNAPINFRA_ENV": "development"}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
EC = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PRIVATE = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "text", [PEM, PEM.strip(), PEM.replace("\n", "\\n"), PEM.replace("\n", " ").strip(), f"  {PEM}\n\n"]
)
def test_a_public_key_may_be_given_on_several_lines_or_on_one(text: str) -> None:
    config = read({**DEVELOPMENT, "CLERK_JWT_KEY": text, "CLERK_ISSUER": "https://clerk.example"})

    assert config.clerk_jwt_key == PEM


WRONG = {
    "CLERK_JWT_KEY": ["bla", PRIVATE, EC.decode(), PEM[:200], PEM.replace("A", "*", 1)],
    "CLERK_ISSUER": ["clerk.example", "https://", "https://clerk example"],
    "CLERK_JWKS_URL": ["https://:443/jwks", "https://clerk.example:port/jwks", "http://[::1"],
    "EVENTS_URL": [
        "redis://",
        "redis:///0",
        "redis://cache:port",
        "redis://cache/zero",
        "rediss://ca che:6379",
        "redis://a,b",
        "redis://a,memory://",
        "memory:// memory://",
        "redis://a:6379,rediss://u:p@A/0",
    ],
    "FORWARDED_ALLOW_IPS": ["proxy.internal", "10.0.0.0/33", "10.0.0.1/8", "1.2.3"],
    "AWS_REGION": ["Frankfurt", "eu-central", "eu central 1", "eu-central-1a"],
    "S3_BUCKET_NAME": [
        "ab",
        "Acme",
        "acme_files",
        "acme..files",
        "-acme",
        "acme.",
        "10.0.0.1",
        "xn--acme",
        "a" * 64,
        "a-s3alias",
    ],
    "SQS_CODE_GENERATION_QUEUE": ["a b", "jobs.fifo", "a" * 77],
    "SQS_DEPLOYMENT_QUEUE": ["jobs/1"],
    "SQS_NOTIFICATION_QUEUE": ["jobs!"],
    "SNS_DEPLOYMENT_NOTIFICATIONS": ["a b", "a" * 257],
    "JWT_EXPIRES_IN": ["0", "-5", "soon", "PT0S"],
    "JWT_SECRET": ["short"],
    "API_KEY_PEPPER": ["short"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_that_can_not_be_right_is_refused_at_once_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read({**DEVELOPMENT, **CLERK, name: value})

    (fault,) = refused.value.faults
    assert fault.startswith(f"{name}: ")


RIGHT = {
    "CLERK_ISSUER": ["https://clerk.example.com/", "http://localhost:8080"],
    "EVENTS_URL": [
        "redis://cache",
        "rediss://user:p%40ss@cache.example:6380/1",
        "redis://[::1]:6379/",
        "memory://",
        "redis://a,rediss://u:p@b/1 redis://a/1",
    ],
    "FORWARDED_ALLOW_IPS": ["*", "10.0.0.0/8 ::1", "fd00::/8,127.0.0.1"],
    "AWS_REGION": ["us-gov-west-1", "ap-southeast-2", "cn-north-1", "us-iso-east-1"],
    "S3_BUCKET_NAME": ["abc", "acme.files-2", "a" * 63, "1st"],
    "SQS_CODE_GENERATION_QUEUE": ["Jobs_1", "a" * 76],
    "JWT_EXPIRES_IN": ["3600", "P7D", "PT1H", "01:00:00"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_a_value_that_may_be_right_is_taken(name: str, value: str) -> None:
    read({**DEVELOPMENT, **CLERK, name: value})


def test_tokens_live_for_seconds_or_for_an_iso_duration() -> None:
    lives = [read({**DEVELOPMENT, "JWT_EXPIRES_IN": text}).jwt_lifetime for text in ("3600", "PT1H")]

    assert lives == [timedelta(hours=1)] * 2


@pytest.mark.parametrize(("name", "most"), [("S3_BUCKET_NAME", 63), ("SQS_NOTIFICATION_QUEUE", 76)])
def test_a_name_must_fit_with_the_stage_behind_it(name: str, most: int) -> None:
    stage = {**DEVELOPMENT, "SNAPINFRA_STAGE": "eu"}

    read({**stage, name: "a" * (most - 3)})
    with pytest.raises(BadConfig, match=f"{name}: with SNAPINFRA_STAGE behind it"):
        read({**stage, name: "a" * (most - 2)})


def test_a_secret_that_is_too_short_is_refused_in_characters_and_not_shown() -> None:
    with pytest.raises(BadConfig) as refused:
        read({**DEVELOPMENT, "JWT_SECRET": "hunter2"})

    assert refused.value.faults == ("JWT_SECRET: must have at least 32 characters",)


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


def test_production_refuses_a_previous_development_secret_too() -> None:
    with pytest.raises(BadConfig, match="JWT_SECRET: not allowed when SNAPINFRA_ENV is production"):
        read({**CLERK, "API_KEY_PEPPER": "p" * 32, "JWT_SECRET": "x" * 40, "JWT_SECRET_PREVIOUS": "x" * 40})
    with pytest.raises(BadConfig, match="JWT_SECRET: required with JWT_SECRET_PREVIOUS"):
        read({**CLERK, "API_KEY_PEPPER": "p" * 32, "JWT_SECRET_PREVIOUS": "x" * 40})


@pytest.mark.parametrize("name", ["API_KEY_PEPPER", "JWT_SECRET", "CLERK_WEBHOOK_SECRET"])
def test_a_previous_secret_alone_is_refused(name: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read({"SNAPINFRA_ENV": "development", f"{name}_PREVIOUS": "whsec_" + "b" * 32})

    assert refused.value.faults == (f"{name}: required with {name}_PREVIOUS",)


@pytest.mark.parametrize("name", ["API_KEY_PEPPER", "JWT_SECRET", "CLERK_WEBHOOK_SECRET"])
def test_a_previous_secret_has_the_form_of_a_secret(name: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read({**DEVELOPMENT, name: "whsec_" + "b" * 32, f"{name}_PREVIOUS": "short"})

    (fault,) = refused.value.faults
    assert fault.startswith(f"{name}_PREVIOUS: must ")


def test_production_keeps_private_addresses_out_of_reach() -> None:
    production = {**CLERK, "API_KEY_PEPPER": "p" * 32}

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
    clerk = {
        "CLERK_JWKS_URL": "https://x.example/jwks",
        "CLERK_ISSUER": "https://x.example",
        "API_KEY_PEPPER": "p" * 32,
    }
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
