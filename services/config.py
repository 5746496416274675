"""This file is the settings: the only reader of the environment, validated once, every error listed at once."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from services import config_forms as forms
from services.config_forms import HttpUrl, Words
from services.core.prices import PRICES, SCAFFOLD, Price


class BadConfig(Exception):
    """Settings are missing or wrong. The message lists all of them, one a line."""

    @classmethod
    def of(cls, faults: Sequence[str]) -> Self:
        error = cls("\n  ".join(["Snapinfra can't start, these settings are wrong:", *faults]))
        error.faults = tuple(faults)
        return error

    faults: tuple[str, ...] = ()
    """Each as `SETTING: what is wrong`; none where the message is all there is to say."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the settings say of one provider of models."""

    name: str
    key: SecretStr | None
    base_url: str
    model: str
    """Asked where a request names none."""
    models: tuple[str, ...]
    """Further ones that a request may name."""


class Config(BaseModel):
    """Every setting. The alias is the environment variable; a variable that is set but empty counts as unset."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    environment: Literal["development", "production"] = Field(
        "production",
        alias="SNAPINFRA_ENV",
        description="`development` allows dev users, JWT_SECRET tokens and LOCAL deployments; `production` does not.",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="Address that the api listens on.")
    port: int = Field(8000, alias="PORT", ge=1, le=65535, description="Port that the api listens on.")
    tls_cert: Path | None = Field(
        None,
        alias="TLS_CERT_FILE",
        description="Certificate (PEM, with those between it and the root) by which `snapinfra serve` speaks TLS "
        "itself; unset, a proxy does. `snapinfra dev` does not use it.",
    )
    tls_key: Path | None = Field(
        None, alias="TLS_KEY_FILE", description="Private key of TLS_CERT_FILE (PEM, without a passphrase)."
    )
    data: Path = Field(
        Path(".snapinfra"),
        alias="SNAPINFRA_DATA",
        description="Folder for the emulator's state, for LOCAL deployments and for what checks of code install.",
    )
    allowed_hosts: forms.Hosts = Field(
        (),
        alias="ALLOWED_HOSTS",
        description="Names by which clients call the api, by spaces or commas: `api.example.com`, `*.example.com`, or "
        "`*` for any. Addresses, localhost and names without a dot always work.",
    )
    cors_origins: forms.Origins = Field(
        (),
        alias="CORS_ORIGIN",
        description="Origins of browser pages that may call the api, by spaces or commas, or `*` for any. Our own "
        "always may, and in development those of this machine.",
    )
    most_body: int = Field(
        1_048_576,
        alias="MAX_FILE_SIZE",
        ge=1_000,
        le=104_857_600,
        description="Bytes that the body of a request, or a message on a socket, may have; 65,536 of one who has not "
        "signed in.",
    )
    header_seconds: float = Field(
        10, alias="HEADER_SECONDS", gt=0, description="Seconds in which the headers of a request must have come."
    )
    body_seconds: float = Field(
        30, alias="BODY_SECONDS", gt=0, description="Seconds in which the body of a request must have come."
    )
    init_seconds: float = Field(
        10, alias="INIT_SECONDS", gt=0, description="Seconds in which a socket must have said connection_init."
    )
    idle_seconds: float = Field(
        60, alias="IDLE_SECONDS", gt=0, description="Seconds without an operation after which an anonymous socket ends."
    )
    most_connections: int = Field(
        500,
        alias="CONNECTIONS_PER_ADDRESS",
        ge=0,
        description="Connections that an address (of IPv6 a /64) may have to an api at once; 0 for no limit. Those of "
        "FORWARDED_ALLOW_IPS have none.",
    )
    most_anonymous_sockets: int = Field(
        100,
        alias="SOCKETS_PER_ADDRESS",
        ge=0,
        description="Sockets on which nobody has signed in that an address (of IPv6 a /64) may have at an api; "
        "0 for no limit.",
    )
    most_sockets: int = Field(
        200,
        alias="SOCKETS_PER_USER",
        ge=0,
        description="Sockets that a user, or an API key, may have at an api; 0 for no limit.",
    )
    api_rate: int = Field(
        600,
        alias="API_RATE_PER_MINUTE",
        ge=0,
        le=1_000_000,
        description="Requests and operations that a user, an API key or, without either, an address may send to an api "
        "within a minute; 0 for no limit.",
    )
    trusted_proxies: forms.Proxies = Field(
        ("127.0.0.1", "::1"),
        alias="FORWARDED_ALLOW_IPS",
        description="Addresses or networks of the proxies whose X-Forwarded-For is believed; `*` for any.",
    )
    log_format: Literal["json", "text"] | None = Field(
        None,
        alias="LOG_FORMAT",
        description="Form of the log: `json`, an object a line, or `text`; unset, json, and text in development.",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None, BeforeValidator(forms.upper)] = Field(
        None,
        alias="LOG_LEVEL",
        description="Level that lines are logged from (DEBUG, INFO, WARNING, ERROR): each operation and each attempt "
        "at a job has one of INFO. Unset, INFO, and WARNING in development.",
    )

    aws_region: forms.Region = Field("us-east-1", alias="AWS_REGION", description="AWS region of all resources.")
    aws_endpoint_url: HttpUrl | None = Field(
        None,
        alias="AWS_ENDPOINT_URL",
        description="An AWS emulator instead of AWS, which must take the key id `local` with the secret `local`. "
        "Unset, `snapinfra dev` starts one of its own.",
    )
    public_endpoint_url: HttpUrl | None = Field(
        None,
        alias="AWS_PUBLIC_ENDPOINT_URL",
        description="Where browsers reach the emulator, for download links; unset, AWS_ENDPOINT_URL.",
    )
    sqs_endpoint_url: HttpUrl | None = Field(
        None, alias="AWS_ENDPOINT_URL_SQS", description="Another emulator for SQS alone."
    )
    stage: str = Field(
        "",
        alias="SNAPINFRA_STAGE",
        pattern=r"^[a-z0-9-]{0,20}$",
        description="Suffix of every table, queue, bucket, topic and key alias: several stages may share an account.",
    )
    bucket: forms.BucketName = Field(
        "snapinfra-storage", alias="S3_BUCKET_NAME", description="S3 bucket for artifacts."
    )
    generation_queue: forms.QueueName = Field(
        "snapinfra-code-generation", alias="SQS_CODE_GENERATION_QUEUE", description="SQS queue of generation jobs."
    )
    deployment_queue: forms.QueueName = Field(
        "snapinfra-deployments", alias="SQS_DEPLOYMENT_QUEUE", description="SQS queue of deployment jobs."
    )
    topic: forms.TopicName = Field(
        "snapinfra-deployment-notifications",
        alias="SNS_DEPLOYMENT_NOTIFICATIONS",
        description="SNS topic told of every generation and deployment that ends.",
    )

    mail_from: forms.Address | None = Field(
        None,
        alias="MAIL_FROM",
        description="Address from which people get mail through SES: invitations, and what they want to be told of. "
        "SES must know it or its domain (`snapinfra provision` asks its owner). Unset, no mail is sent.",
    )
    app_url: HttpUrl | None = Field(
        None,
        alias="APP_URL",
        description="Where the frontend is, for links in mail: `<APP_URL>/invitations/<token>`. Needed with MAIL_FROM.",
    )
    notification_queue: forms.QueueName = Field(
        "snapinfra-notifications", alias="SQS_NOTIFICATION_QUEUE", description="SQS queue of webhook deliveries."
    )
    key_alias: str | None = Field(
        None,
        alias="KMS_KEY_ALIAS",
        pattern=r"^alias/[A-Za-z0-9/_-]+$",
        description="KMS key that wraps the data keys of secrets, as `alias/…`; `snapinfra provision` makes it. "
        "Unset, `alias/snapinfra-secrets`, and in development a file in SNAPINFRA_DATA in place of KMS.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        alias="ALLOW_PRIVATE_ADDRESSES",
        description="Whether webhooks and providers' URLs may lead to this machine and private networks, and be http. "
        "Development only.",
    )

    events_url: forms.EventsUrl = Field(
        "memory://",
        alias="EVENTS_URL",
        description="The event log: `memory://` for one process, `redis://…` or `rediss://…` for any number.",
    )

    groq_api_key: SecretStr | None = Field(None, alias="GROQ_API_KEY", description="Key of Groq, asked first.")
    groq_base_url: HttpUrl = Field(
        "https://api.groq.com", alias="GROQ_BASE_URL", description="Where Groq's API is; the SDK adds /openai/v1."
    )
    groq_model: str = Field("openai/gpt-oss-120b", alias="GROQ_MODEL", description="Model asked of Groq.")
    groq_models: Words = Field(
        (), alias="GROQ_MODELS", description="Further models of Groq that a generation may ask for."
    )
    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY", description="Key of OpenAI, asked second.")
    openai_base_url: HttpUrl = Field(
        "https://api.openai.com/v1",
        alias="OPENAI_BASE_URL",
        description="Where OpenAI's API, or one compatible with it, is (Ollama, vLLM, llama.cpp).",
    )
    openai_model: str = Field("gpt-5-mini", alias="OPENAI_MODEL", description="Model asked of OpenAI.")
    openai_models: Words = Field(
        (), alias="OPENAI_MODELS", description="Further models of OpenAI that a generation may ask for."
    )
    ai_model: str | None = Field(
        None, alias="AI_MODEL", description="One model for every provider, instead of GROQ_MODEL and OPENAI_MODEL."
    )
    ai_temperature: float | None = Field(
        None, alias="AI_TEMPERATURE", ge=0, le=2, description="Sampling temperature; unset, each kind has its own."
    )
    ai_max_tokens: int | None = Field(
        None, alias="AI_MAX_TOKENS", ge=1, description="Most tokens of one answer; unset, each kind has its own."
    )
    ai_top_p: float | None = Field(None, alias="AI_TOP_P", gt=0, le=1, description="Nucleus sampling.")
    ai_reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = Field(
        None, alias="AI_REASONING_EFFORT", description="How long a reasoning model thinks; unset, as it usually does."
    )
    ai_chunk_timeout: float = Field(
        30, alias="AI_CHUNK_TIMEOUT", gt=0, description="Seconds of silence after which a provider has failed."
    )
    ai_prices: Json[dict[str, Price]] | None = Field(
        None,
        alias="AI_PRICES",
        description="Prices of models in US dollars per million tokens, over the built-in ones of the default models: "
        '`{"gpt-5-mini": {"input": 0.25, "cachedInput": 0.025, "output": 2}}`.',
    )
    ai_requests: int | None = Field(
        None,
        alias="AI_REQUESTS_PER_MINUTE",
        ge=0,
        le=1000,
        description="Generations that a user may ask for within a minute; 0 for no limit; "
        "unset, 10, and 20 in development.",
    )
    batches: int = Field(
        100,
        alias="ANALYTICS_BATCHES_PER_MINUTE",
        ge=0,
        le=1000,
        description="Batches of analytics events that an API key may send within a minute; 0 for no limit.",
    )
    team_tokens: int | None = Field(
        None,
        alias="AI_TEAM_MONTHLY_TOKENS",
        ge=0,
        le=10**15,
        description="Tokens that a team may use in a calendar month (UTC); unset, as many as it likes.",
    )
    team_cost: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=9)] | None = Field(
        None,
        alias="AI_TEAM_MONTHLY_COST",
        description="US dollars that a team's models may cost in a calendar month (UTC); unset, as much as they do.",
    )
    ai_first_timeout: float = Field(
        120,
        alias="AI_FIRST_TIMEOUT",
        gt=0,
        description="Seconds of silence before its first text after which a provider has failed.",
    )
    ai_cooldown: float = Field(
        10, alias="AI_COOLDOWN", ge=0, description="Seconds for which a failing provider is passed over."
    )
    scaffold_pace: float = Field(
        2000,
        alias="SCAFFOLD_TOKENS_PER_SECOND",
        ge=0,
        description="Pace of the scaffold, the provider used when no key is set. 0 is as fast as possible.",
    )

    clerk_jwt_key: forms.PublicKey | None = Field(
        None, alias="CLERK_JWT_KEY", description="Clerk's public key (PEM), to check session tokens without a network."
    )
    clerk_jwks_url: HttpUrl | None = Field(
        None, alias="CLERK_JWKS_URL", description="Clerk's key set, used when CLERK_JWT_KEY is unset."
    )
    clerk_issuer: forms.Issuer | None = Field(
        None, alias="CLERK_ISSUER", description="The `iss` that Clerk's tokens carry."
    )
    clerk_authorized_parties: Words = Field(
        (),
        alias="CLERK_AUTHORIZED_PARTIES",
        description="Origins of the pages that users may sign in on: the `azp` of a Clerk token, where it has one. "
        "Unset, those of CORS_ORIGIN; in development also those of this machine.",
    )
    clerk_secret_key: SecretStr | None = Field(
        None,
        alias="CLERK_SECRET_KEY",
        description="Key of Clerk's API, to ask whether the session behind an open socket goes on. "
        "Unset, such a socket ends an hour after its token has expired.",
    )
    clerk_webhook_secret: forms.SigningSecret | None = Field(
        None,
        alias="CLERK_WEBHOOK_SECRET",
        description="Signing secret of Clerk's webhook to /api/webhooks/clerk; unset, there is no such endpoint.",
    )
    clerk_api_url: HttpUrl = Field("https://api.clerk.com", alias="CLERK_API_URL", description="Where Clerk's API is.")
    jwt_secret: forms.OwnSecret | None = Field(
        None,
        alias="JWT_SECRET",
        description="Secret of the HS256 tokens of `snapinfra token`; at least 32 characters. Development only.",
    )
    jwt_lifetime: forms.Lifetime = Field(
        timedelta(days=7),
        alias="JWT_EXPIRES_IN",
        gt=timedelta(0),
        description="Life of those tokens: ISO 8601 (P7D), or seconds.",
    )

    api_key_pepper: forms.OwnSecret | None = Field(
        None,
        alias="API_KEY_PEPPER",
        description="Secret that API keys are hashed with; at least 32 characters. Another one ends all keys. "
        "Required in production.",
    )

    admins: Words = Field(
        (),
        alias="ADMIN_USERS",
        description="Ids of the users who may see the queues and put FAILED generations back into them.",
    )
    job_lease: float = Field(
        60,
        alias="JOB_LEASE_SECONDS",
        ge=1,
        le=900,
        description="Seconds without a heartbeat after which a job is taken from its worker.",
    )
    job_poll: int | None = Field(
        None,
        alias="JOB_POLL_SECONDS",
        ge=1,
        le=20,
        description="Seconds of one long poll for jobs, which a worker that stops waits for; "
        "unset, 20, and 2 in development.",
    )
    drain_grace: float = Field(
        20, alias="DRAIN_GRACE_SECONDS", ge=0, description="Seconds that running jobs get to end when a worker stops."
    )
    generation_slots: int = Field(
        8, alias="WORKER_GENERATIONS", ge=1, le=100, description="Generations that a worker runs at once."
    )
    deployment_slots: int = Field(
        2, alias="WORKER_DEPLOYMENTS", ge=1, le=100, description="Deployments that a worker builds at once."
    )

    checks: bool = Field(
        default=True,
        alias="CODE_CHECKS",
        description="Check produced code: whether it parses and, where Node.js is, whether it compiles. "
        "The first check with some set of dependencies downloads them.",
    )
    check_seconds: float = Field(
        60, alias="CODE_CHECK_SECONDS", ge=1, description="Seconds after which one check has failed."
    )

    @property
    def development(self) -> bool:
        return self.environment == "development"

    @property
    def scheme(self) -> str:
        """How clients reach the api itself: `http` or `https`."""
        return "https" if self.tls_cert else "http"

    @property
    def log_form(self) -> str:
        return self.log_format or ("text" if self.development else "json")

    @property
    def log_from(self) -> str:
        return self.log_level or ("WARNING" if self.development else "INFO")

    @property
    def requests_per_minute(self) -> int:
        """Generations that a user may ask for within a minute; 0 for no limit."""
        if self.ai_requests is None:
            return 20 if self.development else 10
        return self.ai_requests

    @property
    def providers(self) -> tuple[ProviderSettings, ...]:
        """The providers that have a key, in the order they are asked."""
        known = (
            ProviderSettings("groq", self.groq_api_key, self.groq_base_url, self.groq_model, self.groq_models),
            ProviderSettings(
                "openai", self.openai_api_key, self.openai_base_url, self.openai_model, self.openai_models
            ),
        )
        chosen = (replace(provider, model=self.ai_model or provider.model) for provider in known)
        return tuple(provider for provider in chosen if provider.key is not None)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that may be asked: that of each provider, in their order, then further ones."""
        firsts = (provider.model for provider in self.providers)
        further = (model for provider in self.providers for model in provider.models)
        return (*firsts, *further) or (SCAFFOLD,)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every setting that is a secret, where it is set."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))

    @property
    def prices(self) -> dict[str, Price]:
        """What models cost."""
        return {**PRICES, **(self.ai_prices or {})}

    @property
    def pepper(self) -> bytes:
        """What API keys are hashed with; in development also JWT_SECRET, or a value that everybody knows."""
        secret = self.api_key_pepper or self.jwt_secret
        return secret.get_secret_value().encode() if secret else b"development"

    def name_of(self, resource: str) -> str:
        """Name a table, queue, bucket or topic in this stage."""
        return f"{resource}-{self.stage}" if self.stage else resource


