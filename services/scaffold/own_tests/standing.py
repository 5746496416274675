"""The tests that a role in a team is given and taken by those alone who may: that of its owners by them."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.designs.schema import Teams
from services.scaffold.own_tests.access import attempts
from services.scaffold.own_tests.outcomes import FORBIDDEN, OK, Outcome, State, of_action, of_creation, states
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.personas import roles_in_teams
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import call, literal, loop, members, quoted


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
        sentence = f"is made {role} by those alone who may give that role"
        return self._changed(sentence, self.scene.subject.initial(self.field), role)

    def _taken(self, role: str) -> str:
        sentence = f"is {role} no more by those alone who may take that role"
        return self._changed(sentence, role, roles_in_teams(self.scene.world)[0])

    def _changed(self, sentence: str, held: Any, given: str) -> str:
        state = {**self.state, self.field: held}
        team = {self.teams.team: self.scene.cast.team} if self.scene.cast.team is not None else {}
        fields = members({**team, **{name: literal(value) for name, value in state.items()}})
        row = f"await {call(f'new{self.scene.subject.plan.names.type}', fields)}"
        rows = attempts(self.people, lambda persona: self._of_change(persona, given, state))
        act = self.scene.act("tryToChange", "person", row, members({self.field: quoted(given)}), "outcome")
        return self.scene.test(sentence, loop("[person, outcome]", rows, act))

    def _made(self, role: str) -> str:
        rows = attempts(self.people, lambda persona: self._of_creation(persona, role))
        body = members({**self.scene.body_anew(), self.field: quoted(role)})
        act = self.scene.act("tryToCreate", "person", body, "outcome")
        return self.scene.test(
            f"is created as {role} by those alone who may give that role", loop("[person, outcome]", rows, act)
        )

    def _of_change(self, persona: Persona, role: str, state: State) -> Outcome:
        rights = self.scene.rights
        status = of_action(rights, persona, "update", state)
        is_given = all(rights.gives(persona, "update", each, state) for each in (state[self.field], role))
        return status if status != OK or is_given else FORBIDDEN

    def _of_creation(self, persona: Persona, role: str) -> Outcome:
        return of_creation(self.scene, persona, {self.field: role})
