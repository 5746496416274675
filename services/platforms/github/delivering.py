"""A generation's way into a branch of people: what they have changed stays, and conflicts are told by file.

It is committed to the branch `generated`, and that is merged. Where both have changed the same lines, or the branch
takes no commits, the branch stays as it is, and a pull request asks for the merge.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import field
from typing import Final, TypeVar

from services.core.frozen import frozen
from services.platforms.github.api import is_about_rules
from services.platforms.github.generated import GENERATED, GeneratedBranch, Order, Written
from services.platforms.github.merging import Merging, Relation
from services.platforms.github.outcomes import FileOutcome, Versions, edited, merges
from services.platforms.github.repository import MARK, Commit, Head, Moved, Repository
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Refused

TRIES: Final = 10
"""To be the next on a branch to which others push, too."""
MOST_LOOKED_AT: Final = 20
"""Files whose contents are fetched to see whether they merge; of more, the others are said to be in conflict."""

_JOIN: Final = "Join the branch generated, of which nothing is taken over yet"

T = TypeVar("T")


@frozen
class Delivered:
    commit: str
    """Where the branch is."""
    generated: str
    """The commit of the branch `generated`."""
    is_new: bool
    """Whether the branch has got a commit, by this attempt or an earlier one."""
    is_merged: bool = True
    """Whether the branch has what was generated."""
    files: Mapping[str, FileOutcome] = field(default_factory=dict[str, FileOutcome])
    """Those that people have changed since they were generated, by path."""
    pull_request: str | None = None
    """Its page."""


@frozen(kw_only=True)
class Delivery:
    repository: Repository
    branch: str
    order: Order

    async def deliver(self) -> Delivered:
        """Commit to the branch `generated`, then merge it into the branch. Raises DeployFailed and Refused."""
        generated = await insisted(self._write, self.repository, GENERATED)
        return await insisted(lambda: self._bring(generated), self.repository, self.branch)

    async def _write(self) -> Written:
        head = await self.repository.head(self.branch)
        return await GeneratedBranch(self.repository).write(self.order, target=head.commits)

    async def _bring(self, generated: Written) -> Delivered:
        """Look at the branch, and let it have what was generated. Raises Moved, to look again."""
        head = await self._head(generated)
        if earlier := next((commit for commit in head.commits if commit.is_for(self.order.mark)), None):
            if earlier.sha == generated.sha:
                return Delivered(earlier.sha, generated.sha, is_new=True)
            files = await self._files(generated, earlier.parents[0].sha, is_merged=True)
            return Delivered(earlier.sha, generated.sha, is_new=True, files=files)
        newest = head.commits[0].sha
        compared = await self._merging.compare(generated.sha, newest)
        if compared is None:
            await self._join(head.commits[0])
        elif compared.status in {Relation.SAME, Relation.BEHIND}:
            return Delivered(newest, generated.sha, is_new=False)
        elif await self._is_hindered(generated, is_ahead=compared.status is Relation.AHEAD):
            return await self._asked_for(generated, newest)
        raise Moved

    async def _head(self, generated: Written) -> Head:
        head = await self.repository.head(self.branch)
        if head.is_there:
            return head
        await self.repository.move(self.branch, head.commits[0].sha if head.commits else generated.sha, is_there=False)
        raise Moved

    async def _join(self, newest: Commit) -> None:
        """Give a branch that knows nothing of `generated` its first commit as a parent, from which git then merges."""
        root = await GeneratedBranch(self.repository).root()
        if root is None:
            command = f"git merge --allow-unrelated-histories origin/{GENERATED}"
            message = f"{self.branch} has no history in common with {GENERATED}: merge once by hand, by `{command}`."
            raise DeployFailed("UNRELATED", message)
        commit = await self.repository.commit(newest.tree, message=_JOIN, parents=[newest.sha, root.sha])
        await self.repository.move(self.branch, commit, is_there=True)

    async def _is_hindered(self, generated: Written, *, is_ahead: bool) -> bool:
        """Bring the branch to what was generated; say whether conflicts, or its rules, keep it from that."""
        if not is_ahead:
            return not await self._merging.merge(generated.sha, self.branch, message=self._merge_message)
        try:
            await self.repository.move(self.branch, generated.sha, is_there=True)
        except Refused as refused:
            if is_about_rules(refused):
                return True
            raise
        return False

    async def _asked_for(self, generated: Written, newest: str) -> Delivered:
        files = await self._files(generated, newest, is_merged=False)
        page = await self._merging.pull_request(GENERATED, self.branch)
        return Delivered(newest, generated.sha, is_new=False, is_merged=False, files=files, pull_request=page)

    async def _files(self, generated: Written, theirs: str, *, is_merged: bool) -> Mapping[str, FileOutcome]:
        """Say what becomes, or became, of the files that people had changed in a commit of theirs."""
        compared = await self._merging.compare(generated.sha, theirs)
        if compared is None:
            return {}
        trees = (compared.merge_base_commit.tree, compared.base_commit.tree, generated.tree)
        listed = [await self.repository.entries(tree) for tree in trees]
        base, mine, ours = ({entry.path: entry for entry in each if entry.type != "tree"} for each in listed)
        files = edited(base, mine, ours)
        known = {path: each.outcome(is_merged=is_merged) for path, each in files.items()}
        looked_at = [path for path, outcome in known.items() if outcome is None][:MOST_LOOKED_AT]
        results = await asyncio.gather(*(self._merges(files[path]) for path in looked_at))
        merged = {path: FileOutcome.MERGED for path, result in zip(looked_at, results, strict=True) if result}
        return {path: merged.get(path, outcome or FileOutcome.CONFLICT) for path, outcome in known.items()}

    async def _merges(self, file: Versions) -> bool:
        contents: list[bytes] = []
        for entry in (file.base, file.theirs, file.ours):
            content = await self.repository.content(entry.sha) if entry and entry.type == "blob" else None
            if content is None:
                return False
            contents.append(content)
        return await asyncio.to_thread(merges, *contents)

    @property
    def _merging(self) -> Merging:
        return Merging(self.repository)

    @property
    def _merge_message(self) -> str:
        title = self.order.title.strip().partition("\n")[0]
        return f"Merge branch '{GENERATED}'\n\n{title}\n\n{MARK}: {self.order.mark}\n"


async def insisted(step: Callable[[], Awaitable[T]], repository: Repository, branch: str) -> T:
    """Take a step that ends with a commit of a branch until nobody was faster. Raises DeployFailed where all were."""
    for number in range(TRIES):
        with suppress(Moved):
            return await step()
        await asyncio.sleep(number * repository.client.patience.first)
    message = f"Others push to the branch {branch} all the time: try again later, or push to another branch."
    raise DeployFailed("BRANCH_MOVED", message, again_after=repository.client.patience.longest)
