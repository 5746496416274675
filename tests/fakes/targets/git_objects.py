"""Git's objects and branches, as git has them: names that git computes, and files that git can read.

Formats: git-scm.com/book, Git Internals, Git Objects.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

_TREE: Final = "40000"
"""The mode of a tree within a tree; elsewhere it is written 040000."""
TYPES: Final = {"100644": "blob", "100755": "blob", "120000": "blob", "160000": "commit", "040000": "tree"}


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    author: str
    at: datetime


@dataclass
class GitObjects:
    """One repository. A tree is given and returned as all its files: mode and name of the content by path."""

    objects: dict[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])
    commits: dict[str, Commit] = field(default_factory=dict[str, Commit])
    """In the order in which they were made."""
    branches: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, kind: str, content: bytes) -> str:
        """Keep an object and return its name."""
        sha = hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
        self.objects[sha] = kind, content
        return sha

    def has(self, sha: str, kind: str) -> bool:
        return self.objects.get(sha, ("", b""))[0] == kind

    def add_tree(self, entries: Mapping[str, tuple[str, str]]) -> str:
        """Keep a tree with the trees below it. Raises ValueError where a file is where another needs a folder."""
        here = {path: entry for path, entry in entries.items() if "/" not in path}
        below: dict[str, dict[str, tuple[str, str]]] = {}
        for path, entry in entries.items():
            folder, slash, rest = path.partition("/")
            if slash:
                below.setdefault(folder, {})[rest] = entry
        if not here.keys().isdisjoint(below):
            raise ValueError("a file and a folder of one name")
        here |= {folder: (_TREE, self.add_tree(inner)) for folder, inner in below.items()}
        ordered = sorted(here, key=lambda name: f"{name}/".encode() if here[name][0] == _TREE else name.encode())
        return self.add("tree", b"".join(_raw(name, *here[name]) for name in ordered))

    def tree(self, sha: str) -> dict[str, tuple[str, str]]:
        """Return all files of a tree."""
        return {path: entry for path, entry in self.walk(sha) if entry[0] != "040000"}

    def walk(self, sha: str, folder: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield the entries of a tree, and of those below it."""
        content = self.objects[sha][1]
        while content:
            head, _, rest = content.partition(b"\0")
            mode, _, name = head.decode().partition(" ")
            inner, content = rest[:20].hex(), rest[20:]
            yield f"{folder}{name}", (mode.zfill(6), inner)
            if mode == _TREE:
                yield from self.walk(inner, f"{folder}{name}/")

    def add_commit(self, tree: str, parents: tuple[str, ...], message: str, *, author: str, at: datetime) -> Commit:
        who = f"{author} {int(at.timestamp())} +0000"
        lines = [f"tree {tree}", *(f"parent {sha}" for sha in parents), f"author {who}", f"committer {who}"]
        sha = self.add("commit", "\n".join([*lines, "", message]).encode())
        commit = Commit(sha, tree, parents, message, author, at)
        self.commits[sha] = commit
        return commit

    def ancestors(self, sha: str) -> list[Commit]:
        """Return a commit and all that it stands on, the newest first."""
        seen: set[str] = set()
        todo = [sha]
        while todo:
            if (each := todo.pop()) not in seen:
                seen.add(each)
                todo += self.commits[each].parents
        return [commit for commit in reversed(self.commits.values()) if commit.sha in seen]

    def files(self, commit: str) -> dict[str, bytes]:
        """Return the files of a commit with their contents."""
        entries = self.tree(self.commits[commit].tree)
        return {path: self.objects[sha][1] for path, (_, sha) in entries.items() if sha in self.objects}

    def write(self, folder: Path) -> None:
        """Write a bare repository that git can read."""
        for part in ("objects", "refs/heads"):
            (folder / part).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        for sha, (kind, content) in self.objects.items():
            path = folder / "objects" / sha[:2] / sha[2:]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(f"{kind} {len(content)}\0".encode() + content))
        for branch, sha in self.branches.items():
            path = folder / "refs" / "heads" / branch
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{sha}\n")


def _raw(name: str, mode: str, sha: str) -> bytes:
    return f"{mode} {name}\0".encode() + bytes.fromhex(sha)
