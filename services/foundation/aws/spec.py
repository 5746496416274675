"""The declaration of a table: its keys, indexes and lifetimes, and what its items go with."""

from collections.abc import Sequence
from enum import Enum
from typing import Final, Generic, Literal, TypeVar

from services.core.frozen import frozen
from services.foundation.aws.items import Entity

E = TypeVar("E", bound=Entity)
KeyType = Literal["S", "N"]


@frozen
class Index:
    """A global secondary index. All attributes are projected."""

    name: str
    partition: str
    sort: str | None = None
    sort_type: KeyType = "S"


class Owner(Enum):
    """Whose deletion takes other things with it."""

    PROJECT = "PROJECT"
    TEAM = "TEAM"
    USER = "USER"


@frozen
class GoesWith:
    """Items are deleted with a project, a team or a user."""

    owner: Owner
    index: str | None = None
    """The index by which an owner's items are found; None where the owner's id is the partition key."""
    within: str = ""
    """Which code deletes them, where that takes more than to delete the items; "" where it does not."""


class Expires(Enum):
    """Items go when their time is over, whatever becomes of their owners; nobody sees them without these."""

    BY_ITSELF = "BY_ITSELF"


@frozen
class Stays:
    """Items are never deleted."""

    reason: str


EXPIRES: Final = Expires.BY_ITSELF
Fate = GoesWith | Expires | Stays


@frozen
class TableSpec(Generic[E]):
    """A table's one declaration: the mapper, provisioning, deleting and the reference are made from it.

    One that does not say what becomes of its items, or that contradicts itself, does not start.
    """

    name: str
    """Without the prefix `snapinfra-`."""
    entity: type[E]
    fate: Sequence[Fate]
    """What the items go with."""
    sort: str | None = None
    """Sort key beside the partition key."""
    indexes: Sequence[Index] = ()
    ttl: str | None = None
    """Attribute holding the epoch second after which DynamoDB deletes the item."""
    stream: bool = False
    sort_type: KeyType = "S"
    partition: str = "id"
    """Attribute of the entity's id, which is the partition key."""

    def __post_init__(self) -> None:
        indexes = {None, *(index.name for index in self.indexes)}
        if not self.fate:
            raise ValueError(f"The table {self.name} does not say what its items go with.")
        if EXPIRES in self.fate and self.ttl is None:
            raise ValueError(f"The items of {self.name} can not expire: it has no ttl.")
        if any(fate.index not in indexes for fate in self.fate if isinstance(fate, GoesWith)):
            raise ValueError(f"The table {self.name} has no such index to find the items of an owner by.")

    @property
    def key(self) -> tuple[str, ...]:
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    def index(self, name: str) -> Index:
        return next(index for index in self.indexes if index.name == name)
