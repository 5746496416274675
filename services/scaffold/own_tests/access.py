"""The tests of who may do what: each action on a row, tried by all whom the policy tells apart."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from services.core.frozen import frozen
from services.designs.schema import Field
from services.scaffold.lists import filterable
from services.scaffold.own_tests.outcomes import (
    CONFLICT,
    CREATED,
    DELETED,
    NOT_FOUND,
    Outcome,
    State,
    of_action,
    of_change,
    of_creation,
    of_managed_creation,
    ordinary,
    states,
    written,
)
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.records import is_alone
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import call, literal, loop, members


def tests(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    """Yield the tests in which each of the people tries everything."""
    if scene.makes_rows:
        yield _creation(scene, people)
        yield from _idempotency(scene)
    for state in states(scene):
        yield _actions(scene, people, state)
    yield from _lists(scene, people)
    yield from _managed(scene, people)


def attempts(people: Iterable[Persona], outcome: Callable[[Persona], Outcome]) -> list[str]:
    """Write pairs of people and what comes of what they try."""
    return [f"[{persona.variable}, {written(outcome(persona))}]" for persona in people]


def _is_one_made(scene: Scene) -> bool:
    """Whether people of tests can make one row alone, as there is one for each of their teams."""
    shared = [name for name, key in scene.cast.parents.items() if "await " not in key]
    return scene.subject.is_alone_with([*shared, *scene.subject.few])


def _creation(scene: Scene, people: Sequence[Persona]) -> str:
    makers = [persona for persona in people if not scene.is_in_team_by_row(persona)]
    able = [persona for persona in makers if of_creation(scene, persona) == CREATED]
    more_than_fit = able[1:] if _is_one_made(scene) else []
    tried = [persona for persona in makers if persona not in more_than_fit]
    rows = attempts(tried, lambda persona: of_creation(scene, persona))
    act = scene.act("tryToCreate", "person", members(scene.body_anew()), "outcome")
    return scene.test("is created by those who may, and by nobody else", loop("[person, outcome]", rows, act))


def _idempotency(scene: Scene) -> Iterator[str]:
    """Yield the test that a key of one person is not another's, where whoever is signed in may make rows."""
    if not scene.referring and scene.subject.plan.generates_keys and of_creation(scene, Persona()) == CREATED:
        sent = {field.name for field in scene.subject.sent if field.name not in scene.subject.by_field}
        is_shared = any(sent.issuperset(names) for names in scene.subject.plan.unique)
        outcome = CONFLICT if is_shared else CREATED
        arguments = ("someone", "await somebody()", members(scene.body_anew()), str(outcome))
        yield scene.test("is created by whoever sends an Idempotency-Key", scene.act("createApart", *arguments))


def _actions(scene: Scene, people: Sequence[Persona], state: State) -> str:
    field = _changeable(scene, state)
    change = "undefined" if field is None else members({field.name: _new_value(scene, field)})
    lines: list[str] = []
    for trial in _trials(scene, people, state):
        allowed = {person.variable: _allowed(scene, person, trial.state, field) for person in trial.people}
        rows = [f"[{variable}, {members(may)}]" for variable, may in allowed.items()]
        lines += [*trial.before, loop("[person, may]", rows, scene.act("allow", "person", trial.row, change, "may"))]
    told = " and ".join(f"{name} is {value}" for name, value in state.items())
    where = f", where {told.lower()}," if told else ""
    return scene.test(f"is open to those who may{where} and to nobody else", *lines)


@frozen
class _Trial:
    people: Sequence[Persona]
    row: str
    """The expression for the row that each tries it on."""
    state: State
    before: Sequence[str] = ()


def _trials(scene: Scene, people: Sequence[Persona], state: State, *, ending: bool = True) -> Iterator[_Trial]:
    """Yield who tries it on which row. `ending` says that whoever may deletes it.

    Where people are rows, they try it on their own, and others on one more. Where there can be one row alone, all try
    it on that, until it is gone; then there can be another.
    """
    fields = {name: literal(value) for name, value in state.items()}
    if scene.cast.is_own_row:
        made = f"await {call(f'new{scene.subject.plan.names.type}', *([members(fields)] if fields else []))}"
        yield _Trial([persona for persona in people if not persona.owns], made, state)
        own = {name: scene.subject.initial(name) for name in state}
        yield _Trial([persona for persona in people if persona.owns], "person.row", own)
    elif is_alone(scene):
        enders = [
            persona for persona in people if ending and of_action(scene.rights, persona, "delete", state) == DELETED
        ]
        others = [persona for persona in people if persona not in enders]
        yield _Trial([*others, *enders[:1]], "record", state, [f"const record = {scene.seeded(fields)};"])
        if enders[1:]:
            yield _Trial(enders[1:], scene.seeded(fields), state)
    else:
        yield _Trial(people, scene.seeded(fields), state)


