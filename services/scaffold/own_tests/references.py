"""The tests that references lead somewhere, and that a team's rows name its members and its own rows alone."""

from collections.abc import Iterator
from dataclasses import replace

from services.designs.schema import Audience, Teams
from services.scaffold.own_tests.cast import conditions, team_of
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.rights import Rights
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import members, quoted
from services.scaffold.own_tests.world import Subject, is_number


def tests(scene: Scene) -> Iterator[str]:
    """Yield the tests that a row refers to no row that there is not, nor to itself, when created and when changed."""
    creator, changer = scene.who("create"), scene.who("update")
    for field in scene.subject.sent:
        if field.name not in scene.subject.by_field:
            continue
        nothing = {field.name: _nothing(scene, field.name)}
        named = f"[{quoted(field.name)}]"
        lines: list[str] = []
        if creator is not None:
            lines.append(scene.act("refuse", creator, members({**scene.body(), **nothing}), named))
        if changer is not None and field in scene.subject.changeable:
            lines.append(scene.record())
            lines.append(scene.act("refuseChange", changer, "record", members(nothing), named))
            if _may_be_nothing(scene, field.name):
                own = members({field.name: f"record.{scene.subject.key}"})
                lines.append(scene.act("refuseChange", changer, "record", own, named))
        if lines:
            yield scene.test(f"refers to a record by {field.name}, or is refused", *lines)
    yield from _within_team(scene)
    yield from _teammates(scene)


def _may_be_nothing(scene: Scene, name: str) -> bool:
    """Whether a row need not refer to any of its own table, so that none refers to itself."""
    reference = scene.subject.by_field[name]
    return reference.table == scene.subject.name and reference.nullable


def _nothing(scene: Scene, name: str) -> str:
    parent = scene.world.subjects[scene.subject.by_field[name].table]
    return "987654321" if is_number(parent.plan.key) else quoted("nothing")


def _within_team(scene: Scene) -> Iterator[str]:
    """Yield the tests that whoever is in two teams refers in the rows of one to none of the other's."""
    creator, persona = scene.who("create"), scene.acting.get("create")
    if creator is None or persona is None or scene.world.teams is None or scene.cast.team is None:
        return
    for field in scene.subject.sent:
        parent = _parent_by_team(scene, field.name, persona)
        if parent is None:
            continue
        of_other = members({parent.policy.team or "": f"other.{scene.world.teams.key}"})
        foreign = f"theirs.{parent.key}"
        yield scene.test(
            f"refers by {field.name} to what is of its team",
            f"const other = await teamOf({team_of([persona])});",
            f"const theirs = await new{parent.plan.names.type}({of_other});",
            scene.act("refuse", creator, members({**scene.body(), field.name: foreign}), f"[{quoted(field.name)}]"),
        )


def _parent_by_team(scene: Scene, field: str, persona: Persona) -> Subject | None:
    """Return the table that a field refers to, where somebody reads its rows only for being in their team."""
    reference, policy = scene.subject.by_field.get(field), scene.subject.policy
    if reference is None or field in {policy.owner, policy.team, policy.inherited_from}:
        return None
    parent = scene.world.subjects[reference.table]
    if parent.policy.team in {None, parent.key} or not parent.is_roomy or scene.world.is_membership(parent):
        return None
    reads, stranger = Rights(scene.world, parent), Persona(role=persona.role)
    row = {name: parent.initial(name) for name in conditions(parent.policy)}
    member = replace(stranger, team_role=persona.team_role)
    return parent if reads.may(member, "read", row) and not reads.may(stranger, "read", row) else None


def _teammates(scene: Scene) -> Iterator[str]:
    """Yield the tests that whoever may not read accounts names those of their team, and nobody else."""
    creator, teams = scene.who("create"), scene.world.schema.teams
    if creator is None or teams is None or scene.cast.team is None or _reads_accounts(scene):
        return
    for name in _naming(scene, teams):
        yield scene.test(
            f"names a member of its team by {name}, and no stranger",
            "const [mate, stranger] = [await somebody(), await somebody()];",
            f"await new{_type(scene, teams.memberships)}({members(_membership(scene, teams))});",
            scene.act("refuse", creator, members({**scene.body(), name: "stranger.id"}), f"[{quoted(name)}]"),
            f"const named = {members({**scene.body(), name: 'mate.id'})};",
            f"assert.equal((await {creator}.post({quoted(scene.subject.path)}, named)).status, 201);",
        )


def _reads_accounts(scene: Scene) -> bool:
    """Whether the one who creates a row may read other users, or is in none of its teams."""
    people, persona = scene.world.people, scene.acting["create"]
    if people is None or persona.team_role is None:
        return True
    return persona.may(grant for grant in people.policy.read if grant.audience is not Audience.OWNER)


def _naming(scene: Scene, teams: Teams) -> Iterator[str]:
    people, subject = scene.world.people, scene.subject
    for field in subject.sent:
        reference = subject.by_field.get(field.name)
        is_membership = subject.name == teams.memberships and field.name == teams.user
        if people is None or reference is None or reference.table != people.name:
            continue
        if field.name != subject.policy.owner and not is_membership:
            yield field.name


def _membership(scene: Scene, teams: Teams) -> dict[str, str]:
    return {teams.team: f"team.{scene.world.subjects[teams.table].key}", teams.user: "mate.id"}


def _type(scene: Scene, table: str) -> str:
    return scene.world.subjects[table].plan.names.type
