"""What an account says of itself: where Snapinfra answers, who signs people in, and which settings are secrets."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

EXAMPLE: Final = Path(__file__).parent / "example-site.json"


class Site(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The file `infra/site.json`, or what CDK_SITE names: one for each stage of each account."""

    region: str
    bucket: str
    """Bucket names are shared by all of AWS; the stage is appended."""
    domain: str
    """The host name that clients use."""
    certificate: str
    """ARN of its certificate in AWS Certificate Manager, in the stack's region."""
    settings: Mapping[str, str]
    """Settings of docs/reference/settings.md that are no secrets: CLERK_ISSUER, CORS_ORIGIN and the like."""
    secrets: Sequence[str] = ()
    """Names of settings that are keys of the secret `snapinfra-settings-<stage>`, besides API_KEY_PEPPER."""
    zones: str = "abc"
    """Letters of the availability zones to use, of which a stage takes the first few."""
    mail_from: str | None = None
    """The address that mail comes from."""
    alerts: str | None = None
    """The address that alarms and budgets write to."""


def read(path: Path) -> Site:
    """Read a site. Raises ValueError where it says what no site has."""
    try:
        return msgspec.convert(json.loads(path.read_text()), Site)
    except (msgspec.ValidationError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error


def settings(site: Site, stage: str) -> dict[str, Any]:
    """Return the settings that name a stage's resources."""
    named: dict[str, Any] = {"AWS_REGION": site.region, "SNAPINFRA_STAGE": stage, "S3_BUCKET_NAME": site.bucket}
    if site.mail_from is not None:
        named["MAIL_FROM"] = site.mail_from
    return named
