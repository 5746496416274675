"""What no two rows share: of all, of a team, or of one owner."""

from collections.abc import Collection, Sequence
from typing import Final

from msgspec import structs

from services.designs.schema import Index, Policy, Table
from services.scaffold.reading.reading import Quality
from services.scaffold.said_fields import field_of

_KEY: Final = "id"


def said_unique(qualities: Sequence[Quality]) -> frozenset[str]:
    """Return the fields of which it is said that no two rows have the same."""
    return frozenset(field_of(quality).name for quality in qualities if quality.is_unique)


def with_own_values(table: Table, said: Collection[str], *, is_named_by_owners: bool) -> Table:
    """Return a table whose values are unique within a team, unless they are said to be: others' are not theirs to know.

    So are the names of what is somebody's among their own.
    """
    policy = table.policy or Policy()
    scope = policy.team or policy.owner
    assumed = [field.name for field in table.fields if field.unique and field.name not in said]
    if policy.team is None:
        assumed = [name for name in assumed if name == "name" and is_named_by_owners]
    if scope is None or scope == _KEY or not assumed:
        return table
    fields = (structs.replace(field, unique=False) if field.name in assumed else field for field in table.fields)
    own = (unique_index((scope, name)) for name in assumed)
    return structs.replace(table, fields=tuple(fields), indexes=(*table.indexes, *own))


def unique_index(fields: tuple[str, ...]) -> Index:
    return Index(name=f"idx_{'_'.join(fields)}", fields=fields, unique=True)
