"""What the CloudFormation templates of a backend have more with its parts."""

from typing import Any, Final, TypeVar

from services.designs.bucket_names import LONGEST_PREFIX, bucket_prefix
from services.scaffold.parts import buckets, queues, topics
from services.scaffold.parts.plan import PartsPlan

_Part = TypeVar("_Part")

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
    stored = {bucket.names.resource: buckets.resource(bucket, tags) for bucket in plan.buckets}
    waiting = {name: each for queue in plan.queues for name, each in queues.resources(queue, tags).items()}
    return stored | waiting | topics.resources(plan, tags)


def policies(plan: PartsPlan) -> list[list[dict[str, Any]]]:
    """Return the statements of each policy that the role has more."""
    return [
        *map(buckets.statements, _groups(plan.buckets)),
        *map(queues.statements, _groups(plan.queues)),
        *map(topics.statements, _groups(plan.topics)),
    ]


def _groups(parts: tuple[_Part, ...]) -> list[tuple[_Part, ...]]:
    return [parts[start : start + _IN_A_POLICY] for start in range(0, len(parts), _IN_A_POLICY)]
