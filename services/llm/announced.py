"""What a text in the file protocol has said that it will write, and which of it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.llm.decoration import may_name_no_file, plain_path
from services.llm.paths import MAX_PATH, DiscardReason, Tree, path_fault

_MOST_REFUSED: Final = 50
"""Announced paths that are refused and named as missing; more are refused, and not named."""


@dataclass(slots=True)
class Announced:
    """The announced files. `existing` are the sizes of those that the text may change, by path."""

    existing: Mapping[str, int]
    max_files: int
    paths: list[str] = field(default_factory=list[str], init=False)
    """Those that the text has said it will write, in its order, also those that are refused."""
    listed: set[str] = field(default_factory=set[str], init=False)
    """Those of them that are accepted."""
    refused: set[str] = field(default_factory=set[str], init=False)
    _unlisted: set[str] = field(default_factory=set[str], init=False)
    """Those of the refused that another manifest may name."""
    _remarks: set[str] = field(default_factory=set[str], init=False)
    """Lines of a manifest that are no path, unless a marker takes one for its file."""
    _tree: Tree = field(default_factory=Tree, init=False)

    def __post_init__(self) -> None:
        for path in self.existing:
            self._tree.add(path)

    def meant(self, written: str) -> str:
        """Return the path that is meant: a file that exists already may have any name."""
        path = written.strip(" \t\r")
        return path if path in self.existing else plain_path(path)

    def take(self, line: str) -> DiscardReason | None:
        """Take a line of a manifest; return why its path can never be accepted, once."""
        path = self.meant(line)
        if not path or path in self.listed or path in self.refused:
            return None
        if path not in self.existing and may_name_no_file(line):
            self._remarks.add(path)
            return None
        return self._accept(path)

    def begin(self, path: str) -> DiscardReason | None:
        """Take a marker's path; return why it is refused."""
        if path in self.listed:
            return None
        if path in self._remarks:
            self._remarks.discard(path)
            return self._accept(path)
        return self.refuse(path)

    def refuse(self, path: str) -> DiscardReason:
        """Take a path that only a marker names; return why it is refused."""
        fault = path_fault(path)
        if fault is None:
            self._unlisted.add(path)
        self.lose(path)
        return fault or DiscardReason.NOT_IN_MANIFEST

    def lose(self, what: str) -> None:
        """Take something as announced that never comes."""
        if len(self.refused) < _MOST_REFUSED and what not in self.existing:
            self.paths.append(what[:MAX_PATH])
        self.refused.add(what)

    def is_final(self, path: str) -> bool:
        """Return whether an announced path can never be completed, in whichever answer it comes."""
        return path not in self.listed and path not in self._unlisted

    def _accept(self, path: str) -> DiscardReason | None:
        fault = path_fault(path)
        if fault is None and len(self.listed.union(self.existing)) >= self.max_files and path not in self.existing:
            fault = DiscardReason.TOO_MANY_FILES
        if fault is None and path not in self.existing and not self._tree.add(path):
            fault = DiscardReason.PATH_COLLIDES
        if fault is None:
            self.listed.add(path)
            self.paths.append(path)
        else:
            self.lose(path)
        return fault
