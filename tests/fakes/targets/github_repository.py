"""A repository of the fake of GitHub, to which people push by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.core.clock import utc_now
from tests.fakes.targets.git_objects import Commit, GitObjects


@dataclass
class Pull:
    """A pull request: a branch that is to be merged into another."""

    number: int
    title: str
    body: str
    head: str
    base: str
    is_open: bool = True


@dataclass
class FakeRepository:
    id: int
    full_name: str
    git: GitObjects = field(default_factory=GitObjects)
    description: str | None = None
    is_private: bool = True
    is_archived: bool = False
    is_hidden: bool = False
    """Whether the token may not see it."""
    default_branch: str = "main"
    protected: set[str] = field(default_factory=set[str])
    pulls: list[Pull] = field(default_factory=list[Pull])
    unready: int = 0
    """How often it is not ready yet."""

    def push(self, branch: str, files: Mapping[str, bytes | None], message: str = "By hand") -> Commit:
        """Push as a person does: change files of a branch, or delete those of None."""
        head = self.git.branches.get(branch)
        entries = self.git.tree(self.git.commits[head].tree) if head else {}
        for path, content in files.items():
            entries.pop(path, None)
            if content is not None:
                entries[path] = "100644", self.git.add("blob", content)
        return self.commit(branch, self.git.add_tree(entries), message)

    def merge(self, branch: str, commit: str, resolved: Mapping[str, bytes]) -> Commit:
        """Merge as a person does who has resolved conflicts so, and takes all else as it is in the branch."""
        entries = self.git.tree(self.git.commits[self.git.branches[branch]].tree)
        for path, content in resolved.items():
            entries[path] = "100644", self.git.add("blob", content)
        return self.commit(branch, self.git.add_tree(entries), "Merge by hand", commit)

    def commit(self, branch: str, tree: str, message: str, *others: str) -> Commit:
        head = self.git.branches.get(branch)
        who = "Alice <alice@example.com>"
        parents = (head, *others) if head else others
        commit = self.git.add_commit(tree, parents, message, author=who, at=utc_now())
        self.git.branches[branch] = commit.sha
        return commit

    def messages(self, branch: str = "main") -> list[str]:
        """Return the first lines of a branch's commits, the newest first."""
        head = self.git.branches.get(branch)
        return [commit.message.partition("\n")[0] for commit in self.git.ancestors(head)] if head else []

    def files(self, branch: str = "main") -> Mapping[str, bytes]:
        return self.git.files(self.git.branches[branch])
