"""What IAM would say: whether a policy allows a call, by the rules of its evaluation.

A call is allowed where a statement allows it and none denies it. Actions are compared without regard to case, ARNs with
it; `*` is any characters and `?` one (IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements").
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

Policy = Mapping[str, Any]


def allows(policy: Policy, action: str, arn: str, context: Mapping[str, Sequence[str]] | None = None) -> bool:
    """Return whether a policy allows an action on a resource; `context` are the values of condition keys."""
    effects = {
        statement["Effect"] for statement in policy["Statement"] if _applies(statement, action, arn, context or {})
    }
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], action: str, arn: str, context: Mapping[str, Sequence[str]]) -> bool:
    return (
        any(_matches(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_matches(pattern, arn) for pattern in _listed(statement["Resource"]))
        and all(_holds(name, wanted, context) for name, wanted in statement.get("Condition", {}).items())
    )


def _holds(operator: str, wanted: Mapping[str, Any], context: Mapping[str, Sequence[str]]) -> bool:
    if operator != "ForAnyValue:StringEquals":
        raise ValueError(f"No policy of ours has the condition {operator} yet: say here when it holds.")
    return all({*_listed(values)} & {*context.get(key, ())} for key, values in wanted.items())


def _listed(values: str | Iterable[str]) -> Iterable[str]:
    return [values] if isinstance(values, str) else values


def _matches(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
