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
        acting = self._as_creator(persona) if action == "create" else persona
        return acting.may(self._effective(action), row or {})

    def manages(self, persona: Persona, action: str) -> bool:
        """Whether somebody may set what is MANAGED."""
        return Persona(role=persona.role).may(grant for grant in self.grants(action) if grant.audience is Audience.ROLE)

    def choose(self) -> dict[str, Persona]:
        """Return who does each action: the same person where one can do most, another for what is left."""
        candidates = personas(self.world, self.subject)
        able = {action: [persona for persona in candidates if self._can(persona, action)] for action in ACTIONS}
        chosen: dict[str, Persona] = {}
        for action in ACTIONS:
            if able[action]:
                known = [persona for persona in chosen.values() if persona in able[action]]
                best = max(able[action], key=lambda persona: sum(persona in others for others in able.values()))
                chosen[action] = (known or [best])[0]
        return chosen

    def _can(self, persona: Persona, action: str) -> bool:
        """Whether somebody may do it, and may see what they do it to: what they may not read is not there."""
        return self.may(persona, action) and (action == "create" or self.may(persona, "read"))

    def _as_creator(self, persona: Persona) -> Persona:
        """Return what somebody is to a row that they make: its owner, unless a row above it or the body says whose."""
        setter = self._setters.get(self.policy.owner or "")
        if setter is not Setter.SERVER:
            persona = replace(persona, owns=persona.signed_in and setter is not None)
        return replace(persona, team_role=None) if self.policy.team == self.subject.key else persona

    def _effective(self, action: str) -> list[Grant]:
        """Return the grants that count: to let somebody into a team, or out of it, takes a role in it, or beyond."""
        grants = list(self.grants(action))
        teams = self.world.schema.teams
        if (
            action in {"read", "update"}
            or teams is None
            or teams.role is None
            or not self.world.is_membership(self.subject)
        ):
            return grants
        own = {Audience.OWNER} if action == "delete" else set[Audience]()
        return [grant for grant in grants if grant.audience in {Audience.TEAM, Audience.ROLE, *own}]
