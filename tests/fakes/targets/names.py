"""Domains of a fake target: whose they are, and how often the target has looked at their DNS."""

import re
import uuid
from dataclasses import dataclass, field
from typing import Final

SEEN: Final = 2
"""Looks after which the records of a domain are there."""
ISSUED: Final = 3
"""Looks after which its certificate is."""

_HOSTNAME: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def is_hostname(name: str) -> bool:
    """Say whether a target would take a name."""
    return bool(_HOSTNAME.fullmatch(name))


@dataclass
class Owned:
    """A domain at a site."""

    name: str
    site: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    looks: int = 0

    @property
    def is_seen(self) -> bool:
        return self.looks >= SEEN

    @property
    def has_certificate(self) -> bool:
        return self.looks >= ISSUED


@dataclass
class Names:
    owned: dict[str, Owned] = field(default_factory=dict[str, Owned])
    """By name."""
    taken: set[str] = field(default_factory=set[str])
    """Those of other people."""
    most: int = 100
    """That the plan allows."""

    @property
    def is_full(self) -> bool:
        return len(self.owned) >= self.most

    def at(self, site: str, name: str, *, look: bool = False) -> Owned | None:
        """Return a domain of a site, after one more look at its DNS where that is asked for."""
        owned = self.owned.get(name)
        if owned is None or owned.site != site:
            return None
        owned.looks += look
        return owned

    def of(self, site: str) -> list[Owned]:
        """Return all of a site."""
        return [owned for owned in self.owned.values() if owned.site == site]

    def is_taken(self, name: str) -> bool:
        return name in self.taken or name in self.owned

    def add(self, site: str, name: str) -> Owned:
        self.owned[name] = Owned(name, site)
        return self.owned[name]
