"""A fake of GitHub's REST API, as far as pushes go, over objects that git itself can read.

Awkward as GitHub is: a new repository is not ready at once, one without commits takes no trees, limits have status 403
or 429, what a token may not see is not there, and somebody else pushes just before you.
"""

import base64
import re
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.clock import utc_now
from tests.fakes.targets.git_objects import TYPES, GitObjects
from tests.fakes.targets.github_merging import GitHubMerging
from tests.fakes.targets.github_parts import (
    Wrong,
    decoded,
    listed,
    parents_of,
    reference,
    require_no_secret,
    require_unprotected,
)
from tests.fakes.targets.github_schema import filled
from tests.fakes.targets.github_target import UNREADABLE

_Json = dict[str, Any]
_ALREADY: Final = "name already exists on this account"


@dataclass
class FakeGitHub(GitHubMerging):
    def routes(self) -> list[Route]:
        repo = "/repos/{owner}/{name}"
        return [
            self.api_route("GET", "/user", self._user),
            self.api_route("POST", "/user/repos", self._create),
            self.api_route("POST", "/orgs/{org}/repos", self._create),
            self.api_route("GET", "/repositories/{id:int}", self._by_id),
            self.api_route("GET", repo, self._repository),
            self.api_route("GET", f"{repo}/git/ref/heads/{{branch:path}}", self._reference),
            self.api_route("GET", f"{repo}/commits", self._commits),
            self.api_route("GET", f"{repo}/git/trees/{{sha}}", self._tree),
            self.api_route("GET", f"{repo}/git/blobs/{{sha}}", self._blob),
            self.api_route("PUT", f"{repo}/contents/{{path:path}}", self._put),
            self.api_route("POST", f"{repo}/git/blobs", self._make_blob),
            self.api_route("POST", f"{repo}/git/trees", self._make_tree),
            self.api_route("POST", f"{repo}/git/commits", self._make_commit),
            self.api_route("POST", f"{repo}/git/refs", self._make_reference),
            self.api_route("PATCH", f"{repo}/git/refs/heads/{{branch:path}}", self._move),
            *self.merging_routes(repo),
        ]

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
            raise Wrong(403, UNREADABLE, x_accepted_github_permissions="administration=write")
        full_name = f"{org or self.login}/{body['name']}"
        if full_name in self.repositories:
            error = {"resource": "Repository", "code": "custom", "field": "name", "message": _ALREADY}
            raise Wrong(422, "Repository creation failed.", errors=[error])
        repository = self.add(full_name, unready=1)
        repository.description, repository.is_private = body.get("description"), bool(body.get("private"))
        self.renamed.pop(full_name, None)
        return JSONResponse(self.shown(repository), 201)

    async def _by_id(self, request: Request) -> Response:
        shown = [each for each in self.repositories.values() if each.id == request.path_params["id"]]
        return JSONResponse(self.shown(self.seen(shown[0] if shown else None)))

    async def _repository(self, request: Request) -> Response:
        return JSONResponse(self.shown(self.named(request)))

    async def _reference(self, request: Request) -> Response:
        git = self.ready(request).git
        branch = request.path_params["branch"]
        if branch not in git.branches:
            raise Wrong(404, "Not Found")
        return JSONResponse(reference(branch, git.branches[branch]))

    async def _commits(self, request: Request) -> Response:
        git = self.ready(request).git
        asked = request.query_params["sha"]
        sha = git.branches.get(asked, asked)
        if sha not in git.commits or self.late_lists:
            self.late_lists = max(0, self.late_lists - 1)
            raise Wrong(404, "Not Found")
        number = int(request.query_params.get("per_page", "30"))
        return JSONResponse([listed(commit) for commit in git.ancestors(sha)[:number]])

    async def _tree(self, request: Request) -> Response:
        git = self.ready(request).git
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
        git = self.ready(request).git
        sha = request.path_params["sha"]
        if not git.has(sha, "blob"):
            raise Wrong(404, "Not Found")
        content = git.objects[sha][1]
        text = base64.encodebytes(content).decode()  # in lines of 76, as GitHub's have 60
        return JSONResponse(filled("blob", sha=sha, size=len(content), encoding="base64", content=text))

    async def _put(self, request: Request) -> Response:
        repository, body = self.writable(request), await request.json()
        self.require_ready(repository)
        path, branch = request.path_params["path"], body.get("branch", repository.default_branch)
        require_unprotected(repository, branch, status=409)
        if repository.git.branches and branch not in repository.git.branches:
            raise Wrong(404, f"Branch {branch} not found")
        if branch in repository.git.branches and path in repository.files(branch) and "sha" not in body:
            raise Wrong(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
        commit = repository.push(branch, {path: decoded(body["content"])}, body["message"])
        return JSONResponse({"content": {"path": path}, "commit": {"sha": commit.sha}}, 201)

    async def _make_blob(self, request: Request) -> Response:
        git, body = self.ready(request, is_write=True).git, await request.json()
        content = decoded(body["content"]) if body.get("encoding") == "base64" else body["content"].encode()
        require_no_secret(content)
        return JSONResponse({"sha": git.add("blob", content), "url": self.url}, 201)

    async def _make_tree(self, request: Request) -> Response:
        git, body = self.ready(request, is_write=True).git, await request.json()
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
        git, body = self.ready(request, is_write=True).git, await request.json()
        parents = tuple(body.get("parents", ()))
        if not git.has(body["tree"], "tree") or not all(git.has(parent, "commit") for parent in parents):
            raise Wrong(422, "Tree SHA or parent SHA does not exist")
        who = "The Octocat <octocat@example.com>"
        commit = git.add_commit(body["tree"], parents, body["message"], author=who, at=utc_now())
        shown = filled("git-commit", sha=commit.sha, message=commit.message, tree={"sha": commit.tree, "url": self.url})
        return JSONResponse({**shown, "parents": parents_of(commit)}, 201)

    async def _make_reference(self, request: Request) -> Response:
        repository, body = self.ready(request, is_write=True), await request.json()
        branch, git = body["ref"].removeprefix("refs/heads/"), repository.git
        if not re.fullmatch(r"refs/heads/[^\s~^:?*\[\\]+", body["ref"]) or not git.has(body["sha"], "commit"):
            raise Wrong(422, "Reference name or object is not valid")
        self.let_rivals_push()
        if branch in git.branches:
            raise Wrong(422, "Reference already exists")
        require_unprotected(repository, branch)
        git.branches[branch] = body["sha"]
        return JSONResponse(reference(branch, body["sha"]), 201)

    async def _move(self, request: Request) -> Response:
        repository, body = self.ready(request, is_write=True), await request.json()
        branch, git = request.path_params["branch"], repository.git
        assert not body.get("force"), "never with force"
        self.let_rivals_push()
        if branch not in git.branches:
            raise Wrong(422, "Reference does not exist")
        if git.branches[branch] not in {commit.sha for commit in git.ancestors(body["sha"])}:
            raise Wrong(422, "Update is not a fast forward")
        require_unprotected(repository, branch)
        git.branches[branch] = body["sha"]
        return JSONResponse(reference(branch, body["sha"]))
