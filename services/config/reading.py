"""Reading the settings: the only reader of the environment, validated once, every error listed at once."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from dotenv import dotenv_values
from pydantic import ValidationError

from services.config import forms
from services.config.config import Config


class BadConfig(Exception):
    """Settings are missing or wrong. The message lists all of them, one a line."""

    @classmethod
    def of(cls, faults: Sequence[str]) -> Self:
        error = cls("\n  ".join(["Snapinfra can't start, these settings are wrong:", *faults]))
        error.faults = tuple(faults)
        return error

    faults: tuple[str, ...] = ()
    """Each as `SETTING: what is wrong`; none where the message is all there is to say."""


def read(variables: Mapping[str, str], *, besides: Sequence[str] = ()) -> Config:
    """Validate the given variables. Raises BadConfig listing everything that is wrong, `besides` included."""
    given = {name: value for name, value in variables.items() if value.strip()}
    faults = [*_faults_together(given), *_faults_of_previous(given), *besides]
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
    """Return this process's environment over the file `.env` where there is one.

    Beside a package.json it is not ours but a Node program's, such as a generated backend, where commands are used too.
    """
    ours = {} if Path("package.json").exists() else dotenv_values(".env")
    file = {name: value for name, value in ours.items() if value is not None}
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


def _faults_of_previous(given: Mapping[str, str]) -> Iterator[str]:
    """Yield which secrets are second to none."""
    for name in ("API_KEY_PEPPER", "JWT_SECRET", "CLERK_WEBHOOK_SECRET"):
        if f"{name}_PREVIOUS" in given and name not in given:
            yield f"{name}: required with {name}_PREVIOUS"


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
