"""What comes of somebody's request, where there is nothing wrong with it in itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.designs.schema import Condition
from services.scaffold.own_tests.persona import ACTIONS, Persona
from services.scaffold.own_tests.rights import Rights
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import array, literal, quoted

Outcome = int | Sequence[str]
"""A status, or the fields that are refused."""

State = Mapping[str, Any]
"""What a row holds in the fields of which grants make conditions."""

CREATED: Final = 201
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
DELETED: Final = 204
OK: Final = 200
_SUCCESS: Final = {"read": OK, "update": OK, "delete": DELETED}


def written(outcome: Outcome) -> str:
    return str(outcome) if isinstance(outcome, int) else array(map(quoted, outcome))


def of_creation(scene: Scene, persona: Persona, values: State | None = None) -> Outcome:
    """Return what comes of making a row that refers to the parents of the scene, and holds these values."""
    barred = scene.rights.barred(persona, "create")
    if barred is not None:
        return barred
    hidden = [field for field in scene.referring if not scene.ties(persona, field)]
    return hidden or (CREATED if scene.rights.may(persona, "create", values) else FORBIDDEN)


def of_managed_creation(scene: Scene, persona: Persona, fields: Sequence[str]) -> Outcome:
    """Return what comes of making a row, by somebody who may, with values in MANAGED fields."""
    return CREATED if scene.rights.manages(persona, "create") else fields


def of_action(rights: Rights, persona: Persona, action: str, state: State) -> int:
    """Return what comes of reading, updating or deleting a row."""
    barred = rights.barred(persona, action)
    if barred is not None:
        return barred
    if not rights.may(persona, "read", state):
        return NOT_FOUND
    return _SUCCESS[action] if rights.may(persona, action, state) else FORBIDDEN


def of_change(scene: Scene, persona: Persona, fields: Sequence[str], state: State) -> Outcome:
    """Return what comes of changing fields of a row."""
    managed = sorted(scene.subject.managed.intersection(fields))
    is_heard = scene.rights.barred(persona, "update") is None and scene.rights.may(persona, "read", state)
    if managed and is_heard and not scene.rights.manages(persona, "update"):
        return managed
    return of_action(scene.rights, persona, "update", state)


def states(scene: Scene) -> Iterator[State]:
    """Yield the state of a row that meets no condition, then for each condition that of one that meets it, too."""
    grants = [grant for action in ACTIONS[1:] for grant in scene.rights.grants(action)]
    conditions = list(dict.fromkeys(grant.when for grant in grants if grant.when is not None))
    unmet = {condition.field: _other(scene, condition.field, conditions) for condition in conditions}
    yield unmet
    for condition in conditions:
        yield unmet | {condition.field: condition.equals}


def ordinary(scene: Scene) -> tuple[str, State]:
    """Write the expression for a row that is nothing special, which may be the row of a person; return its state."""
    state = next(states(scene))
    if scene.cast.is_own_row:
        return scene.cast.row, {name: scene.subject.initial(name) for name in state}
    return scene.seeded({name: literal(value) for name, value in state.items()}), state


def _other(scene: Scene, name: str, conditions: Sequence[Condition]) -> Any:
    """Return a value of a field that no condition asks for, if there is one."""
    asked = [condition.equals for condition in conditions if condition.field == name]
    samples = scene.subject.samples(scene.subject.field(name))
    values = [samples.value(number) for number in range(len(asked) + 1)]
    return next((value for value in values if value not in asked), values[0])
