"""Whether the policies of a schema hold together: whom they let in, and whose a row is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.core.errors import Fault
from services.designs.accounts import SET_BY_BACKENDS, table_of
from services.designs.bounds import MAX_GRANTS, MAX_ROLES
from services.designs.keys import field_of, holder_faults, of_rows, relations_of
from services.designs.names import shown
from services.designs.rules import Place, broken_rule
from services.designs.schema import (
    Audience,
    Condition,
    FieldAccess,
    FieldType,
    Grant,
    Policy,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.designs.values import flaw_of_value

_LONGEST_ROLE: Final = 63


def policy_faults(schema: SchemaModel) -> Iterator[Fault]:
    """Yield what is wrong with the policies of a schema, each at its place."""
    for number, table in enumerate(schema.tables):
        at = ("tables", str(number))
        if table.policy is not None:
            yield from _policy(schema, table.policy, [table], (*at, "policy"))
        yield from _unset(schema, table, (*at, "fields"))
    if schema.default_policy is not None:
        others = [table for table in schema.tables if table.policy is None]
        yield from _policy(schema, schema.default_policy, others, ("defaultPolicy",))


def _policy(schema: SchemaModel, policy: Policy, tables: Sequence[Table], at: Place) -> Iterator[Fault]:
    for action, grants in _actions(policy).items():
        yield from _grants(schema, policy, action, grants, (*at, action))
        yield from _conditions(tables, action, grants, (*at, action))
    if policy.team is not None and schema.teams is None:
        yield Fault("A policy's team needs the schema's teams, which say where memberships are.", (*at, "team"))
    if policy.inherited_from is not None and policy.owner is None and policy.team is None:
        message = "inheritedFrom gives a row its owner or its team: name one of these too, or leave it out."
        yield Fault(message, (*at, "inheritedFrom"))
    for table in tables:
        if policy.owner is not None:
            yield from _owner(schema, policy, table, policy.owner, (*at, "owner"))
        if policy.team is not None and schema.teams is not None:
            yield from _team(schema, table, policy.team, (*at, "team"))
        if policy.inherited_from is not None:
            yield from _inherited(schema, policy, table, policy.inherited_from, (*at, "inheritedFrom"))


def _actions(policy: Policy) -> Mapping[str, Sequence[Grant]]:
    return {"create": policy.create, "read": policy.read, "update": policy.update, "delete": policy.delete}


def _grants(schema: SchemaModel, policy: Policy, action: str, grants: Sequence[Grant], at: Place) -> Iterator[Fault]:
    if len(grants) > MAX_GRANTS:
        yield Fault(f"An action has at most {MAX_GRANTS} grants; {action} has {len(grants)}.", at)
    if len(grants) > 1 and any(grant.audience is Audience.NOBODY for grant in grants):
        yield Fault(f"{action} is open to NOBODY and to others: leave one of them out.", at)
    for number, grant in enumerate(grants):
        yield from _grant(policy, grant, (*at, str(number)))
        yield from _roles(schema, grant, (*at, str(number)))


def _conditions(tables: Sequence[Table], action: str, grants: Sequence[Grant], at: Place) -> Iterator[Fault]:
    for number, grant in enumerate(grants):
        where = (*at, str(number), "when")
        if grant.when is not None and (action == "create" or grant.audience is Audience.NOBODY):
            yield Fault("A condition is for rows that are there, and for somebody: leave it out.", where)
        elif grant.when is not None:
            for table in tables:
                yield from _condition(table, grant.when, where)


def _condition(table: Table, condition: Condition, at: Place) -> Iterator[Fault]:
    field = field_of(table, condition.field)
    name = f"'{table.name}.{shown(condition.field)}'"
    if field is None:
        yield Fault(f"The condition names {name}, which is no field.", (*at, "field"))
    elif field.type not in {FieldType.STRING, FieldType.BOOLEAN} or field.secrecy is not None:
        yield Fault(
            f"A condition is of a STRING that is no secret, or of a BOOLEAN, which {name} is not.", (*at, "field")
        )
    elif wrong := flaw_of_value(field.type, condition.equals) or broken_rule(field, condition.equals):
        yield Fault(f"What {name} is to be {wrong}", (*at, "equals"))


def _grant(policy: Policy, grant: Grant, at: Place) -> Iterator[Fault]:
    audience = grant.audience
    if audience is Audience.OWNER and policy.owner is None:
        yield Fault("OWNER needs the policy's owner: the field that names the user of a row.", (*at, "audience"))
    if audience is Audience.TEAM and policy.team is None:
        yield Fault("TEAM needs the policy's team: the field that names the team of a row.", (*at, "audience"))
    if audience is Audience.ROLE and not grant.roles:
        yield Fault("ROLE needs the roles that it lets in.", (*at, "roles"))
    if audience not in {Audience.ROLE, Audience.TEAM} and grant.roles:
        yield Fault(f"{audience.value} has no roles: leave them out.", (*at, "roles"))
    if len(grant.roles) > MAX_ROLES:
        yield Fault(f"A grant has at most {MAX_ROLES} roles, not {len(grant.roles)}.", (*at, "roles"))


def _roles(schema: SchemaModel, grant: Grant, at: Place) -> Iterator[Fault]:
    """Yield the roles of a grant that nobody can have."""
    accounts, teams = schema.accounts, schema.teams
    if grant.audience is Audience.ROLE and accounts is not None:
        if accounts.role is None:
            yield Fault("ROLE needs the accounts' role: the field of a user that has it.", (*at, "audience"))
        yield from _unknown_roles(schema, grant, accounts.table, accounts.role, (*at, "roles"))
    elif grant.audience is Audience.TEAM and teams is not None and grant.roles:
        if teams.role is None:
            yield Fault("Roles of a TEAM need the teams' role: the field of a membership that has it.", (*at, "roles"))
        yield from _unknown_roles(schema, grant, teams.memberships, teams.role, (*at, "roles"))
    else:
        yield from _unknown_roles(schema, grant, "", None, (*at, "roles"))


def _unknown_roles(schema: SchemaModel, grant: Grant, table: str, name: str | None, at: Place) -> Iterator[Fault]:
    place = table_of(schema, table)
    field = None if place is None else field_of(place, name)
    values = field.rules.values if field is not None and field.rules is not None else ()
    for number, role in enumerate(grant.roles):
        if not role.strip() or len(role) > _LONGEST_ROLE:
            yield Fault(f"A role has 1 to {_LONGEST_ROLE} characters.", (*at, str(number)))
        elif values and role not in values:
            message = f"'{role}' is no role: the values of '{table}.{name}' are {', '.join(values)}."
            yield Fault(message, (*at, str(number)))


def _owner(schema: SchemaModel, policy: Policy, table: Table, name: str, at: Place) -> Iterator[Fault]:
    users = None if schema.accounts is None else table_of(schema, schema.accounts.table)
    yield from holder_faults(schema, table, name, of_rows("owner", users), at)
    field = field_of(table, name)
    is_open = any(grant.audience is Audience.PUBLIC for grant in policy.create)
    if is_open and field is not None and not field.nullable:
        message = (
            f"Whoever is not signed in may create rows of '{table.name}', which then have no owner: let '{name}' be"
            " null, or open create to SIGNED_IN."
        )
        yield Fault(message, at)


def _team(schema: SchemaModel, table: Table, name: str, at: Place) -> Iterator[Fault]:
    teams = schema.teams
    group = None if teams is None else table_of(schema, teams.table)
    if teams is None or group is None:
        return
    yield from holder_faults(schema, table, name, of_rows("team", group), at)
    field = field_of(table, name)
    if table.name == group.name and field is not None and not field.primary_key:
        yield Fault(f"'{table.name}' is the table of teams, so the team of a row is its primary key.", at)
    if table.name == teams.memberships and name != teams.team:
        yield Fault(f"The team of a row of '{table.name}' is '{teams.team}', not '{shown(name)}'.", at)


def _inherited(schema: SchemaModel, policy: Policy, table: Table, name: str, at: Place) -> Iterator[Fault]:
    relations = relations_of(schema, table, name)
    if not relations and not _may_refer(schema, table, name):
        message = (
            f"'{shown(name)}' is not the field of a relationship with '{table.name}', so nothing is inherited from it."
        )
        yield Fault(message, at)
    field = field_of(table, name)
    if field is not None and field.nullable:
        yield Fault(f"A row without '{name}' would inherit nothing: it must not be null.", at)
    for relation in relations:
        if not _has_to_give(schema, policy, relation.from_table):
            yield Fault(f"'{relation.from_table}' has neither an owner nor a team for '{table.name}' to inherit.", at)


def _may_refer(schema: SchemaModel, table: Table, name: str) -> bool:
    """Tell whether a relationship that names no field may have this one."""
    return name.lower().endswith("id") and any(
        each.to_table == table.name and each.field is None and each.type is not RelationshipType.MANY_TO_MANY
        for each in schema.relationships
    )


def _has_to_give(schema: SchemaModel, policy: Policy, parent: str) -> bool:
    """Tell whether the rows of a parent have an owner or a team that those below have too; a user is its own owner."""
    table = table_of(schema, parent)
    above = (None if table is None else table.policy or schema.default_policy) or Policy()
    owner = above.owner is not None or (schema.accounts is not None and schema.accounts.table == parent)
    team = above.team is not None or (schema.teams is not None and schema.teams.table == parent)
    return (owner and policy.owner is not None) or (team and policy.team is not None)


def _unset(schema: SchemaModel, table: Table, at: Place) -> Iterator[Fault]:
    """Yield the fields that keep every row from being made, since nobody sets them."""
    policy = table.policy or schema.default_policy or Policy()
    given = {policy.owner, policy.team if policy.inherited_from else None} | SET_BY_BACKENDS
    managed = {grant.audience for grant in policy.create} <= {Audience.ROLE}
    for number, field in enumerate(table.fields):
        theirs = field.access in {FieldAccess.READ_WRITE, FieldAccess.IMMUTABLE}
        is_set = theirs or (managed and field.access is FieldAccess.MANAGED) or field.name in given
        if not is_set and not field.nullable and field.default_value is None and not field.primary_key:
            message = (
                f"'{table.name}.{field.name}' is {field.access.value}, so a new row would have no value for it: give it"
                " a default, or let it be null."
            )
            yield Fault(message, (*at, str(number), "access"))
