"""What a platform can do with what runs there, and where and how large that may be."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec

from services.core.errors import Fault
from services.core.frozen import frozen

MOST_INSTANCES: Final = 100
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}", re.ASCII)


class Hosting(msgspec.Struct, frozen=True):
    """Where at its platform a backend runs, and how much of it. None leaves it to the platform, or as it is there."""

    region: str | None = None
    size: str | None = None
    instances: int | None = None

    def changed(self, to: "Hosting") -> "Hosting":
        """Return this with what another says."""
        return Hosting(to.region or self.region, to.size or self.size, to.instances or self.instances)

    def __str__(self) -> str:
        count = f"{self.instances} instance{'' if self.instances == 1 else 's'}" if self.instances else ""
        return " of ".join(filter(None, [count, f"size {self.size}" if self.size else ""]))


@frozen
class Choice:
    """What may be chosen: anything that the platform takes, one of a closed list, or nothing, and why."""

    refused: str | None = None
    among: Collection[str] = ()


@frozen(kw_only=True)
class Offers:
    """What a platform can do; of what it can't, a sentence says why."""

    promotes: bool = False
    """Whether what was built for one place can run at another, without another build."""
    no_restart: str | None = None
    no_domains: str | None = None
    region: Choice = Choice()
    keeps_region: bool = False
    """Whether what is there once stays where it is."""
    size: Choice = Choice()
    instances: Choice = Choice()
    smallest: str | None = None
    """The size of what is made anew where none is chosen; None where that makes no difference."""
    alone: Collection[str] = ()
    """Sizes of which one instance can run."""

    def faults(self, hosting: Hosting, *, beside: Hosting | None = None) -> list[Fault]:
        """Return what of a choice can't be had, beside what was chosen before; fields are those of `Hosting`."""
        texts = {"region": (self.region, hosting.region), "size": (self.size, hosting.size)}
        faults = [*_faults_of_texts(texts), *self._faults_of(hosting.instances)]
        both = (beside or Hosting()).changed(hosting)
        if not faults and both != beside and both.size in self.alone and (both.instances or 1) > 1:
            faults.append(Fault(f"Of the size {both.size} one instance can run: choose another size.", ("size",)))
        return faults

    def _faults_of(self, instances: int | None) -> Iterator[Fault]:
        if instances is not None and self.instances.refused:
            yield Fault(self.instances.refused, ("instances",))
        elif instances is not None and not 1 <= instances <= MOST_INSTANCES:
            yield Fault(f"instances must be from 1 to {MOST_INSTANCES}.", ("instances",))


def nothing_offered(platform: str) -> Offers:
    """Return the offers of a platform of which nothing can be chosen."""
    why = Choice(f"It can't be chosen for {platform} from here.")
    return Offers(no_restart=f"{platform} can't restart it from here.", region=why, size=why, instances=why)


def _faults_of_texts(texts: Mapping[str, tuple[Choice, str | None]]) -> Iterator[Fault]:
    for name, (choice, text) in texts.items():
        if text is None:
            continue
        if choice.refused:
            yield Fault(choice.refused, (name,))
        elif choice.among and text not in choice.among:
            yield Fault(f"{name} must be one of {', '.join(choice.among)}.", (name,))
        elif not _NAME.fullmatch(text):
            yield Fault(f"{name} must be a name of 1 to 40 letters, digits and '.', '_', '/' or '-'.", (name,))
