"""The tests that a role in a team is given and taken by those alone who may: that of its owners by them."""

from collections.abc import Iterator, Sequence

from services.designs.schema import Audience, Teams
from services.scaffold.own_tests.access import attempts
from services.scaffold.own_tests.outcomes import CREATED, FORBIDDEN, OK, Outcome, of_action, of_creation, states
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.personas import roles_in_teams
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import call, loop, members, quoted


def tests(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    """Yield the tests of memberships that have roles."""
    teams, changeable = scene.world.schema.teams, {field.name for field in scene.subject.changeable}
    if teams is not None and teams.role in changeable and scene.world.is_membership(scene.subject):
        yield from _Standing(scene, people, teams).tests()


class _Standing:
    def __init__(self, scene: Scene, people: Sequence[Persona], teams: Teams) -> None:
        self.scene, self.teams, self.field = scene, teams, teams.role or ""
        self.people = [persona for persona in people if not scene.is_in_team_by_row(persona)]
        self.state = next(states(scene))

    def tests(self) -> Iterator[str]:
        for role in roles_in_teams(self.scene.world)[1:2]:
            yield self._given(role)
        owner = self.teams.owner_role
        if owner is not None:
            yield self._given(owner)
            yield self._made(owner)
            if any(persona.team_role == owner and not persona.outside for persona in self.people):
                yield self._taken(owner)

    def _given(self, role: str) -> str:
        change = members({self.field: quoted(role)})
        return self._changed(f"is made {role} by those alone who may give that role", {}, change, role)

    def _taken(self, role: str) -> str:
        held = {self.field: quoted(role)}
        change = members({self.field: quoted(roles_in_teams(self.scene.world)[0])})
        return self._changed(f"is {role} no more by those alone who may take that role", held, change, role)

    def _changed(self, sentence: str, held: dict[str, str], change: str, role: str) -> str:
        fields = members({self.teams.team: self.scene.cast.team or "", **held})
        row = f"await {call(f'new{self.scene.subject.plan.names.type}', fields)}"
        rows = attempts(self.people, lambda persona: self._of_change(persona, role))
        act = self.scene.act("tryToChange", "person", row, change, "outcome")
        return self.scene.test(sentence, loop("[person, outcome]", rows, act))

    def _made(self, role: str) -> str:
        rows = attempts(self.people, lambda persona: self._of_creation(persona, role))
        body = members({**self.scene.body_anew(), self.field: quoted(role)})
        act = self.scene.act("tryToCreate", "person", body, "outcome")
        return self.scene.test(
            f"is created as {role} by those alone who may give that role", loop("[person, outcome]", rows, act)
        )

    def _of_change(self, persona: Persona, role: str) -> Outcome:
        status = of_action(self.scene.rights, persona, "update", self.state)
        return status if status != OK or self._gives(persona, "update", role) else FORBIDDEN

    def _of_creation(self, persona: Persona, role: str) -> Outcome:
        outcome = of_creation(self.scene, persona)
        return outcome if outcome != CREATED or self._gives(persona, "create", role) else FORBIDDEN

    def _gives(self, persona: Persona, action: str, role: str) -> bool:
        if self.scene.rights.manages(persona, action):
            return True
        grants = [grant for grant in self.scene.rights.grants(action) if grant.audience is Audience.TEAM]
        return persona.may(grants) and (role != self.teams.owner_role or persona.team_role == role)
