"""Whom the policy of a table lets do what, as OpenAPI and people read it."""

from typing import Any

from services.designs.schema import Audience, Grant
from services.scaffold.plan import TablePlan


def security(table: TablePlan, action: str) -> list[dict[str, Any]]:
    """Return what a request must bring: a token, or nothing where something is public."""
    is_public = any(grant.audience is Audience.PUBLIC for grant in _grants(table, action))
    return [{"token": []}, *([{}] if is_public else [])]


def who(table: TablePlan, action: str) -> str:
    """Say in a sentence whom the policy lets do this."""
    audiences = list(dict.fromkeys(_audience(table, grant) for grant in _grants(table, action)))
    return f"Who may: {'; '.join(audiences)}." if audiences else "Who may: nobody."


def _grants(table: TablePlan, action: str) -> tuple[Grant, ...]:
    grants: tuple[Grant, ...] = getattr(table.permissions.policy, action)
    return grants


def _audience(table: TablePlan, grant: Grant) -> str:
    roles = " or ".join(f"`{role}`" for role in grant.roles)
    policy = table.permissions.policy
    words = {
        Audience.PUBLIC: "everybody",
        Audience.SIGNED_IN: "whoever has a token",
        Audience.OWNER: f"the user whom `{policy.owner}` names",
        Audience.ROLE: f"users with the role {roles}",
        Audience.TEAM: f"members of the team that `{policy.team}` names{f', as {roles}' if roles else ''}",
        Audience.NOBODY: "nobody",
    }[grant.audience]
    if grant.when is None:
        return words
    value = str(grant.when.equals)
    value = value.lower() if isinstance(grant.when.equals, bool) else value
    return f"{words}, where `{grant.when.field}` is `{value}`"
