"""Merges of the fake's commits, made by the real git: what GitHub's merges are."""

import subprocess
import tempfile
from pathlib import Path

from tests.fakes.targets.git_objects import GitObjects


class Conflict(Exception):
    """Both have changed the same lines."""


def merge_base(git: GitObjects, one: str, other: str) -> str | None:
    """Return the newest commit that both stand on; None where there is none."""
    ours = {commit.sha for commit in git.ancestors(one)}
    return next((commit.sha for commit in git.ancestors(other) if commit.sha in ours), None)


def merged_tree(git: GitObjects, ours: str, theirs: str) -> str:
    """Merge two commits and return the tree. Raises Conflict."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.git"
        git.write(bare)

        def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run(["git", "-C", str(bare), *arguments], capture_output=True, timeout=60, check=False)

        merged = run("merge-tree", "--write-tree", "--no-messages", ours, theirs)
        if merged.returncode == 1:
            raise Conflict
        assert merged.returncode == 0, merged.stderr
        tree = merged.stdout.decode().strip()
        entries: dict[str, tuple[str, str]] = {}
        for row in run("ls-tree", "-r", "-z", tree).stdout.decode().split("\0")[:-1]:
            entry, _, path = row.partition("\t")
            mode, kind, sha = entry.split()
            if not git.has(sha, kind) and kind == "blob":
                git.add("blob", run("cat-file", "blob", sha).stdout)
            entries[path] = mode, sha
        return git.add_tree(entries)
