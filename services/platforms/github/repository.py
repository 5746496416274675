"""A repository at GitHub: found or created, its branches, its commits, its trees."""

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import quote

import msgspec

from services.core.frozen import frozen
from services.platforms.github.api import GitHubClient, archived, has_name_taken, is_about_rules
from services.platforms.github.tree import MANIFEST, Entry, Plan
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Refused, Unclear

INLINE: Final = 1_000_000
"""Bytes of contents that come with a tree; the others are sent before it."""
MARK: Final = "Snapinfra-Id"
"""The trailer of a commit that says what it was made for."""
TREE: Final = "Snapinfra-Tree"
"""The trailer before it, of a commit of the branch `generated`: its tree."""
NEWEST: Final = 100
"""Commits of a branch among which a mark is looked for."""

_NOT_NOW: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
_AT_ONCE: Final = 4
_LOOKS: Final = 10
_BEGIN: Final = "Begin the repository"


class User(msgspec.Struct, frozen=True):
    login: str


class RepositoryInfo(msgspec.Struct, frozen=True):
    full_name: str
    html_url: str
    clone_url: str
    default_branch: str
    archived: bool = False


class _Sha(msgspec.Struct, frozen=True):
    sha: str


class _Reference(msgspec.Struct, frozen=True):
    object: _Sha


class _CommitText(msgspec.Struct, frozen=True):
    message: str
    tree: _Sha


class Commit(msgspec.Struct, frozen=True):
    sha: str
    commit: _CommitText
    parents: list[_Sha] = []

    @property
    def tree(self) -> str:
        """What git calls its tree."""
        return self.commit.tree.sha

    @property
    def is_marked(self) -> bool:
        """Whether it was made for any mark."""
        return self._last(1).startswith(f"{MARK}: ")

    @property
    def is_generated(self) -> bool:
        """Whether it is one of the branch `generated`. One that others made of it, as by a rebase, has another tree."""
        return self.is_marked and self._last(2) == f"{TREE}: {self.tree}"

    def is_for(self, mark: str) -> bool:
        """Say whether it was made for a mark: whether that is its last line."""
        return self._last(1) == f"{MARK}: {mark}"

    def _last(self, number: int) -> str:
        """Return a line of its message, counted from the end; empty where there are fewer."""
        lines = self.commit.message.rstrip().split("\n")
        return lines[-number] if number <= len(lines) else ""


class _Tree(msgspec.Struct, frozen=True):
    tree: list[Entry]
    truncated: bool = False


class _Blob(msgspec.Struct, frozen=True):
    content: str


class Moved(Exception):
    """Somebody else has pushed to the branch since it was looked at."""


@frozen
class Head:
    """Where a branch is; or where it would begin, if `is_there` says that there is none yet."""

    commits: Sequence[Commit]
    """The newest ones, the newest first. Empty for a branch that begins with nothing."""
    is_there: bool


