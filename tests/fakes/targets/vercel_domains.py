"""Domains of projects of the fake Vercel: it wants a proof of whose they are, and looks for their records later."""

from typing import Any

from tests.fakes.targets.names import Owned

Json = dict[str, Any]


def apex(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def domain_record(owned: Owned, project_id: str) -> Json:
    """Return a domain of a project, with what proves whose it is, as long as that is not there."""
    record: Json = {
        "name": owned.name,
        "apexName": apex(owned.name),
        "projectId": project_id,
        "redirect": None,
        "redirectStatusCode": None,
        "gitBranch": None,
        "createdAt": 1,
        "updatedAt": 1,
        "verified": owned.is_seen,
    }
    if owned.is_seen:
        return record
    challenge = {
        "type": "TXT",
        "domain": f"_vercel.{apex(owned.name)}",
        "value": f"vc-domain-verify={owned.name},{owned.id[:20]}",
        "reason": "pending_domain_verification",
    }
    return {**record, "verification": [challenge]}


def config(owned: Owned | None) -> Json:
    """Return what is in the DNS of a domain, and what should be: not in the order of its ranks."""
    is_there = owned is not None and owned.has_certificate
    return {
        "acceptedChallenges": ["http-01"],
        "configuredBy": "CNAME" if is_there else None,
        "misconfigured": not is_there,
        "recommendedCNAME": [
            {"rank": 2, "value": "cname.vercel-dns.com."},
            {"rank": 1, "value": "d1d4fc829fe7bc7c.vercel-dns-017.com."},
        ],
        "recommendedIPv4": [
            {"rank": 2, "value": ["76.76.21.21"]},
            {"rank": 1, "value": ["216.198.79.1", "64.29.17.1"]},
        ],
    }
