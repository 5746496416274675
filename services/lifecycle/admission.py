"""Which lines of an archive are put back: those of the team that it says it is of, and such as the product could store.

The archive may be anybody's work. Everything in it is the head's team's, or of a project, a deployment or a generation
that the archive itself has before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from services.core.errors import Invalid
from services.deployments.model import DEPLOYMENT_LOGS, DEPLOYMENTS
from services.foundation.aws.items import Item, from_item
from services.foundation.aws.keys import KEY_BYTES
from services.foundation.aws.spec import GoesWith, Owner, TableSpec
from services.generations.artifact import folder_of
from services.generations.model import GENERATIONS
from services.lifecycle.archive_file import Head, ItemLine, Line, ObjectLine
from services.projects.model import PROJECTS
from services.users import USERS

MOST_LEVELS: Final = 32
"""Levels of lists and maps in an attribute: DynamoDB's maximum."""

LONGEST_KEY: Final = 1024
"""Bytes of the key of an object: S3's maximum."""

_Number = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,38}(\\.[0-9]{1,38})?([eE][+-]?[0-9]{1,3})?$")]


class _Attribute(msgspec.Struct, forbid_unknown_fields=True):
    """A value as DynamoDB has them: one of these (Amazon DynamoDB API Reference, AttributeValue)."""

    text: str | UnsetType = msgspec.field(name="S", default=UNSET)
    number: _Number | UnsetType = msgspec.field(name="N", default=UNSET)
    is_so: bool | UnsetType = msgspec.field(name="BOOL", default=UNSET)
    is_null: bool | UnsetType = msgspec.field(name="NULL", default=UNSET)
    binary: bytes | UnsetType = msgspec.field(name="B", default=UNSET)
    values: list["_Attribute"] | UnsetType = msgspec.field(name="L", default=UNSET)
    fields: dict[str, "_Attribute"] | UnsetType = msgspec.field(name="M", default=UNSET)
    numbers: Annotated[list[_Number], msgspec.Meta(min_length=1)] | UnsetType = msgspec.field(name="NS", default=UNSET)
    texts: Annotated[list[str], msgspec.Meta(min_length=1)] | UnsetType = msgspec.field(name="SS", default=UNSET)

    def __post_init__(self) -> None:
        if sum(value is not UNSET for value in msgspec.structs.astuple(self)) != 1:
            raise ValueError("An attribute is of one type.")


def _levels(attribute: _Attribute) -> int:
    if isinstance(attribute.fields, dict):
        return 1 + max(map(_levels, attribute.fields.values()), default=0)
    return 1 + max(map(_levels, attribute.values), default=0) if isinstance(attribute.values, list) else 0


@dataclass(slots=True)
class Admission:
    """Looks at the lines of one archive, in their order."""

    specs: Mapping[str, TableSpec[Any]]
    _team_id: str = ""
    _ids: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Of the items so far, by their tables' names."""

    def admit(self, line: Line) -> None:
        """Raises Invalid for what is not to be put back."""
        match line:
            case Head():
                self._team_id = line.team
            case ItemLine():
                spec = self.specs.get(line.table)
                if spec is None or not self._is_ours(line.item, spec) or not _is_storable(line.item, spec):
                    raise Invalid.one("The archive has an item that is not of this team, or none at all.", "file")
                self._ids.setdefault(spec.name, set()).add(line.item[spec.partition]["S"])
            case ObjectLine():
                generation_id = line.key.split("/")[1] if line.key.count("/") else ""
                within = line.key.startswith(folder_of(generation_id)) and len(line.key.encode()) <= LONGEST_KEY
                if not within or generation_id not in self._ids.get(GENERATIONS.name, ()):
                    raise Invalid.one("The archive has an object that is of none of its generations.", "file")
            case _:
                pass

    def _is_ours(self, item: Item, spec: TableSpec[Any]) -> bool:
        if spec is USERS:
            return item.get("personalTeamId") == {"S": self._team_id}
        if spec is DEPLOYMENT_LOGS:
            return _text(item, spec.partition) in self._ids.get(DEPLOYMENTS.name, ())
        return any(self._goes_with(item, spec, fate) for fate in spec.fate if isinstance(fate, GoesWith))

    def _goes_with(self, item: Item, spec: TableSpec[Any], fate: GoesWith) -> bool:
        owner_id = _text(item, spec.index(fate.index).partition if fate.index else spec.partition)
        if fate.owner is Owner.TEAM:
            return owner_id == self._team_id
        return fate.owner is Owner.PROJECT and owner_id in self._ids.get(PROJECTS.name, ())


def _text(item: Item, name: str) -> str | None:
    value = item.get(name, {}).get("S")
    return value if isinstance(value, str) else None


def _is_storable(item: Item, spec: TableSpec[Any]) -> bool:
    """Tell whether DynamoDB would take an item, and the table's entity be read from it."""
    try:
        if max(map(_levels, msgspec.convert(item, dict[str, _Attribute]).values())) > MOST_LEVELS:
            return False
        from_item(item, spec.entity)
    except (msgspec.ValidationError, ValueError):
        return False
    keys = {*spec.key, *(name for index in spec.indexes for name in (index.partition, index.sort) if name)}
    return all(_is_key(item[name]) for name in keys & item.keys())


def _is_key(value: Mapping[str, Any]) -> bool:
    return "N" in value or ("S" in value and 1 <= len(value["S"].encode()) <= KEY_BYTES)
