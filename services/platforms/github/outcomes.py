"""What becomes of files that people have changed since they were generated, when new ones come: told for each file."""

import tempfile
from collections.abc import Mapping
from enum import Enum
from typing import Final

import pygit2
from pygit2.enums import FileMode

from services.core.frozen import frozen
from services.platforms.github.tree import Entry

MOST_COMPARISONS: Final = 25_000_000
"""Lines of a file times lines of the other; libgit2 holds the interpreter's lock meanwhile, for 0.1 s at most."""

_Files = Mapping[str, Entry]


class FileOutcome(Enum):
    """What became of a file that people have changed since it was generated."""

    KEPT = "KEPT"
    """The generated one is as it was: theirs stays."""
    MERGED = "MERGED"
    """Both have changed, in different places: it has the changes of both."""
    CONFLICT = "CONFLICT"
    """Both have changed the same lines, or have made a file of that name."""
    CONFLICT_DELETED = "CONFLICT_DELETED"
    """They have deleted it, and the generated one has changed."""
    CONFLICT_NOT_GENERATED = "CONFLICT_NOT_GENERATED"
    """They have changed it, and it is no longer generated."""


@frozen
class Versions:
    """A file as it was generated, as people have it now, and as it is generated now; None where there is none."""

    base: Entry | None
    theirs: Entry | None
    ours: Entry | None

    @property
    def is_edited(self) -> bool:
        """Whether people have changed it, or have made one that is generated now: to something else than that is."""
        is_generated = self.base is not None or self.ours is not None
        return is_generated and self.theirs not in {self.base, self.ours}

    def outcome(self, *, is_merged: bool) -> FileOutcome | None:
        """Say what becomes of it; None where that can be said by its contents alone."""
        if self.ours == self.base:
            return FileOutcome.KEPT
        if is_merged:
            return FileOutcome.MERGED
        if self.theirs is None:
            return FileOutcome.CONFLICT_DELETED
        if self.ours is None:
            return FileOutcome.CONFLICT_NOT_GENERATED
        return FileOutcome.CONFLICT if self.base is None else None


def edited(base: _Files, theirs: _Files, ours: _Files) -> Mapping[str, Versions]:
    """Return the generated files that people have changed, by path."""
    paths = sorted(base.keys() | ours.keys())
    versions = {path: Versions(base.get(path), theirs.get(path), ours.get(path)) for path in paths}
    return {path: each for path, each in versions.items() if each.is_edited}


def merges(base: bytes, theirs: bytes, ours: bytes) -> bool:
    """Say whether git merges two changes of a content; of too many lines it is not looked at, and said that not.

    For a thread.
    """
    if (theirs.count(b"\n") + 1) * (ours.count(b"\n") + 1) > MOST_COMPARISONS:
        return False
    with tempfile.TemporaryDirectory() as folder:
        repository = pygit2.init_repository(folder, bare=True)
        one, two, three = [_tree(repository, content) for content in (base, theirs, ours)]
        return repository.merge_trees(one, two, three).conflicts is None


def _tree(repository: pygit2.Repository, content: bytes) -> pygit2.Oid:
    tree = repository.TreeBuilder()
    tree.insert("file", repository.create_blob(content), FileMode.BLOB)
    return tree.write()
