"""The tests that a row is moved to another team by those alone who may change it there, too."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from services.designs.schema import Audience
from services.scaffold.own_tests.outcomes import FORBIDDEN, OK, Outcome, written
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.personas import roles_in_teams
from services.scaffold.own_tests.rights import Rights
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import loop, members, quoted


def tests(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    """Yield the test for a table whose rows may change their team."""
    del people
    team = scene.subject.policy.team
    if team is None or scene.world.teams is None or team not in {field.name for field in scene.subject.changeable}:
        return
    rows = [f"[{', '.join(row)}]" for row in dict(_moves(scene, team)).values()]
    if rows:
        key, kind = scene.world.teams.key, scene.subject.plan.names.type
        moved = scene.act("tryToChange", "person", "record", members({team: f"other.{key}"}), "outcome")
        lines = (
            "const person = await somebody(role);",
            "const theirs = await teamOf([[person, here]]);",
            "const other = await teamOf(there === undefined ? [] : [[person, there]]);",
            f"const record = await new{kind}({members({team: f'theirs.{key}'})});",
            moved,
        )
        sentence = "is moved to another team by those alone who may change it there, too"
        yield scene.test(sentence, loop("[role, here, there, outcome]", rows, "\n".join(lines)))


def _moves(scene: Scene, team: str) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Yield by their outcomes a role, a role in the row's team, one in another, and what comes of it."""
    held = roles_in_teams(scene.world, owners=True)
    for role, here, there in product([None, *_roles(scene)], held, [None, *held]):
        persona = Persona(role=role, team_role=here)
        if scene.rights.may(persona, "read"):
            is_able = scene.rights.may(persona, "update")
            outcome = _outcome(scene, team, replace(persona, team_role=there)) if is_able else FORBIDDEN
            row = (_role(role), _role(here), _role(there), written(outcome))
            yield f"{is_able} {there is None} {written(outcome)}", row


def _roles(scene: Scene) -> set[str]:
    """Return the roles by which somebody sees teams that they are not in."""
    teams = scene.world.teams
    return {
        role
        for grant in (teams.policy.read if teams else ())
        for role in grant.roles
        if grant.audience is Audience.ROLE
    }


def _role(role: str | None) -> str:
    return "undefined" if role is None else quoted(role)


def _outcome(scene: Scene, team: str, there: Persona) -> Outcome:
    """Return what comes of a move by somebody who is this in the other team."""
    teams = scene.world.teams
    is_seen = teams is None or Rights(scene.world, teams).may(there, "read")
    if not is_seen and team in scene.subject.by_field:
        return [team]
    return OK if scene.rights.may(there, "update") else FORBIDDEN
