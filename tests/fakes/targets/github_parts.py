"""What the fake of GitHub refuses, and how it shows what it has."""

import base64
import binascii
from typing import Any, Final

from tests.fakes.targets.git_objects import Commit
from tests.fakes.targets.github_repository import FakeRepository
from tests.fakes.targets.github_schema import filled

_Json = dict[str, Any]
_RULES: Final = "Repository rule violations found"


class Wrong(Exception):
    """A refusal."""

    def __init__(self, status: int, message: str, *, errors: list[Any] | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: _Json = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        self.body |= {"status": str(status)} | ({"errors": errors} if errors else {})
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def require_unprotected(repository: FakeRepository, branch: str, *, status: int = 422) -> None:
    if branch in repository.protected:
        raise Wrong(status, f"{_RULES}\n\nChanges must be made through a pull request.\n\n")


def require_no_secret(content: bytes) -> None:
    """Refuse what push protection does."""
    if b"AKIA" in content:
        raise Wrong(422, f"{_RULES}\n\nSecret detected in content\n\n")


def reference(branch: str, sha: str) -> _Json:
    url = f"https://api.github.com/git/commits/{sha}"
    return filled("git-ref", ref=f"refs/heads/{branch}", object={"type": "commit", "sha": sha, "url": url})


def listed(commit: Commit) -> _Json:
    shown = filled("commit", sha=commit.sha, parents=parents_of(commit))
    shown["commit"] |= {"message": commit.message, "tree": {"sha": commit.tree, "url": shown["url"]}}
    return shown


def parents_of(commit: Commit) -> list[_Json]:
    return [{"sha": sha, "url": f"https://api.github.com/git/commits/{sha}", "html_url": ""} for sha in commit.parents]


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Wrong(422, "content is not valid Base64") from None
