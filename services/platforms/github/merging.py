"""Merges at GitHub: how two commits stand to each other, the merge itself, and the pull request in its place."""

from enum import Enum
from http import HTTPStatus
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.platforms.github.api import details, is_about_rules
from services.platforms.github.repository import Commit, Repository
from services.platforms.vendors.client import Refused

_NOT_ALLOWED: Final = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
_TITLE: Final = "Merge what Snapinfra generated"
_BODY: Final = (
    "You and the generated code have changed the same lines, or the branch takes changes by pull requests alone.\n\n"
    "Resolve the conflicts, here or with `git merge origin/{head}`, and merge this with a merge commit: squashed or"
    " rebased, git forgets what you have taken over, and asks again. Later pushes come into this pull request by"
    " themselves."
)


class Relation(Enum):
    """Where a commit stands as seen from another, in GitHub's words."""

    SAME = "identical"
    AHEAD = "ahead"
    """It has all that the other has, and more."""
    BEHIND = "behind"
    DIVERGED = "diverged"


class Compared(msgspec.Struct, frozen=True):
    status: Relation
    base_commit: Commit
    """The other commit."""
    merge_base_commit: Commit
    """The newest one that both stand on."""


class _Pull(msgspec.Struct, frozen=True):
    html_url: str


@frozen
class Merging:
    repository: Repository

    async def compare(self, commit: str, other: str) -> Compared | None:
        """Say where a commit stands as seen from another; None where they have no history in common.

        The second page is asked for, since the first one has all differences with it.
        """
        path = f"{self.repository.path}/compare/{other}...{commit}"
        return await self.repository.client.get(path, Compared, per_page="1", page="2")

    async def merge(self, commit: str, into: str, *, message: str) -> bool:
        """Merge a commit into a branch, as git does; False where both have changed the same lines, or rules forbid it.

        Where the branch has it already, nothing is done.
        """
        body = {"base": into, "head": commit, "commit_message": message}
        try:
            await self.repository.client.call("POST", f"{self.repository.path}/merges", body=body, repeatable=True)
        except Refused as refused:
            is_conflict = refused.status == HTTPStatus.CONFLICT and "merge conflict" in refused.words.lower()
            if is_conflict or is_about_rules(refused):
                return False
            raise
        return True

    async def pull_request(self, head: str, into: str) -> str | None:
        """Return the page of the open pull request of a branch, which is opened unless it is there.

        None where the token may not, or GitHub sees nothing to be pulled.
        """
        try:
            return await self._open(head, into) or await self._opened(head, into)
        except Refused as refused:
            if refused.status in _NOT_ALLOWED:
                return None
            if refused.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return await self._open(head, into) if "already exists" in details(refused) else None
            raise

    async def _open(self, head: str, into: str) -> str | None:
        owner = self.repository.info.full_name.partition("/")[0]
        path = f"{self.repository.path}/pulls"
        client = self.repository.client
        pulls = await client.get(path, list[_Pull], state="open", head=f"{owner}:{head}", base=into)
        return pulls[0].html_url if pulls else None

    async def _opened(self, head: str, into: str) -> str:
        body = {"title": _TITLE, "head": head, "base": into, "body": _BODY.format(head=head)}
        answer = await self.repository.client.call("POST", f"{self.repository.path}/pulls", body=body, repeatable=True)
        return answer.read(_Pull).html_url
