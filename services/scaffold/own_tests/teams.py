"""The tests that a team has an owner, as long as it is: `src/tests/teams.test.ts`."""

from typing import Final

from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.personas import member_role
from services.scaffold.own_tests.source import imported, literal, members, quoted, test
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.template import fill

_LOOKUP_IMPORTS: Final = """import { NotFound } from '../errors.js';
import { tables } from '../models/index.js';
import { Access } from '../services/access.js';
"""


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
    lookup, account = _lookup(world, teams.owner_role), _account(world)
    used = [name for name in ("callsOf", "database", "stored") if name in lookup + account]
    return fill(
        "src/tests/teams.test.ts",
        lookupImports=_LOOKUP_IMPORTS if lookup else "",
        backend="".join(f"{name}, " for name in used),
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
        lookup=lookup,
        account=account,
    )


def _maker_roles(subject: Subject) -> list[str | None]:
    """Return the role of somebody who may make a team, None being no role; nothing where nobody may."""
    roles = [None, *(role for grant in subject.policy.create for role in grant.roles)]
    return [role for role in roles if Persona(role=role).may(subject.policy.create)]


def _value(subject: Subject, name: str) -> str:
    samples = subject.samples(subject.field(name))
    return samples.running() if name in subject.unique else literal(samples.value(0))


def _lookup(world: World, owner_role: str) -> str:
    """Write the test of how often memberships are read; nothing where no table is for the members of a team alone."""
    teams = world.schema.teams
    for subject in world.subjects.values():
        policy = subject.policy
        is_theirs = Persona(team_role=owner_role).may(policy.read) and not Persona().may(policy.read)
        if teams is not None and policy.team is not None and is_theirs:
            return fill(
                "src/tests/teams.lookup.ts",
                table=quoted(subject.name),
                field=policy.team,
                key=world.subjects[teams.table].key,
                ownerRole=owner_role,
            )
    return ""


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
