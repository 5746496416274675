"""GitHub's own client, octokit, against our fake: it reads what we pushed, pushes itself, and meets the limits."""

import asyncio
import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fakes.targets.github import FakeGitHub
from tests.services.platforms.deliveries import CODE, delivered, repository
from tests.services.platforms.pushes import FILES, NAME, own, pushed
from tests.vendors.client import NPM, version
from tests.vendors.proof import Proof


def proofs(home: Path) -> Iterator[Proof]:
    """Push by our client, let GitHub's read it and push on top, and push again."""
    by = version("octokit")
    with FakeGitHub() as fake:
        asyncio.run(pushed(fake))
        fake.add("octocat/earlier")
        fake.rename("octocat/earlier", "octocat/later")
        told = _octokit(fake, *NAME.split("/"))
        yield from _read(told, by, fake)
        yield from _written(told, by)
        yield from _merged(told, by)
        asyncio.run(pushed(fake, {"README.md": b"# Again\n"}, mark="push_2"))
        theirs = {"docs/theirs.md": b"by octokit", "docs/inline.md": b"inline", "merged.md": b"one\n"}
        assert own(fake.repositories[NAME]) == {"README.md": b"# Again\n", **theirs}
        yield Proof(
            by, "What it committed on top of a push stays in the next push, which deletes files of pushes alone."
        )
        yield from _limited(fake, by)
        yield from _git(fake, home)
        yield from _delivered(by)


def _octokit(fake: FakeGitHub, *repository: str) -> dict[str, Any]:
    """Run the client and return what it told."""
    environment = {"PATH": os.environ["PATH"]}  # noqa: TID251 - where Node is
    command = ["node", NPM / "octokit.mjs", fake.url, fake.token, *repository]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _read(told: dict[str, Any], by: str, fake: FakeGitHub) -> Iterator[Proof]:
    assert (told["login"], told["limits"]) == (fake.login, [])
    assert told["repository"] == {"name": NAME, "isPrivate": True, "branch": "main"}
    yield Proof(by, "`users.getAuthenticated` and `repos.get` read whose token it is, and the repository of a push.")
    assert told["messages"] == ["Add the backend\n\nSnapinfra-Id: push_1\n", "Begin the repository"]
    files = {path: base64.b64decode(content) for path, content in told["files"].items()}
    assert {path: files[path] for path in FILES} == FILES
    yield Proof(by, "`git.getRef`, `repos.listCommits`, `git.getTree` and `git.getBlob` read its commit and its files.")


def _written(told: dict[str, Any], by: str) -> Iterator[Proof]:
    assert told["moved"] is True
    yield Proof(
        by, "`git.createBlob`, `createTree` on a base, `createCommit` and `updateRef` make a commit on top of it."
    )
    assert (told["stale"]["status"], told["twice"]["status"]) == (422, 422)
    assert "Update is not a fast forward" in told["stale"]["message"]
    assert "Reference already exists" in told["twice"]["message"]
    yield Proof(by, "`updateRef` to what is no fast forward, and `createRef` of a branch that is there, are refused.")
    assert told["empty"]["status"] == 409
    assert "Git Repository is empty" in told["empty"]["message"]
    assert told["begun"] == "refs/heads/main"
    yield Proof(
        by, "A repository from `createForAuthenticatedUser` takes no blobs before `createOrUpdateFileContents`."
    )
    assert (told["taken"]["status"], told["missing"]["status"]) == (422, 404)
    assert "name already exists on this account" in told["taken"]["message"]
    assert told["renamed"] == "octocat/later"
    yield Proof(by, "It reads that a name is taken, and follows the redirect of a repository that was renamed.")


def _merged(told: dict[str, Any], by: str) -> Iterator[Proof]:
    assert told["compared"] == {"status": "diverged", "isBase": True}
    assert told["merge"] == {"status": 201, "message": "Merge by octokit", "parents": 2}
    assert told["mergedAgain"] == 204
    assert (told["conflict"]["status"], "Merge conflict" in told["conflict"]["message"]) == (409, True)
    yield Proof(
        by, "`repos.compareCommitsWithBasehead` and `repos.merge` compare and merge branches; a conflict is a 409."
    )
    assert told["pull"] == {"number": 1, "url": f"https://github.com/{NAME}/pull/1"}
    assert told["pullTwice"]["status"] == 422
    assert "A pull request already exists" in told["pullTwice"]["message"]
    assert told["open"] == [1]
    yield Proof(by, "`pulls.create` opens one pull request of a branch, which `pulls.list` finds.")


def _delivered(by: str) -> Iterator[Proof]:
    """Let it read what our client delivered and merged."""
    with FakeGitHub() as fake:
        asyncio.run(delivered(fake))
        repository(fake).push("main", {"README.md": b"# Mine\n"})
        asyncio.run(delivered(fake, {**CODE, "src/old.ts": b"2\n"}, number=2))
        fake.add("octocat/earlier")
        fake.rename("octocat/earlier", "octocat/later")
        told = _octokit(fake, *NAME.split("/"))
    files = {path: base64.b64decode(content) for path, content in told["files"].items()}
    assert files == {**CODE, "README.md": b"# Mine\n", "src/old.ts": b"2\n"}
    assert told["messages"][0] == "Merge branch 'generated'\n\nGeneration 2\n\nSnapinfra-Id: push_2\n"
    yield Proof(by, "It reads the merge of what was generated with what somebody had changed.")


def _limited(fake: FakeGitHub, by: str) -> Iterator[Proof]:
    fake.limit("GET /user")
    first = _octokit(fake)
    assert [limit["kind"] for limit in first["limits"]] == ["primary"]
    assert first["login"] == fake.login
    yield Proof(
        by, "Its throttling knows a 403 with `x-ratelimit-remaining: 0` for a limit, and waits until the reset."
    )
    fake.is_secondary = True
    fake.limit("GET /user")
    second = _octokit(fake)
    assert [(limit["kind"], limit["seconds"]) for limit in second["limits"]] == [("secondary", 60)]
    yield Proof(by, "Its throttling knows a 403 about a secondary limit, and would wait for a minute, as we do.")


def _git(fake: FakeGitHub, home: Path) -> Iterator[Proof]:
    """Let git check all objects, and read the branch."""
    bare = home / "bare.git"
    fake.repositories[NAME].git.write(bare)

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(bare), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    git("fsck", "--strict", "--full")
    marks = git("log", "--format=%(trailers:key=Snapinfra-Id,valueonly)", "main").split()
    assert marks == ["push_2", "push_1"]
    described = git("--version").strip()
    yield Proof(described, "`fsck --strict` finds nothing wrong with the objects; `log` reads the marks as trailers.")
