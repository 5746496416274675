"""What goes with a project, a team or a user when it is deleted: the tables' declarations say it."""

from collections.abc import Sequence
from typing import Any

from services.core.frozen import frozen
from services.foundation.aws.clearing import clear
from services.foundation.aws.spec import GoesWith, Owner
from services.foundation.aws.tables import Table


@frozen
class OwnedItems:
    """The items that are simply deleted; those that take more are left to the code that their table names."""

    owner: Owner
    tables: Sequence[Table[Any]]
    """Every table there is."""

    async def delete(self, owner_id: str) -> None:
        """Delete all of them. Cut short, it can be done again: it deletes what is still there."""
        for table in self.tables:
            for fate in table.spec.fate:
                if isinstance(fate, GoesWith) and fate.owner is self.owner and not fate.within:
                    await clear(table, owner_id, index=fate.index)