def settings() -> Iterator[tuple[str, FieldInfo]]:
    """Yield every environment variable with its field, in the order of the reference."""
    for info in Config.model_fields.values():
        assert info.alias is not None  # noqa: S101 - a setting without a variable is a mistake in this file
        yield info.alias, info


def read(variables: Mapping[str, str], *, besides: Sequence[str] = ()) -> Config:
    """Validate the given variables. Raises BadConfig listing everything that is wrong, `besides` included."""
    given = {name: value for name, value in variables.items() if value.strip()}
    faults = [*_faults_together(given), *besides]
    try:
        config = Config.model_validate(given)
    except ValidationError as error:
        own = [f"{e['loc'][0]}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise BadConfig.of([*own, *faults]) from None
    faults += [*_faults_of_names(config), *_faults_of_budget(config), *_faults_of_tls(config)]
    if faults:
        raise BadConfig.of(faults)
    return config


def process_environment() -> dict[str, str]:
    """Return this process's environment over the file `.env` where there is one."""
    file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**file, **os.environ}  # noqa: TID251 - the one place that reads it


def load(**overrides: str) -> Config:
    """Read the process's environment and `.env`; `overrides` are what the command line says."""
    return read({**process_environment(), **overrides})


def _faults_together(given: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with settings in view of others, whatever else is wrong with them."""
    clerk = "CLERK_JWT_KEY" in given or "CLERK_JWKS_URL" in given
    if given.get("SNAPINFRA_ENV", "production") == "production":
        if "JWT_SECRET" in given:
            yield "JWT_SECRET: not allowed when SNAPINFRA_ENV is production"
        if given.get("ALLOW_PRIVATE_ADDRESSES", "false").lower() not in {"false", "0", "no", "off", "f", "n"}:
            yield "ALLOW_PRIVATE_ADDRESSES: not allowed when SNAPINFRA_ENV is production"
        if not clerk:
            yield "CLERK_JWT_KEY or CLERK_JWKS_URL: one is required when SNAPINFRA_ENV is production"
        if "API_KEY_PEPPER" not in given:
            yield "API_KEY_PEPPER: required when SNAPINFRA_ENV is production"
    if "MAIL_FROM" in given and "APP_URL" not in given:
        yield "APP_URL: required with MAIL_FROM"
    if clerk and "CLERK_ISSUER" not in given:
        yield "CLERK_ISSUER: required with CLERK_JWT_KEY or CLERK_JWKS_URL"


def _faults_of_tls(config: Config) -> Iterator[str]:
    """Yield why the api could not speak TLS, where it is to."""
    if config.tls_cert is not None and config.tls_key is not None:
        if fault := forms.pair_fault(config.tls_cert, config.tls_key):
            yield f"TLS_CERT_FILE and TLS_KEY_FILE: {fault}"
    elif config.tls_cert is not None or config.tls_key is not None:
        missing, given = ("TLS_KEY_FILE", "TLS_CERT_FILE") if config.tls_cert else ("TLS_CERT_FILE", "TLS_KEY_FILE")
        yield f"{missing}: required with {given}"


def _faults_of_names(config: Config) -> Iterator[str]:
    """Yield which names are too long with the stage behind them."""
    limits = {
        "S3_BUCKET_NAME": (config.bucket, forms.LONGEST_BUCKET),
        "SQS_CODE_GENERATION_QUEUE": (config.generation_queue, forms.LONGEST_QUEUE),
        "SQS_DEPLOYMENT_QUEUE": (config.deployment_queue, forms.LONGEST_QUEUE),
        "SQS_NOTIFICATION_QUEUE": (config.notification_queue, forms.LONGEST_QUEUE),
    }
    for variable, (name, most) in limits.items():
        if len(config.name_of(name)) > most:
            yield f"{variable}: with SNAPINFRA_STAGE behind it, it may have at most {most} characters"


def _faults_of_budget(config: Config) -> Iterator[str]:
    """Yield which models have no price, where a budget of money needs one."""
    if config.team_cost is not None:
        for model in sorted({*config.models} - {*config.prices}):
            yield f"AI_TEAM_MONTHLY_COST: needs a price of the model '{model}' in AI_PRICES"
