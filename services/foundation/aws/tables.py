"""The table mapper: all that is done with the entities of a declared table, alone or as part of a transaction."""

from collections.abc import Mapping

from services.core.frozen import frozen
from services.foundation.aws.conditions import absent, present, version_is
from services.foundation.aws.counters import addition
from services.foundation.aws.keys import Key, key_at
from services.foundation.aws.listing import Lister
from services.foundation.aws.spec import E
from services.foundation.aws.transactions import Part
from services.foundation.aws.writing import Writer


@frozen(kw_only=True)
class Table(Lister[E], Writer[E]):
    """Reads and writes entities of one table, and makes the parts of transactions that write them."""

    def creation(self, entity: E) -> Part:
        """Return the part that stores a new entity; its condition fails where the key is taken."""
        return Part(self.aws, "Put", lambda: {**self._storing(entity), **absent(self.spec)})

    def replacement(self, old: E, new: E) -> Part:
        """Return the part that replaces an entity unless it has changed since it was read."""
        stamped = self._stamped(new, old)
        return Part(self.aws, "Put", lambda: {**self._storing(stamped), **version_is(old.version)})

    def storing(self, entity: E) -> Part:
        """Return the part that stores an entity whatever is there: another part says whether it may."""
        return Part(self.aws, "Put", lambda: self._storing(entity))

    def removal(self, entity: E) -> Part:
        """Return the part that deletes an entity unless it has changed since it was read."""
        return Part(self.aws, "Delete", lambda: {**self._at(entity), **version_is(entity.version)})

    def presence(self, entity: E) -> Part:
        """Return the part that writes nothing, and whose condition fails where the entity is gone."""
        return Part(self.aws, "ConditionCheck", lambda: {**self._at(entity), **present(self.spec)})

    def sameness(self, entity: E) -> Part:
        """Return the part that writes nothing, and whose condition fails where the entity has changed since then."""
        return Part(self.aws, "ConditionCheck", lambda: {**self._at(entity), **version_is(entity.version)})

    def addition(
        self,
        key: Key,
        amounts: Mapping[str, int | frozenset[int]],
        *,
        stamps: Mapping[str, object],
        first: Mapping[str, object] | None = None,
        at_most: Mapping[str, int] | None = None,
    ) -> Part:
        """Return the part that adds to the counters and sets of an item, which need not exist.

        `stamps` are attributes that it has from now on, `first` those that it keeps where it has them. The condition
        fails where one of the counters that `at_most` names is above that before.
        """
        at = {"TableName": self.name, "Key": key_at(self.spec, key)}
        return Part(
            self.aws,
            "Update",
            lambda: {**at, **addition(amounts, stamps=stamps, first=first or {}, at_most=at_most or {})},
        )
