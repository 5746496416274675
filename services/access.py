"""This file is what happens when somebody's access changes: what is remembered of them is forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.core.recent import Recent


@dataclass(frozen=True, slots=True)
class AccessChanges:
    memories: Sequence[Recent[Any]]
    """What this process remembers of users and API keys, by their ids."""

    async def announce(self, subject: str) -> None:
        """Tell that the access of a user or an API key has changed."""
        for memory in self.memories:
            memory.forget(subject)
