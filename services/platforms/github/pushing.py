"""Pushing: files become a commit of a repository, once, whatever crashes. Never with force.

`deliver` is for people, who change what they get: it merges. `push` is for a deployment, which is to be exactly what
was generated: what people have put beside our files stays, but a file that a push wrote is replaced by the next that
has it, and deleted by the next that does not have it, unless somebody has changed it meanwhile.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import PurePosixPath
from typing import Final

from services.core.credentials import Credentials, Token, secrets_of
from services.core.frozen import frozen
from services.platforms.github.api import HEADERS, URL, GitHubClient, failure
from services.platforms.github.delivering import Delivered, Delivery, insisted
from services.platforms.github.generated import Order
from services.platforms.github.names import branch_fault, repository_fault
from services.platforms.github.repository import MARK, Head, Repository, User
from services.platforms.github.tree import MANIFEST, Plan, listed, planned
from services.platforms.port import DeployFailed, Identity
from services.platforms.vendors.patience import Patience, Pauses
from services.platforms.vendors.wording import worded

_EXAMPLES: Final = frozenset({"example", "sample", "template", "dist", "defaults"})


@frozen(kw_only=True)
class Push:
    """What to push, and where to."""

    repository: str
    """`owner/name`; or `name` alone, of the token's own user. Created, private, where there is none."""
    branch: str | None = None
    """Begun at the default branch where there is none. None for the default branch itself."""
    files: Mapping[str, bytes] = field(repr=False)
    message: str
    mark: str
    """Found again in the branch by a later attempt: what one push is made for, such as a deployment's id."""
    description: str = ""
    """Of a new repository."""
    generation: str = ""
    """Which one wrote the files; named in the commit that `deliver` makes."""
    is_always: bool = False
    """Whether a commit is made although nothing has changed."""


@frozen(kw_only=True)
class Pushed:
    repository: str
    """`owner/name`, as it is called now."""
    url: str
    """Its page."""
    clone_url: str
    branch: str
    commit: str
    """Where nothing had changed, the one that has these files already."""
    is_new: bool
    """Whether a commit was made, by this attempt or an earlier one."""
    has_created: bool
    """Whether this attempt created the repository."""

    @property
    def commit_url(self) -> str:
        """Its page."""
        return f"{self.url}/commit/{self.commit}"


@frozen(kw_only=True)
class GitHub:
    pauses: Pauses
    base_url: str = URL
    patience: Patience = field(default_factory=Patience)

    async def check(self, credentials: Credentials) -> Identity:
        """Return whose token it is, and what it may do, as far as GitHub says. Raises DeployFailed."""
        with self._worded(credentials):
            async with self._connect(credentials) as client:
                answer = await client.call("GET", "/user")
                scopes = answer.headers.get("x-oauth-scopes")  # fine-grained tokens have none
                login = answer.read(User).login
                return Identity(login if scopes is None else f"{login} (scopes: {scopes or 'none'})")

    async def push(self, push: Push, credentials: Credentials | None) -> Pushed:
        """Push, unless the mark says that it was done. Raises DeployFailed."""
        _check(push)
        with self._worded(credentials):
            async with self._connect(credentials) as client:
                repository, has_created = await Repository.ensure(client, push.repository, description=push.description)
                branch = push.branch or repository.info.default_branch
                commit, is_new = await insisted(lambda: self._committed(repository, branch, push), repository, branch)
                return _pushed(repository, branch, commit, is_new=is_new, has_created=has_created)

    async def deliver(self, push: Push, credentials: Credentials | None) -> tuple[Pushed, Delivered]:
        """Commit to the branch `generated` and merge that, unless the mark says that it was done. Raises DeployFailed.

        Where that can't be merged, the branch stays as it is, and a pull request asks for it.
        """
        _check(push)
        with self._worded(credentials):
            async with self._connect(credentials) as client:
                repository, has_created = await Repository.ensure(client, push.repository, description=push.description)
                branch = push.branch or repository.info.default_branch
                order = Order(files=fit(push.files), title=push.message, generation=push.generation, mark=push.mark)
                delivered = await Delivery(repository=repository, branch=branch, order=order).deliver()
                return _pushed(
                    repository, branch, delivered.commit, is_new=delivered.is_new, has_created=has_created
                ), delivered

    async def _committed(self, repository: Repository, branch: str, push: Push) -> tuple[str, bool]:
        """Return the commit that has the files, and whether it is one of this push. Raises Moved."""
        head = await repository.head(branch)
        earlier = next((commit.sha for commit in head.commits if commit.is_for(push.mark)), None)
        if earlier is not None and head.is_there:
            return earlier, True
        plan = await self._plan(repository, head, push)
        if not plan.has_changes and head.is_there and not push.is_always:
            return head.commits[0].sha, False
        tree = await repository.make_tree(plan)
        message = f"{push.message.strip()}\n\n{MARK}: {push.mark}\n"
        parents = [commit.sha for commit in head.commits[:1]]
        commit = await repository.commit(tree, message=message, parents=parents)
        await repository.move(branch, commit, is_there=head.is_there)
        return commit, True

    async def _plan(self, repository: Repository, head: Head, push: Push) -> Plan:
        entries = await repository.entries(head.commits[0].commit.tree.sha) if head.commits else ()
        known = next((entry.sha for entry in entries if entry.path == MANIFEST and entry.type == "blob"), None)
        earlier = listed(await repository.text(known) if known else "")
        return await asyncio.to_thread(planned, entries, fit(push.files), earlier)  # it hashes all of them

    def _connect(self, credentials: Credentials | None) -> GitHubClient:
        if not isinstance(credentials, Token):
            raise DeployFailed("NO_CREDENTIALS", "There is no enabled GITHUB integration for this project: create one.")
        return GitHubClient(
            name="GitHub",
            base_url=self.base_url.rstrip("/"),
            token=credentials.token,
            pauses=self.pauses,
            patience=self.patience,
            headers=HEADERS,
        )

    def _worded(self, credentials: Credentials | None) -> AbstractContextManager[None]:
        secrets = tuple(secrets_of(credentials)) if credentials else ()
        return worded("GitHub", failure, secrets=secrets, again_after=self.patience.longest)


def _pushed(repository: Repository, branch: str, commit: str, *, is_new: bool, has_created: bool) -> Pushed:
    return Pushed(
        repository=repository.info.full_name,
        url=repository.info.html_url,
        clone_url=repository.info.clone_url,
        branch=branch,
        commit=commit,
        is_new=is_new,
        has_created=has_created,
    )


def fit(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return the files that may be pushed: all but those that programs read secrets from, such as `.env.local`."""
    return {path: content for path, content in files.items() if path != MANIFEST and not _has_secrets(path)}


def _has_secrets(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return (name == ".env" or name.startswith(".env.")) and name.rpartition(".")[2] not in _EXAMPLES


def _check(push: Push) -> None:
    for field_name, fault in (
        ("repository", repository_fault(push.repository)),
        ("branch", push.branch and branch_fault(push.branch)),
        ("mark", None if push.mark and push.mark.isprintable() else "must be one line."),
        ("message", None if push.message.strip() else "must not be empty."),
        ("files", None if fit(push.files) else "must not be empty."),
    ):
        if fault:
            raise DeployFailed("REFUSED", f"{field_name} {fault}")