def _allowed(scene: Scene, persona: Persona, state: State, field: Field | None) -> dict[str, str]:
    allowed = {"read": str(of_action(scene.rights, persona, "read", state))}
    if field is not None:
        allowed["change"] = written(of_change(scene, persona, [field.name], state))
    deletion = of_action(scene.rights, persona, "delete", state)
    is_held = scene.is_held or scene.is_last_owner(state)
    return allowed | {"delete": str(CONFLICT if deletion == DELETED and is_held else deletion)}


def _changeable(scene: Scene, state: State) -> Field | None:
    """Return a field to change: a plain one, where a row has one, that says nothing of who may."""
    subject = scene.subject
    telling = {*subject.by_field, *subject.plan.secrecy, *state, subject.policy.owner, subject.policy.team}
    managed = [subject.field(name) for name in sorted(subject.managed - subject.plan.permissions.fixed)]
    fields = [field for field in [*subject.changeable, *managed] if field.name not in telling]
    return next(iter([*(field for field in fields if field.name not in subject.unique), *fields]), None)


def _new_value(scene: Scene, field: Field) -> str:
    """Write a value to change a field to."""
    return scene.subject.samples(field).running() if field.name in scene.subject.unique else scene.next(field)


def _lists(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    """Yield the test that whoever asks for others' rows, by whose they are or by what they alone have, gets none."""
    row, state = ordinary(scene)
    plan = scene.subject.plan
    fields = [name for name in scene.cast.seeding() if name in plan.indexed and scene.is_whose(name)]
    given = [field.name for field in filterable(plan) if not field.nullable]
    fields += [names[0] for names in plan.unique if len(names) == 1 and names[0] in given and names[0] not in fields]
    loops: list[str] = []
    for among, names in _by_whom(scene, people, fields, state).items():
        lists = [scene.act("list", "person", members({name: f"record.{name}"}), "[]") for name in names]
        loops.append(loop("person", among, "\n".join(lists), constant=False))
    if loops:
        yield scene.test("is in no list of those who may not read it", f"const record = {row};", *loops)


def _by_whom(
    scene: Scene, people: Sequence[Persona], fields: Sequence[str], state: State
) -> Mapping[tuple[str, ...], Sequence[str]]:
    """Return by which fields whom finds nothing: by a team, its memberships are found by whoever may read one."""
    subject = scene.subject
    excluded = [persona for persona in people if of_action(scene.rights, persona, "read", state) == NOT_FOUND]
    roles = {persona.team_role for persona in people if persona.is_in_team}
    members = [{**state, **({subject.role: role} if subject.role else {})} for role in roles]

    def finds_members(persona: Persona) -> bool:
        """Whether somebody may read a membership of the team: their own, or that of another."""
        them = [replace(persona, owns=owns) for owns in {False, persona.is_in_team}]
        return any(scene.rights.may(one, "read", row) for one in them for row in members)

    lists: dict[tuple[str, ...], list[str]] = {}
    for name in fields:
        is_of_members = scene.world.is_membership(subject) and name == subject.policy.team
        among = tuple(one.variable for one in excluded if not (is_of_members and finds_members(one)))
        if among:
            lists.setdefault(among, []).append(name)
    return lists


def _managed(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    """Yield the tests that what is MANAGED is set by those whom a role lets in, of an old row and of a new one."""
    values = dict(_managed_values(scene))
    changes = {name: value for name, value in values.items() if name not in scene.subject.plan.permissions.fixed}
    sentence = "has what is managed set by those alone who manage it"
    lines: list[str] = []
    for trial in _trials(scene, people, next(states(scene)), ending=False) if changes else ():
        rows = [
            f"[{persona.variable}, {written(of_change(scene, persona, list(changes), trial.state))}]"
            for persona in trial.people
        ]
        act = scene.act("tryToChange", "person", trial.row, members(changes), "outcome")
        lines += [*trial.before, loop("[person, outcome]", rows, act)]
    if lines:
        yield scene.test(sentence, *lines)
    makers = [persona for persona in people if scene.makes_rows and of_creation(scene, persona) == CREATED]
    if values and makers:
        tried = makers[:1] if _is_one_made(scene) else makers
        rows = attempts(tried, lambda persona: of_managed_creation(scene, persona, list(values)))
        act = scene.act("tryToCreate", "person", members({**scene.body_anew(), **values}), "outcome")
        yield scene.test(f"{sentence}, as it is created", loop("[person, outcome]", rows, act))


def _managed_values(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield values for fields that are MANAGED and refer to no other rows; of an owner it is somebody else."""
    subject = scene.subject
    for name in sorted(subject.managed):
        if name == subject.policy.owner:
            yield name, "someone.id"
        elif name not in subject.by_field and name not in subject.plan.secrecy:
            field = subject.field(name)
            yield name, subject.samples(field).running() if name in subject.unique else scene.next(field)
