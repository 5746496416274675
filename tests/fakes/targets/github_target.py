"""What the fake of GitHub stands on: repositories, what a token may do with them, limits, the published description."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.clock import utc_now
from tests.fakes.targets.github_parts import Wrong
from tests.fakes.targets.github_repository import FakeRepository
from tests.fakes.targets.github_schema import CALLED, filled, require_valid_answer, require_valid_request
from tests.fakes.targets.server import Awkward, Endpoint, Fault, Target

_Json = dict[str, Any]
_PARAMETERS: Final = {
    "{name}": "{repo}",
    "/blobs/{sha}": "/blobs/{file_sha}",
    "/trees/{sha}": "/trees/{tree_sha}",
    "heads/{branch:path}": "{ref}",
    "{path:path}": "{path}",
    "{basehead:path}": "{basehead}",
}
"""Ours, as GitHub's description calls them."""
UNREADABLE: Final = "Resource not accessible by personal access token"


@dataclass
class GitHubTarget(Target):
    login: str = "octocat"
    orgs: set[str] = field(default_factory=lambda: {"acme"})
    """Organizations in which the token may create repositories."""
    repositories: dict[str, FakeRepository] = field(default_factory=dict[str, FakeRepository])
    """By full name."""
    renamed: dict[str, str] = field(default_factory=dict[str, str])
    """Earlier full names of repositories."""
    scopes: str | None = "repo"
    """Of a classic token; None for a fine-grained one."""
    may_write: bool = True
    may_pull: bool = True
    """Whether it may open pull requests."""
    sso: str | None = None
    """The page at which an organization wants the token to be authorized."""
    rivals: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    """What others do just before a branch is moved, once each."""
    garbled: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What it answers with status 200 to calls that match, such as `GET /repos/.*`."""
    late_lists: int = 0
    """How often a list of commits does not know the newest yet."""
    is_secondary: bool = False
    """Whether limits are told by status 403, without a header."""

    def add(self, full_name: str, **more: Any) -> FakeRepository:
        """Let there be a repository."""
        repository = FakeRepository(1000 + len(self.repositories), full_name, **more)
        self.repositories[full_name] = repository
        return repository

    def rename(self, full_name: str, to: str) -> None:
        """Call a repository otherwise; the earlier name leads to it."""
        repository = self.repositories.pop(full_name)
        repository.full_name = to
        self.repositories[to] = repository
        self.renamed[full_name] = to

    def limit(self, call: str) -> None:
        """Let the next call that matches be refused, since there were too many."""
        self.awkward.append(Awkward(Fault.LIMITED, call))

    def files(self, full_name: str, commit: str) -> Mapping[str, bytes]:
        """Return the files of a commit, as a clone has them. Raises KeyError where there is none."""
        return self.repositories[full_name].git.files(commit)

    def knows(self, request: Request) -> bool:
        """Say whether a call has the token, in either of the forms that GitHub takes."""
        return request.headers.get("authorization") in {f"Bearer {self.token}", f"token {self.token}"}

    def limited(self, request: Request) -> Response:  # noqa: ARG002 - the base's
        if self.is_secondary:
            return self.error(403, "", "You have exceeded a secondary rate limit.")
        answer = self.error(403, "", "API rate limit exceeded for user ID 1.")
        now = int(utc_now().timestamp())
        answer.headers.update({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(now + 1)})
        return answer

    def error(self, status: int, code: str, message: str, **more: Any) -> Response:
        del code
        body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status), **more}
        return JSONResponse(body, status)

    def refused(self, request: Request) -> Response:  # noqa: ARG002 - the base's
        return self.error(401, "", "Bad credentials")

    def api_route(self, method: str, path: str, endpoint: Endpoint) -> Route:
        """Make a route of which every request and every answer is as GitHub describes it."""
        operation = f"{method} {path}"
        for ours, theirs in _PARAMETERS.items():
            operation = operation.replace(ours, theirs)

        async def answered(request: Request) -> Response:
            self._require_headers(request)
            if operation in CALLED and method != "GET":
                require_valid_request(operation, await request.json())
            try:
                return await endpoint(request)
            except Wrong as wrong:
                return JSONResponse(wrong.body, wrong.status, wrong.headers)

        async def checked(request: Request) -> Response:
            name = await self.name_of(request)
            if garbled := [body for call, body in self.garbled.items() if re.fullmatch(call, name)]:
                return Response(garbled[0], media_type="application/json")
            answer = await answered(request)
            if operation in CALLED and answer.body:
                require_valid_answer(operation, answer.status_code, json.loads(bytes(answer.body)))
            return answer

        return self.route(method, path, checked)

    def _require_headers(self, request: Request) -> None:
        """GitHub refuses calls without a user agent, and wants to be asked for a version."""
        assert request.headers["user-agent"]
        assert "json" in request.headers["accept"]

    def let_rivals_push(self) -> None:
        if self.rivals:
            self.rivals.pop(0)()

    def named(self, request: Request) -> FakeRepository:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        if name not in self.repositories and name in self.renamed:
            repository = self.repositories[self.renamed[name]]
            rest = request.url.path.removeprefix(f"/repos/{name}")
            url = f"{self.url}/repositories/{repository.id}{rest}"
            raise Wrong(301 if request.method == "GET" else 307, "Moved Permanently", location=url)
        same = (each for each in self.repositories.values() if each.full_name.lower() == name.lower())
        return self.seen(next(same, None))

    def seen(self, repository: FakeRepository | None) -> FakeRepository:
        if self.sso is not None:
            words = "Resource protected by organization SAML enforcement."
            raise Wrong(403, words, x_github_sso=f"required; url={self.sso}")
        if repository is None or repository.is_hidden:
            raise Wrong(404, "Not Found")
        return repository

    def writable(self, request: Request) -> FakeRepository:
        repository = self.named(request)
        if repository.is_archived:
            raise Wrong(403, "Repository was archived so is read-only.")
        if not self.may_write:
            raise Wrong(403, UNREADABLE, x_accepted_github_permissions="contents=write")
        return repository

    def ready(self, request: Request, *, is_write: bool = False) -> FakeRepository:
        repository = self.writable(request) if is_write else self.named(request)
        self.require_ready(repository)
        if not repository.git.branches:
            raise Wrong(409, "Git Repository is empty.")
        return repository

    def require_ready(self, repository: FakeRepository) -> None:
        if repository.unready:
            repository.unready -= 1
            raise Wrong(409, "Git Repository is unavailable.")

    def shown(self, repository: FakeRepository) -> _Json:
        owner, _, name = repository.full_name.partition("/")
        return filled(
            "full-repository",
            id=repository.id,
            name=name,
            full_name=repository.full_name,
            private=repository.is_private,
            owner=filled("simple-user", login=owner),
            html_url=f"https://github.com/{repository.full_name}",
            clone_url=f"https://github.com/{repository.full_name}.git",
            description=repository.description,
            default_branch=repository.default_branch,
            archived=repository.is_archived,
            permissions={"admin": True, "push": True, "pull": True},  # of the user, whatever the token may
        )
