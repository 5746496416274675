"""A fake of GitHub's REST API, as far as pushes go, over objects that git itself can read.

Awkward as GitHub is: a new repository is not ready at once, one without commits takes no trees, limits have status 403
or 429, what a token may not see is not there, and somebody else pushes just before you.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.clock import utc_now
from tests.fakes.targets.git_objects import TYPES, GitObjects
from tests.fakes.targets.github_parts import (
    Wrong,
    decoded,
    listed,
    parents_of,
    reference,
    require_no_secret,
    require_unprotected,
)
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
}
"""Ours, as GitHub's description calls them."""
_ALREADY: Final = "name already exists on this account"
_UNREADABLE: Final = "Resource not accessible by personal access token"


@dataclass
class FakeGitHub(Target):
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

    def routes(self) -> list[Route]:
        repo = "/repos/{owner}/{name}"
        return [
            self._route("GET", "/user", self._user),
            self._route("POST", "/user/repos", self._create),
            self._route("POST", "/orgs/{org}/repos", self._create),
            self._route("GET", "/repositories/{id:int}", self._by_id),
            self._route("GET", repo, self._repository),
            self._route("GET", f"{repo}/git/ref/heads/{{branch:path}}", self._reference),
            self._route("GET", f"{repo}/commits", self._commits),
            self._route("GET", f"{repo}/git/trees/{{sha}}", self._tree),
            self._route("GET", f"{repo}/git/blobs/{{sha}}", self._blob),
            self._route("PUT", f"{repo}/contents/{{path:path}}", self._put),
            self._route("POST", f"{repo}/git/blobs", self._make_blob),
            self._route("POST", f"{repo}/git/trees", self._make_tree),
            self._route("POST", f"{repo}/git/commits", self._make_commit),
            self._route("POST", f"{repo}/git/refs", self._make_reference),
            self._route("PATCH", f"{repo}/git/refs/heads/{{branch:path}}", self._move),
        ]

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

    def _route(self, method: str, path: str, endpoint: Endpoint) -> Route:
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
            if operation in CALLED:
                require_valid_answer(operation, answer.status_code, json.loads(bytes(answer.body)))
            return answer

        return self.route(method, path, checked)

    def _require_headers(self, request: Request) -> None:
        """GitHub refuses calls without a user agent, and wants to be asked for a version."""
        assert request.headers["user-agent"]
        assert "json" in request.headers["accept"]

    async def _user(self, _: Request) -> Response:
        headers = {} if self.scopes is None else {"x-oauth-scopes": self.scopes}
        return JSONResponse(filled("private-user", login=self.login), headers=headers)

    async def _create(self, request: Request) -> Response:
        body: _Json = await request.json()
        org = request.path_params.get("org")
        if org is not None and org not in self.orgs:
            raise Wrong(404, "Not Found")
        if self.scopes is not None and "repo" not in self.scopes:  # a classic token that may not
            raise Wrong(404, "Not Found")
        if not self.may_write:
            raise Wrong(403, _UNREADABLE, x_accepted_github_permissions="administration=write")
        full_name = f"{org or self.login}/{body['name']}"
        if full_name in self.repositories:
            error = {"resource": "Repository", "code": "custom", "field": "name", "message": _ALREADY}
            raise Wrong(422, "Repository creation failed.", errors=[error])
        repository = self.add(full_name, unready=1)
        repository.description, repository.is_private = body.get("description"), bool(body.get("private"))
        self.renamed.pop(full_name, None)
        return JSONResponse(self._shown(repository), 201)

    async def _by_id(self, request: Request) -> Response:
        shown = [each for each in self.repositories.values() if each.id == request.path_params["id"]]
        return JSONResponse(self._shown(self._seen(shown[0] if shown else None)))

    async def _repository(self, request: Request) -> Response:
        return JSONResponse(self._shown(self._named(request)))

    async def _reference(self, request: Request) -> Response:
        git = self._ready(request).git
        branch = request.path_params["branch"]
        if branch not in git.branches:
            raise Wrong(404, "Not Found")
        return JSONResponse(reference(branch, git.branches[branch]))

    async def _commits(self, request: Request) -> Response:
        git = self._ready(request).git
        asked = request.query_params["sha"]
        sha = git.branches.get(asked, asked)
        if sha not in git.commits or self.late_lists:
            self.late_lists = max(0, self.late_lists - 1)
            raise Wrong(404, "Not Found")
        number = int(request.query_params.get("per_page", "30"))
        return JSONResponse([listed(commit) for commit in git.ancestors(sha)[:number]])

    async def _tree(self, request: Request) -> Response:
        git = self._ready(request).git
        sha = request.path_params["sha"]
        if not git.has(sha, "tree"):
            raise Wrong(404, "Not Found")
        return JSONResponse(self._tree_of(git, sha, is_deep="recursive" in request.query_params))

    def _tree_of(self, git: GitObjects, sha: str, *, is_deep: bool) -> _Json:
        entries = [
            {"path": path, "mode": mode, "type": TYPES[mode], "sha": inner}
            for path, (mode, inner) in git.walk(sha)
            if is_deep or "/" not in path
        ]
        return {"sha": sha, "tree": entries, "truncated": False}

    async def _blob(self, request: Request) -> Response:
        git = self._ready(request).git
        sha = request.path_params["sha"]
        if not git.has(sha, "blob"):
            raise Wrong(404, "Not Found")
        content = git.objects[sha][1]
        text = base64.encodebytes(content).decode()  # in lines of 76, as GitHub's have 60
        return JSONResponse(filled("blob", sha=sha, size=len(content), encoding="base64", content=text))

    async def _put(self, request: Request) -> Response:
        repository, body = self._writable(request), await request.json()
        self._require_ready(repository)
        path, branch = request.path_params["path"], body.get("branch", repository.default_branch)
        require_unprotected(repository, branch, status=409)
        if repository.git.branches and branch not in repository.git.branches:
            raise Wrong(404, f"Branch {branch} not found")
        if branch in repository.git.branches and path in repository.files(branch) and "sha" not in body:
            raise Wrong(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
        commit = repository.push(branch, {path: decoded(body["content"])}, body["message"])
        return JSONResponse({"content": {"path": path}, "commit": {"sha": commit.sha}}, 201)

    async def _make_blob(self, request: Request) -> Response:
        git, body = self._ready(request, is_write=True).git, await request.json()
        content = decoded(body["content"]) if body.get("encoding") == "base64" else body["content"].encode()
        require_no_secret(content)
        return JSONResponse({"sha": git.add("blob", content), "url": self.url}, 201)

    async def _make_tree(self, request: Request) -> Response:
        git, body = self._ready(request, is_write=True).git, await request.json()
        entries = git.tree(body["base_tree"]) if "base_tree" in body else {}
        for entry in body["tree"]:
            self._enter(git, entries, entry)
        try:
            sha = git.add_tree(entries)
        except ValueError as error:
            raise Wrong(422, f"GitRPC::BadObjectState: {error}") from None
        return JSONResponse(self._tree_of(git, sha, is_deep=False), 201)

    def _enter(self, git: GitObjects, entries: dict[str, tuple[str, str]], entry: _Json) -> None:
        path, mode = entry["path"], entry["mode"]
        if any(part.lower() in {"", ".", "..", ".git"} for part in path.split("/")):
            raise Wrong(422, "tree.path contains a malformed path component")
        if ("sha" in entry) == ("content" in entry):
            raise Wrong(422, "Must supply either tree.sha or tree.content")
        if path.startswith(".github/workflows/") and self.scopes is not None and "workflow" not in self.scopes:
            raise Wrong(404, "Not Found")
        if "sha" in entry and entry["sha"] is None:
            entries.pop(path, None)
            return
        if "content" in entry:
            require_no_secret(entry["content"].encode())
        sha = entry["sha"] if "sha" in entry else git.add("blob", entry["content"].encode())
        if TYPES.get(mode) != entry["type"] or (entry["type"] != "commit" and not git.has(sha, entry["type"])):
            raise Wrong(422, f"tree.sha {sha} is not a valid {entry['type']}")
        entries[path] = mode, sha

    async def _make_commit(self, request: Request) -> Response:
        git, body = self._ready(request, is_write=True).git, await request.json()
        parents = tuple(body.get("parents", ()))
        if not git.has(body["tree"], "tree") or not all(git.has(parent, "commit") for parent in parents):
            raise Wrong(422, "Tree SHA or parent SHA does not exist")
        who = "The Octocat <octocat@example.com>"
        commit = git.add_commit(body["tree"], parents, body["message"], author=who, at=utc_now())
        shown = filled("git-commit", sha=commit.sha, message=commit.message, tree={"sha": commit.tree, "url": self.url})
        return JSONResponse({**shown, "parents": parents_of(commit)}, 201)

    async def _make_reference(self, request: Request) -> Response:
        repository, body = self._ready(request, is_write=True), await request.json()
        branch, git = body["ref"].removeprefix("refs/heads/"), repository.git
        if not re.fullmatch(r"refs/heads/[^\s~^:?*\[\\]+", body["ref"]) or not git.has(body["sha"], "commit"):
            raise Wrong(422, "Reference name or object is not valid")
        self._let_rivals_push()
        if branch in git.branches:
            raise Wrong(422, "Reference already exists")
        require_unprotected(repository, branch)
        git.branches[branch] = body["sha"]
        return JSONResponse(reference(branch, body["sha"]), 201)

    async def _move(self, request: Request) -> Response:
        repository, body = self._ready(request, is_write=True), await request.json()
        branch, git = request.path_params["branch"], repository.git
        assert not body.get("force"), "never with force"
        self._let_rivals_push()
        if branch not in git.branches:
            raise Wrong(422, "Reference does not exist")
        if git.branches[branch] not in {commit.sha for commit in git.ancestors(body["sha"])}:
            raise Wrong(422, "Update is not a fast forward")
        require_unprotected(repository, branch)
        git.branches[branch] = body["sha"]
        return JSONResponse(reference(branch, body["sha"]))

    def _let_rivals_push(self) -> None:
        if self.rivals:
            self.rivals.pop(0)()

    def _named(self, request: Request) -> FakeRepository:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        if name not in self.repositories and name in self.renamed:
            repository = self.repositories[self.renamed[name]]
            rest = request.url.path.removeprefix(f"/repos/{name}")
            url = f"{self.url}/repositories/{repository.id}{rest}"
            raise Wrong(301 if request.method == "GET" else 307, "Moved Permanently", location=url)
        same = (each for each in self.repositories.values() if each.full_name.lower() == name.lower())
        return self._seen(next(same, None))

    def _seen(self, repository: FakeRepository | None) -> FakeRepository:
        if self.sso is not None:
            words = "Resource protected by organization SAML enforcement."
            raise Wrong(403, words, x_github_sso=f"required; url={self.sso}")
        if repository is None or repository.is_hidden:
            raise Wrong(404, "Not Found")
        return repository

    def _writable(self, request: Request) -> FakeRepository:
        repository = self._named(request)
        if repository.is_archived:
            raise Wrong(403, "Repository was archived so is read-only.")
        if not self.may_write:
            raise Wrong(403, _UNREADABLE, x_accepted_github_permissions="contents=write")
        return repository

    def _ready(self, request: Request, *, is_write: bool = False) -> FakeRepository:
        repository = self._writable(request) if is_write else self._named(request)
        self._require_ready(repository)
        if not repository.git.branches:
            raise Wrong(409, "Git Repository is empty.")
        return repository

    def _require_ready(self, repository: FakeRepository) -> None:
        if repository.unready:
            repository.unready -= 1
            raise Wrong(409, "Git Repository is unavailable.")

    def _shown(self, repository: FakeRepository) -> _Json:
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
