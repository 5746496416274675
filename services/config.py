"""This file is the settings: the only reader of the environment, validated once, every error listed at once."""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo


class BadConfig(Exception):
    """Settings are missing or wrong. The message lists all of them, one a line."""


def _words(text: object) -> object:
    return tuple(part for part in text.replace(",", " ").split() if part) if isinstance(text, str) else text


def _events_url(url: str) -> str:
    if url.partition("://")[0] not in {"memory", "redis", "rediss"}:
        raise ValueError("must start with memory://, redis:// or rediss://")
    return url


def _http_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return url.rstrip("/")


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]


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
    data: Path = Field(
        Path(".snapinfra"),
        alias="SNAPINFRA_DATA",
        description="Folder for the emulator's state and for LOCAL deployments.",
    )
    cors_origins: Words = Field(
        (),
        alias="CORS_ORIGIN",
        description="Origins of browser pages that may call the api, by spaces or commas. Our own always may.",
    )

    aws_region: str = Field("us-east-1", alias="AWS_REGION", description="AWS region of all resources.")
    aws_endpoint_url: HttpUrl | None = Field(
        None,
        alias="AWS_ENDPOINT_URL",
        description="An AWS emulator instead of AWS. Unset, `snapinfra dev` starts one of its own.",
    )
    stage: str = Field(
        "",
        alias="SNAPINFRA_STAGE",
        pattern=r"^[a-z0-9-]{0,20}$",
        description="Suffix of every table, queue, bucket and topic, so that several stages share an account.",
    )
    bucket: str = Field("snapinfra-storage", alias="S3_BUCKET_NAME", description="S3 bucket for artifacts.")
    generation_queue: str = Field(
        "snapinfra-code-generation", alias="SQS_CODE_GENERATION_QUEUE", description="SQS queue of generation jobs."
    )
    deployment_queue: str = Field(
        "snapinfra-deployments", alias="SQS_DEPLOYMENT_QUEUE", description="SQS queue of deployment jobs."
    )
    topic: str = Field(
        "snapinfra-deployment-notifications",
        alias="SNS_DEPLOYMENT_NOTIFICATIONS",
        description="SNS topic told of every generation and deployment that ends.",
    )

    events_url: Annotated[str, AfterValidator(_events_url)] = Field(
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

    clerk_jwt_key: str | None = Field(
        None, alias="CLERK_JWT_KEY", description="Clerk's public key (PEM), to check session tokens without a network."
    )
    clerk_jwks_url: HttpUrl | None = Field(
        None, alias="CLERK_JWKS_URL", description="Clerk's key set, used when CLERK_JWT_KEY is unset."
    )
    clerk_issuer: str | None = Field(None, alias="CLERK_ISSUER", description="The `iss` that Clerk's tokens carry.")
    clerk_authorized_parties: Words = Field(
        (), alias="CLERK_AUTHORIZED_PARTIES", description="Origins allowed as `azp` of a Clerk token."
    )
    jwt_secret: SecretStr | None = Field(
        None,
        alias="JWT_SECRET",
        min_length=32,
        description="Secret of the HS256 tokens of `snapinfra token`; at least 32 characters. Development only.",
    )
    jwt_lifetime: timedelta = Field(
        timedelta(days=7), alias="JWT_EXPIRES_IN", description="Life of those tokens: ISO 8601 (P7D) or seconds."
    )

    admins: Words = Field(
        (), alias="ADMIN_USERS", description="Ids of the users who may see the queues and put jobs back into them."
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

    @property
    def development(self) -> bool:
        return self.environment == "development"

    def name_of(self, resource: str) -> str:
        """Name a table, queue, bucket or topic in this stage."""
        return f"{resource}-{self.stage}" if self.stage else resource


def settings() -> Iterator[tuple[str, FieldInfo]]:
    """Yield every environment variable with its field, in the order of the reference."""
    for info in Config.model_fields.values():
        assert info.alias is not None  # noqa: S101 - a setting without a variable is a mistake in this file
        yield info.alias, info


def read(variables: Mapping[str, str]) -> Config:
    """Validate the given variables. Raises BadConfig listing everything that is wrong."""
    given = {name: value for name, value in variables.items() if value.strip()}
    faults = list(_faults_together(given))
    try:
        config = Config.model_validate(given)
    except ValidationError as error:
        own = [f"{e['loc'][0]}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise _bad([*own, *faults]) from None
    if faults:
        raise _bad(faults)
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
        if not clerk:
            yield "CLERK_JWT_KEY or CLERK_JWKS_URL: one is required when SNAPINFRA_ENV is production"
    if clerk and "CLERK_ISSUER" not in given:
        yield "CLERK_ISSUER: required with CLERK_JWT_KEY or CLERK_JWKS_URL"


def _bad(faults: list[str]) -> BadConfig:
    return BadConfig("\n  ".join(["Snapinfra can't start, these settings are wrong:", *faults]))
