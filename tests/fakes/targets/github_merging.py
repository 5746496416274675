"""The part of the fake of GitHub that compares commits, merges branches and has pull requests."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.clock import utc_now
from tests.fakes.targets.git_merging import Conflict, merge_base, merged_tree
from tests.fakes.targets.github_parts import Wrong, listed, require_unprotected
from tests.fakes.targets.github_repository import FakeRepository, Pull
from tests.fakes.targets.github_schema import filled
from tests.fakes.targets.github_target import UNREADABLE, GitHubTarget

_Json = dict[str, Any]


class GitHubMerging(GitHubTarget):
    def merging_routes(self, repo: str) -> list[Route]:
        return [
            self.api_route("GET", f"{repo}/compare/{{basehead:path}}", self._compare),
            self.api_route("POST", f"{repo}/merges", self._merge),
            self.api_route("GET", f"{repo}/pulls", self._pulls),
            self.api_route("POST", f"{repo}/pulls", self._pull),
        ]

    async def _compare(self, request: Request) -> Response:
        git = self.ready(request).git
        base, _, head = request.path_params["basehead"].partition("...")
        one, other = git.branches.get(base, base), git.branches.get(head, head)
        if one not in git.commits or other not in git.commits:
            raise Wrong(404, "Not Found")
        common = merge_base(git, one, other)
        if common is None:
            raise Wrong(404, f"No common ancestor between {base} and {head}.")
        ahead, behind = (
            {commit.sha for commit in git.ancestors(to)} - {commit.sha for commit in git.ancestors(from_)}
            for from_, to in ((one, other), (other, one))
        )
        status = ("diverged" if behind else "ahead") if ahead else "behind" if behind else "identical"
        told: _Json = {
            "status": status,
            "base_commit": listed(git.commits[one]),
            "merge_base_commit": listed(git.commits[common]),
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [],
        }
        return JSONResponse(filled("commit-comparison", **told))

    async def _merge(self, request: Request) -> Response:
        repository, body = self.ready(request, is_write=True), await request.json()
        git, into = repository.git, body["base"]
        self.let_rivals_push()
        head = git.branches.get(body["head"], body["head"])
        if into not in git.branches or head not in git.commits:
            raise Wrong(404, "Base does not exist" if into not in git.branches else "Head does not exist")
        require_unprotected(repository, into, status=409)
        ours = git.branches[into]
        if head in {commit.sha for commit in git.ancestors(ours)}:
            return Response(status_code=204)
        if merge_base(git, ours, head) is None:
            raise Wrong(404, f"No common ancestor between {into} and {body['head']}.")
        try:
            tree = merged_tree(git, ours, head)
        except Conflict:
            raise Wrong(409, "Merge conflict") from None
        who = "The Octocat <octocat@example.com>"
        message = body.get("commit_message") or f"Merge {body['head']} into {into}"
        commit = git.add_commit(tree, (ours, head), message, author=who, at=utc_now())
        git.branches[into] = commit.sha
        return JSONResponse(listed(commit), 201)

    async def _pulls(self, request: Request) -> Response:
        repository, asked = self._pullable(request), request.query_params
        head = asked.get("head", "").partition(":")[2]
        there = [each for each in repository.pulls if each.is_open and (each.head, each.base) == (head, asked["base"])]
        return JSONResponse([_shown("pull-request-simple", repository, each) for each in there])

    async def _pull(self, request: Request) -> Response:
        repository, body = self._pullable(request), await request.json()
        git, head, base = repository.git, body["head"], body["base"]
        if any(each.is_open and (each.head, each.base) == (head, base) for each in repository.pulls):
            _refuse("custom", f"A pull request already exists for {self.login}:{head}.")
        if head not in git.branches or base not in git.branches:
            _refuse("invalid", "")
        common = merge_base(git, git.branches[base], git.branches[head])
        if common in {None, git.branches[head]}:
            _refuse("custom", f"No commits between {base} and {head}")
        pull = Pull(len(repository.pulls) + 1, body["title"], body.get("body", ""), head, base)
        repository.pulls.append(pull)
        return JSONResponse(_shown("pull-request", repository, pull), 201)

    def _pullable(self, request: Request) -> FakeRepository:
        repository = self.ready(request)
        if not self.may_pull:
            raise Wrong(403, UNREADABLE, x_accepted_github_permissions="pull_requests=write")
        return repository


def _refuse(code: str, message: str) -> None:
    error = {"resource": "PullRequest", "code": code} | ({"message": message} if message else {"field": "head"})
    raise Wrong(422, "Validation Failed", errors=[error])


def _shown(name: str, repository: FakeRepository, pull: Pull) -> _Json:
    url = f"https://github.com/{repository.full_name}/pull/{pull.number}"
    return filled(name, number=pull.number, state="open", title=pull.title, body=pull.body, html_url=url)
