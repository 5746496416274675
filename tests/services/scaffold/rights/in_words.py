"""What policies say, in words that tests compare."""

from services.designs.schema import Grant, Policy, SchemaModel


def rights(schema: SchemaModel) -> dict[str, str]:
    """Tell who may create, read, update and delete rows of each table, in that order."""
    return {table.name: said(table.policy) for table in schema.tables}


def said(policy: Policy | None) -> str:
    if policy is None:
        return "default"
    return " / ".join(in_words(grants) for grants in (policy.create, policy.read, policy.update, policy.delete))


def in_words(grants: tuple[Grant, ...]) -> str:
    return ", ".join(_grant(grant) for grant in grants)


def _grant(grant: Grant) -> str:
    roles = f"({' '.join(grant.roles)})" if grant.roles else ""
    when = f" when {grant.when.field} is {grant.when.equals}" if grant.when else ""
    return f"{grant.audience.value}{roles}{when}"
