"""Domains of the apps of the fake Heroku, with automated certificate management (ACM), which wants a paid plan."""

from typing import Any, Final

from tests.fakes.targets.names import Owned

TAKEN: Final = "{} is currently in use by another app."
PRESENT: Final = "Domain already added to this app."
INVALID: Final = "Domain is not a valid hostname."


def domain_record(owned: Owned, app: dict[str, Any], *, at: str) -> dict[str, Any]:
    """Return a domain as Heroku shows it: what ACM says comes with the looks at its DNS."""
    says: tuple[str | None, str | None] = (None, None)
    if app["acm"]:
        says = [
            (None, None),
            ("failing", "CDN not returning HTTP challenge"),
            ("dns-verified", None),
            ("cert issued", None),
        ][min(owned.looks, 3)]
    return {
        "acm_status": says[0],
        "acm_status_reason": says[1],
        "app": {"id": app["id"], "name": app["name"]},
        "cname": f"{owned.id[:8]}.herokudns.com",
        "created_at": at,
        "hostname": owned.name,
        "id": owned.id,
        "kind": "custom",
        "sni_endpoint": None,
        "status": "succeeded" if owned.looks or not app["acm"] else "pending",
        "updated_at": at,
    }
