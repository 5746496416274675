"""Names at GitHub: of repositories and of branches, as git and GitHub allow them."""

import re
from typing import Final

MAX_BRANCH: Final = 200
"""Bytes: as a file, which it is in many a clone, with room for what git adds."""

_OWNER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
_NEVER_IN_BRANCH: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock/")
"""git-scm.com/docs/git-check-ref-format."""


def repository_fault(text: str) -> str | None:
    """Return what is wrong with `owner/name`, or with `name` alone; None where nothing is."""
    owner, slash, name = text.rpartition("/")
    if slash and not _OWNER.fullmatch(owner):
        return "must begin with the name of a GitHub user or organization, as in 'octocat/backend'."
    if not _NAME.fullmatch(name) or name in {".", ".."} or name.lower().endswith((".git", ".wiki")):
        return "must be a name of 1 to 100 letters, digits, '.', '-' and '_', with or without an owner before it."
    return None


def branch_fault(text: str) -> str | None:
    """Return what is wrong with the name of a branch; None where nothing is."""
    if not text or len(text.encode(errors="replace")) > MAX_BRANCH:
        return f"must have 1 to {MAX_BRANCH} bytes."
    is_whole = text.startswith(("/", "-", ".")) or text.endswith(("/", ".", ".lock")) or text in {"@", "HEAD"}
    if is_whole or text.startswith("refs/") or _NEVER_IN_BRANCH.search(text) or not text.isprintable():
        return "must be the name of a branch, such as 'main'."
    return None
