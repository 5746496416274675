"""What people may do to the rows of a table, worked out from the schema alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.designs.schema import Audience, Grant, Policy
from services.scaffold.own_tests.persona import ACTIONS, Persona
from services.scaffold.own_tests.personas import personas
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.policies import Setter

_UNAUTHENTICATED, _FORBIDDEN = 401, 403


class Rights:
    """The policy of one table."""

    def __init__(self, world: World, subject: Subject) -> None:
        self.world, self.subject = world, subject
        self._setters = subject.plan.permissions.setters

    @property
    def policy(self) -> Policy:
        return self.subject.policy

    def grants(self, action: str) -> Sequence[Grant]:
        return getattr(self.policy, action)

    def barred(self, persona: Persona, action: str) -> int | None:
        """Return the status for somebody who may do it to no row at all; None for who may do it to some."""
        if persona.enters(self.grants(action)):
            return None
        return _FORBIDDEN if persona.signed_in else _UNAUTHENTICATED

    def may(self, persona: Persona, action: str, row: Mapping[str, Any] | None = None) -> bool:
        """Whether somebody may do it to a row that holds these values, or make one with the owner that it gets."""
        acting, values = self._as_creator(persona) if action == "create" else persona, row or {}
        if not acting.may(self.grants(action), values):
            return False
        return not self._moves_somebody(acting, action) or self.gives(acting, action, self._role(values), values)

    def _moves_somebody(self, persona: Persona, action: str) -> bool:
        """Whether it lets somebody else into a team, or out of it, whose members have roles."""
        is_of_others = action == "create" or (action == "delete" and not persona.owns)
        return self.subject.role is not None and is_of_others

    def _role(self, row: Mapping[str, Any]) -> Any:
        """Return the role in a team of a membership with these values."""
        return row.get(self.subject.role or "", self.subject.plain_role)

    def gives(self, persona: Persona, action: str, role: Any, row: Mapping[str, Any] | None = None) -> bool:
        """Whether somebody may give or take a role in a team: by one of their own, in it or beyond, never as a member.

        That of the team's owners is given and taken by these alone, and by who may do so beyond the team.
        """
        if self._is_let_in(persona, action, Audience.ROLE, row):
            return True
        teams = self.world.schema.teams
        is_owners = teams is not None and teams.owner_role is not None and role == teams.owner_role
        is_owner = teams is not None and persona.team_role == teams.owner_role
        return self._is_let_in(persona, action, Audience.TEAM, row) and (is_owner or not is_owners)

    def _is_let_in(
        self, persona: Persona, action: str, audience: Audience, row: Mapping[str, Any] | None = None
    ) -> bool:
        return persona.may((grant for grant in self.grants(action) if grant.audience is audience), row or {})

    def manages(self, persona: Persona, action: str) -> bool:
        """Whether somebody may set what is MANAGED."""
        return self._is_let_in(persona, action, Audience.ROLE)

    def choose(self) -> dict[str, Persona]:
        """Return who does each action: the same person where one can do most, another for what is left.

        A row has one owner, so that of those who do something as that no more than one is there.
        """
        candidates = personas(self.world, self.subject)
        able = {action: [persona for persona in candidates if self._can(persona, action)] for action in ACTIONS}
        chosen: dict[str, Persona] = {}
        for action in ACTIONS:
            owners = {persona for persona in chosen.values() if persona.owns}
            fit = [persona for persona in able[action] if not (owners and persona.owns) or persona in owners]
            if fit:
                known = [persona for persona in chosen.values() if persona in fit]
                best = max(fit, key=lambda persona: sum(persona in others for others in able.values()))
                chosen[action] = (known or [best])[0]
        return chosen

    def _can(self, persona: Persona, action: str) -> bool:
        """Whether somebody may do it, and may see what they do it to: what they may not read is not there."""
        return self.may(persona, action) and (action == "create" or self.may(persona, "read"))

    def _as_creator(self, persona: Persona) -> Persona:
        """Return what somebody is to a row that they make: its owner, unless a row above it or the body says whose."""
        setter = self._setters.get(self.policy.owner or "")
        if setter is not Setter.SERVER:
            is_by_row = persona.owns and self.world.is_membership(self.subject)
            persona = replace(persona, owns=persona.signed_in and setter is not None)
            persona = replace(persona, team_role=None) if is_by_row else persona
        return replace(persona, team_role=None) if self.policy.team == self.subject.key else persona
