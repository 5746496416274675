"""The tests that a team has an owner, as long as it is: `src/tests/teams.test.ts`."""

from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.personas import member_role
from services.scaffold.own_tests.source import imported, literal, members, quoted, test
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.template import fill


def write_teams(world: World) -> str | None:
    """Write the tests of who is in a team; None where teams have no owners, or nobody can make one."""
    teams = world.schema.teams
    if teams is None or teams.role is None or teams.owner_role is None:
        return None
    subject, memberships = world.subjects[teams.table], world.subjects[teams.memberships]
    roles = _maker_roles(subject)
    if not roles or any(field.name in subject.by_field for field in subject.sent):
        return None
    body = members({field.name: _value(subject, field.name) for field in subject.sent})
    return fill(
        "src/tests/teams.test.ts",
        imports="\n".join(imported(body, ("day", "moment", "number", "text"), "./distinct.js")),
        path=subject.path,
        key=subject.key,
        body=body,
        makerRole=quoted(roles[0]) if roles[0] is not None else "",
        membershipsPath=memberships.path,
        membershipKey=memberships.key,
        user=teams.user,
        team=teams.team,
        role=teams.role,
        ownerRole=teams.owner_role,
        lesserRole=member_role(world),
        account=_account(world),
    )


def _maker_roles(subject: Subject) -> list[str | None]:
    """Return the role of somebody who may make a team, None being no role; nothing where nobody may."""
    roles = [None, *(role for grant in subject.policy.create for role in grant.roles)]
    return [role for role in roles if Persona(role=role).may(subject.policy.create)]


def _value(subject: Subject, name: str) -> str:
    samples = subject.samples(subject.field(name))
    return samples.running() if name in subject.unique else literal(samples.value(0))


def _account(world: World) -> str:
    people, teams = world.people, world.schema.teams
    if people is None or teams is None:
        return ""
    lines = [
        "const owner = await somebody();",
        f"const team = await teamOf([[owner, {quoted(teams.owner_role or '')}]]);",
        f"const answer = await open.send('DELETE', `{people.path}/${{owner.id}}`);",
        "assert.equal(answer.status, 409);",
        f"assert.notEqual(await stored({quoted(people.name)}, {{ {people.key}: owner.id }}), undefined);",
        "assert.equal((await members(team)).length, 1);",
    ]
    return test("keeps its last owner, whose account stays", "\n".join(lines))
