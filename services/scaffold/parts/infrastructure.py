"""What the CloudFormation templates of a backend have more with its parts."""

from typing import Any, Final

from services.designs.bucket_names import LONGEST_PREFIX, bucket_prefix
from services.scaffold.parts import buckets
from services.scaffold.parts.plan import PartsPlan

_IN_A_POLICY: Final = 12
"""Parts of a kind; with the longest names, 2,300 of the 6,144 characters that IAM gives a policy."""


def parameters(plan: PartsPlan, prefix: str) -> dict[str, Any]:
    """Return the parameters of both templates."""
    if not plan.buckets:
        return {}
    parameter = {
        "Type": "String",
        "Default": bucket_prefix(prefix),
        "AllowedPattern": f"[a-z0-9][a-z0-9-]{{0,{LONGEST_PREFIX - 1}}}",
        "Description": "What the names of all buckets begin with: TablePrefix, in small letters, digits and hyphens",
    }
    return {buckets.PREFIX_PARAMETER: parameter}


def resources(plan: PartsPlan, tags: list[Any]) -> dict[str, Any]:
    """Return what is beside the tables."""
    return {bucket.names.resource: buckets.resource(bucket, tags) for bucket in plan.buckets}


def policies(plan: PartsPlan) -> list[list[dict[str, Any]]]:
    """Return the statements of each policy that the role has more."""
    starts = range(0, len(plan.buckets), _IN_A_POLICY)
    return [buckets.statements(plan.buckets[start : start + _IN_A_POLICY]) for start in starts]
