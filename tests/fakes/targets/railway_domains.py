"""Domains of services of the fake Railway, which looks at their DNS whenever it is asked for them."""

from typing import Any

from tests.fakes.targets.names import Owned


def shown(owned: Owned) -> dict[str, Any]:
    """Return a domain with its records; the one that proves whose it is stands beside them."""
    zone = ".".join(owned.name.split(".")[-2:])
    host = f"_railway-verify.{owned.name.removesuffix(zone)}".rstrip(".")
    certificate = ["VALIDATING_OWNERSHIP", "VALIDATING_OWNERSHIP", "ISSUING", "VALID"][min(owned.looks, 3)]
    record = {
        "recordType": "DNS_RECORD_TYPE_CNAME",
        "fqdn": owned.name,
        "zone": zone,
        "requiredValue": f"{owned.id[:8]}.up.railway.app",
        "status": "DNS_RECORD_STATUS_PROPAGATED" if owned.looks else "DNS_RECORD_STATUS_REQUIRES_UPDATE",
    }
    return {
        "id": owned.id,
        "domain": owned.name,
        "status": {
            "verified": owned.is_seen,
            "verificationDnsHost": host,
            "verificationToken": f"railway-verify={owned.id}",
            "certificateStatus": f"CERTIFICATE_STATUS_TYPE_{certificate}",
            "certificateErrorMessage": None,
            "dnsRecords": [record],
        },
    }