@frozen
class Repository:
    client: GitHubClient
    info: RepositoryInfo

    @property
    def path(self) -> str:
        return f"/repos/{self.info.full_name}"

    @classmethod
    async def ensure(cls, client: GitHubClient, name: str, *, description: str) -> tuple[Self, bool]:
        """Find a repository, or create it, private; say whether it was created. Raises DeployFailed and Refused."""
        owner, _, short = name.rpartition("/")
        login = None if owner else await _login(client)
        owner = owner or login or ""
        info = await _find(client, f"{owner}/{short}")
        if info is not None:
            if info.archived:
                raise archived()
            return cls(client, info), False
        login = login or await _login(client)
        path = "/user/repos" if owner.lower() == login.lower() else f"/orgs/{owner}/repos"
        body = {"name": short, "private": True, "description": description}
        try:
            answer = await client.call("POST", path, body=body, repeatable=True)
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                message = f"There is no repository {owner}/{short} that this token sees, and it may not create one."
                raise DeployFailed("NOT_PERMITTED", message) from None
            if not has_name_taken(refused):
                raise
            return cls(client, await _taken(client, f"{owner}/{short}")), True
        return cls(client, answer.read(RepositoryInfo)), True

    async def head(self, branch: str) -> Head:
        """Look at a branch; one that is not there would begin where the default branch is.

        A repository without any commit gets one: until then GitHub takes no trees
        (docs.github.com/rest/guides/using-the-rest-api-to-interact-with-your-git-database).
        """
        for look in range(_LOOKS):
            try:
                return await self._head(branch)
            except Refused as refused:
                if refused.status != HTTPStatus.CONFLICT or look == _LOOKS - 1:
                    raise
            await self._begin(branch)
            await asyncio.sleep(look * self.client.patience.first)  # a new one is not ready at once
        raise AssertionError

    async def _head(self, branch: str) -> Head:
        if commits := await self.newest(branch):
            return Head(commits, is_there=True)
        return Head(await self.newest(self.info.default_branch), is_there=False)

    async def newest(self, branch: str) -> Sequence[Commit]:
        """Return the newest commits of a branch, the newest first; none where there is no such branch."""
        sha = await self._reference(branch)
        return await self._commits(sha) if sha else ()

    async def _reference(self, branch: str) -> str | None:
        reference = await self.client.get(f"{self.path}/git/ref/heads/{quote(branch)}", _Reference)
        return reference.object.sha if reference else None

    async def _commits(self, sha: str) -> Sequence[Commit]:
        """Return a commit that a branch leads to and those before it. Lists may lag behind."""
        for _ in range(_LOOKS):
            path = f"{self.path}/commits"
            if commits := await self.client.get(path, list[Commit], sha=sha, per_page=str(NEWEST)):
                return commits
            await asyncio.sleep(self.client.patience.first)
        message = "GitHub does not list the commits of the branch."
        raise DeployFailed("PLATFORM_UNAVAILABLE", message, again_after=self.client.patience.longest)

    async def _begin(self, branch: str) -> None:
        """Make the first commit, which only the API of contents can."""
        body = {"message": _BEGIN, "content": "", "branch": branch}
        try:
            await self.client.call("PUT", f"{self.path}/contents/{MANIFEST}", body=body)
        except Refused as refused:  # not ready, or no longer empty: the next look shows it
            if is_about_rules(refused) or refused.status not in _NOT_NOW:
                raise

    async def entries(self, tree: str) -> Sequence[Entry]:
        """Return all entries of a tree. Raises DeployFailed where it is larger than GitHub lists."""
        listed = await self.client.get(f"{self.path}/git/trees/{tree}", _Tree, recursive="1")
        if listed is None or listed.truncated:
            message = "The repository has too many files to be listed: push to one of its own."
            raise DeployFailed("TOO_LARGE", message)
        return listed.tree

    async def text(self, sha: str) -> str:
        """Return a blob as text. Raises Unclear where it does not come as documented."""
        return (await self.content(sha) or b"").decode(errors="replace")

    async def content(self, sha: str) -> bytes | None:
        """Return a blob; None where there is none. Raises Unclear where it does not come as documented."""
        blob = await self.client.get(f"{self.path}/git/blobs/{sha}", _Blob)
        try:
            return base64.b64decode(blob.content) if blob else None
        except binascii.Error:
            raise Unclear("The blob is not in Base64.") from None

    async def make_tree(self, plan: Plan) -> str:
        """Make a tree and return what git calls it."""
        inline, apart = _parted(plan.contents)
        for start in range(0, len(apart), _AT_ONCE):
            sent = [self._make_blob(plan.contents[path]) for path in apart[start : start + _AT_ONCE]]
            for result in await asyncio.gather(*sent, return_exceptions=True):
                if result is not None:
                    raise result
        entries = [
            {"path": path, "mode": entry.mode, "type": entry.type}
            | ({"content": inline[path]} if path in inline else {"sha": entry.sha})
            for path, entry in sorted(plan.entries.items())
        ]
        answer = await self.client.call("POST", f"{self.path}/git/trees", body={"tree": entries}, repeatable=True)
        return answer.read(_Sha).sha

    async def _make_blob(self, content: bytes) -> None:
        body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        await self.client.call("POST", f"{self.path}/git/blobs", body=body, repeatable=True)

    async def commit(self, tree: str, *, message: str, parents: Sequence[str]) -> str:
        """Make a commit, which no branch has yet, and return what git calls it."""
        body = {"message": message, "tree": tree, "parents": list(parents)}
        answer = await self.client.call("POST", f"{self.path}/git/commits", body=body, repeatable=True)
        return answer.read(_Sha).sha

    async def move(self, branch: str, commit: str, *, is_there: bool) -> None:
        """Let a branch lead to a commit behind its own. Raises Moved where it is no longer behind it."""
        try:
            if is_there:
                path = f"{self.path}/git/refs/heads/{quote(branch)}"
                await self.client.call("PATCH", path, body={"sha": commit, "force": False})
            else:
                body = {"ref": f"refs/heads/{branch}", "sha": commit}
                await self.client.call("POST", f"{self.path}/git/refs", body=body, repeatable=True)
        except Refused as refused:
            signs = ("fast forward", "already exists", "does not exist")
            if refused.status in {409, 422} and any(sign in refused.words.lower() for sign in signs):
                raise Moved from None
            raise


async def _login(client: GitHubClient) -> str:
    user = await client.get("/user", User)
    if user is None:
        raise client.not_accepted()
    return user.login


async def _find(client: GitHubClient, name: str) -> RepositoryInfo | None:
    return await client.moved(f"/repos/{name}", RepositoryInfo)


async def _taken(client: GitHubClient, name: str) -> RepositoryInfo:
    """Return a repository that could not be created since it is there: made by a call whose answer was lost."""
    for _ in range(_LOOKS):
        if (info := await _find(client, name)) is not None:
            return info
        await asyncio.sleep(client.patience.first)
    message = f"There is a repository {name}, and this token may not see it: give it access to that repository."
    raise DeployFailed("NAME_TAKEN", message)


def _parted(contents: Mapping[str, bytes]) -> tuple[Mapping[str, str], Sequence[str]]:
    """Part contents into those that come with the tree, as text, and the paths of the others."""
    inline, apart, left = dict[str, str](), list[str](), INLINE
    for path, content in sorted(contents.items()):
        text = _text(content) if len(content) <= left else None
        if text is None:
            apart.append(path)
        else:
            inline[path] = text
            left -= len(content)
    return inline, apart


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
