"""The branch `generated`: only what was generated, one commit for each generation, for people to merge into theirs."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from services.core.frozen import frozen
from services.platforms.github.repository import MARK, TREE, Commit, Repository
from services.platforms.github.tree import MANIFEST, Entry, Plan, exactly, listed, written

GENERATED: Final = "generated"
GENERATION: Final = "Snapinfra-Generation"
"""The trailer of a commit that says which generation wrote its files."""

_BEGIN: Final = "Begin the branch generated"


@frozen(kw_only=True)
class Order:
    files: Mapping[str, bytes]
    """All that is generated."""
    title: str
    """The message of the commit."""
    generation: str
    mark: str
    """Of the push: found again by a later attempt."""

    def message(self, tree: str) -> str:
        """Word the commit of a tree."""
        trailers = {GENERATION: self.generation, TREE: tree, MARK: self.mark}
        lines = "".join(f"{name}: {value}\n" for name, value in trailers.items())
        return f"{self.title.strip()}\n\n{lines}"


@frozen
class Written:
    """A commit of the branch, and its tree."""

    sha: str
    tree: str


@frozen
class GeneratedBranch:
    repository: Repository

    async def write(self, order: Order, *, target: Sequence[Commit]) -> Written:
        """Commit what was generated, unless that is done, or it is there already. Raises Moved, to be tried again.

        `target` are the newest commits of the branch that it is for: where there is no branch `generated` yet, it
        begins with what that has of earlier pushes.
        """
        newest = await self.repository.newest(GENERATED)
        if earlier := next((commit for commit in newest if commit.is_for(order.mark)), None):
            return Written(earlier.sha, earlier.tree)
        start = newest[0] if newest else await self._begun(target)
        present = await self.repository.entries(start.tree) if start else ()
        plan = await asyncio.to_thread(exactly, present, order.files)  # it hashes all of them
        if start is not None and not plan.has_changes:
            return Written(start.sha, start.tree)
        tree = await self.repository.make_tree(plan)
        sha = await self.repository.commit(tree, message=order.message(tree), parents=[start.sha] if start else [])
        await self.repository.move(GENERATED, sha, is_there=start is not None)
        return Written(sha, tree)

    async def root(self) -> Commit | None:
        """Return the first commit of the branch; None where it is too far back to be seen."""
        oldest = (await self.repository.newest(GENERATED))[-1]
        return None if oldest.parents else oldest

    async def _begun(self, target: Sequence[Commit]) -> Commit | None:
        """Begin the branch where it was, if it is gone and its commits have been merged; or where all is as pushes
        wrote it; else with a commit of its own of what is still as they wrote it. None where there is no commit.
        """
        if not target:
            return None
        start = next((commit for commit in target if commit.is_generated), target[0])
        if not start.is_generated:
            entries = await self.repository.entries(start.tree)
            if len(await self._written(entries)) < sum(entry.type != "tree" for entry in entries):
                return await self._begun_anew(next((commit for commit in target if commit.is_marked), start))
        await self.repository.move(GENERATED, start.sha, is_there=False)
        return start

    async def _begun_anew(self, pushed: Commit) -> Commit:
        files = await self._written(await self.repository.entries(pushed.tree))
        plan = Plan(files, {}, has_changes=True) if files else exactly((), {MANIFEST: b""})
        sha = await self.repository.commit(await self.repository.make_tree(plan), message=_BEGIN, parents=[])
        await self.repository.move(GENERATED, sha, is_there=False)
        return (await self.repository.newest(GENERATED))[0]

    async def _written(self, entries: Sequence[Entry]) -> Mapping[str, Entry]:
        known = next((entry.sha for entry in entries if entry.path == MANIFEST and entry.type == "blob"), None)
        return written(entries, listed(await self.repository.text(known) if known else ""))
