"""What a push makes of the files of a branch: ours replaced, those of people kept."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.core.git import blob_sha

MANIFEST: Final = ".snapinfra/files"
"""Lists the files that pushes wrote, in the repository itself: it goes where they go."""

_ABOUT: Final = "# The files that Snapinfra wrote here. The next push deletes those that it no longer has.\n"
_PLAIN: Final = "100644"
_EXECUTABLE: Final = "100755"


class Entry(msgspec.Struct, frozen=True):
    """An entry of a tree, such as GitHub lists it; `type` is blob, tree, or commit for a submodule."""

    path: str
    mode: str
    type: str
    sha: str


def manifest(files: Mapping[str, bytes]) -> bytes:
    """List files, each with what git calls its content."""
    lines = (f"{blob_sha(files[path])} {path}\n" for path in sorted(files))
    return (_ABOUT + "".join(lines)).encode()


def listed(text: str) -> Mapping[str, str]:
    """Read a manifest: what git calls the content of each path. Lines of another form are passed over."""
    parts = (line.partition(" ") for line in text.split("\n") if not line.startswith("#"))
    return {path: sha for sha, _, path in parts if path}


@frozen
class Plan:
    """A tree to be made: all its entries, and the contents of those that GitHub may not have."""

    entries: Mapping[str, Entry]
    contents: Mapping[str, bytes]
    has_changes: bool


def written(entries: Iterable[Entry], listing: Mapping[str, str]) -> Mapping[str, Entry]:
    """Return the files of a tree that are as a push wrote them, by its manifest, and the manifest itself."""
    files = {entry.path: entry for entry in entries if entry.type == "blob"}
    return {path: entry for path, entry in files.items() if path == MANIFEST or listing.get(path) == entry.sha}


def exactly(present: Iterable[Entry], files: Mapping[str, bytes]) -> Plan:
    """Put files in the place of all that is in a tree."""
    there = {entry.path: entry for entry in present if entry.type != "tree"}
    ours = {path: _entry(path, content, there.get(path)) for path, content in files.items()}
    missing = {path: content for path, content in files.items() if there.get(path) != ours[path]}
    return Plan(ours, missing, has_changes=ours != there)


def planned(present: Iterable[Entry], files: Mapping[str, bytes], earlier: Mapping[str, str]) -> Plan:
    """Put files, and a manifest of them, into a tree. Of what is there, all stays that the files leave room for,
    except those that `earlier` pushes wrote and nobody has changed since.
    """
    there = {entry.path: entry for entry in present if entry.type != "tree"}
    ours = {**files, MANIFEST: manifest(files)}
    folders = {folder for path in ours for folder in _folders(path)}
    kept = {
        path: entry
        for path, entry in there.items()
        if path not in ours
        and path not in folders
        and earlier.get(path) != entry.sha
        and not any(folder in ours for folder in _folders(path))
    }
    written = {path: _entry(path, content, there.get(path)) for path, content in ours.items()}
    missing = {path: content for path, content in ours.items() if there.get(path) != written[path]}
    return Plan({**kept, **written}, missing, has_changes={**kept, **written} != there)


def _entry(path: str, content: bytes, before: Entry | None) -> Entry:
    mode = _EXECUTABLE if before is not None and before.mode == _EXECUTABLE else _PLAIN
    return Entry(path, mode, "blob", blob_sha(content))


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
