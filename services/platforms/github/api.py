"""A connection to GitHub with one token: its limits, its redirects, and what its refusals mean."""

import re
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec

from services.core.frozen import frozen
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Answer, Client, Refused, retry_after

URL: Final = "https://api.github.com"
HEADERS: Final[Mapping[str, str]] = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
}

_SSO_PAGE: Final = re.compile(r"url=(https://github\.com/[\x21-\x7e]{1,300})")
_PERMISSIONS: Final = re.compile(r"[a-z_=,; ]{1,200}")
_PROTECTED: Final = ("protected branch", "rule violation", "through a pull request", "required status check")
_REDIRECTS: Final = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
_SECONDS_OF_SECONDARY: Final = 60
"""To wait at least where a secondary limit does not say for how long (rate-limits-for-the-rest-api)."""

T = TypeVar("T")


class _Detail(msgspec.Struct, frozen=True):
    code: str = ""
    field: str = ""
    message: str = ""


class _Body(msgspec.Struct, frozen=True):
    errors: list[_Detail | str] = []


@frozen(kw_only=True)
class GitHubClient(Client):
    """GitHub limits with status 403, too (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api)."""

    def is_limited(self, answer: Answer) -> bool:
        if answer.status != HTTPStatus.FORBIDDEN:
            return answer.status == HTTPStatus.TOO_MANY_REQUESTS
        is_used_up = answer.headers.get("x-ratelimit-remaining") == "0"
        return is_used_up or "retry-after" in answer.headers or b"secondary rate limit" in answer.body

    def pause(self, answer: Answer) -> float | None:
        if (seconds := retry_after(answer.headers)) is not None:
            return seconds
        if answer.headers.get("x-ratelimit-remaining") != "0":
            return _SECONDS_OF_SECONDARY
        with suppress(ValueError, TypeError, KeyError, OverflowError):
            now = parsedate_to_datetime(answer.headers["date"]).timestamp()
            return max(1.0, int(answer.headers["x-ratelimit-reset"][:12]) - now)
        return _SECONDS_OF_SECONDARY

    async def moved(self, path: str, type: type[T]) -> T | None:
        """Return what is there, also where it is called otherwise now, as a renamed repository is."""
        try:
            return await self.get(path, type)
        except Refused as refused:
            if refused.status not in _REDIRECTS:
                raise
            to = refused.headers.get("location", "")
            if not to.startswith(f"{self.base_url}/"):
                raise DeployFailed("REFUSED", "GitHub leads to another address than its API's.") from None
            return await self.get(to.removeprefix(self.base_url), type)


def failure(refused: Refused) -> DeployFailed:
    """Word a refusal (docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api)."""
    words = details(refused).rstrip(".") or f"it answers with status {refused.status}"
    if is_about_rules(refused):
        return _ruled_out(words)
    match refused.status:
        case HTTPStatus.FORBIDDEN:
            return (
                archived() if "archived" in words.lower() else DeployFailed("NOT_PERMITTED", _forbidden(refused, words))
            )
        case HTTPStatus.NOT_FOUND:  # as GitHub says of what a token must not know of
            what = "give it write access to the contents of the repository"
            return DeployFailed("NOT_PERMITTED", f"GitHub knows no such thing by this token: {what}.")
        case HTTPStatus.CONFLICT:
            message = f"The repository can not be used just now: {words}."
            return DeployFailed("PLATFORM_UNAVAILABLE", message, again_after=5)
        case status if status in _REDIRECTS:
            message = "The repository was renamed meanwhile: try again."
            return DeployFailed("PLATFORM_UNAVAILABLE", message, again_after=1)
        case _:
            return DeployFailed("REFUSED", f"GitHub refuses this: {words}.")


def _ruled_out(words: str) -> DeployFailed:
    if "secret" in words.lower():
        message = f"GitHub finds a secret in the code, and takes none: {words}. Take it out, or allow it at GitHub."
        return DeployFailed("SECRET_FOUND", message)
    message = f"Rules of the repository keep this branch from being pushed to: {words}. Push to another branch."
    return DeployFailed("BRANCH_PROTECTED", message)


def _forbidden(refused: Refused, words: str) -> str:
    if "x-github-sso" in refused.headers:
        page = _SSO_PAGE.search(refused.headers["x-github-sso"])
        where = f" at {page[1]}" if page else ", in GitHub's settings of the token"
        return f"The organization wants the token to be authorized for its single sign-on{where}."
    needed = refused.headers.get("x-accepted-github-permissions", "")
    if needed and _PERMISSIONS.fullmatch(needed):
        return f"The token may not do this: {words}. It needs the permission {needed}."
    return f"The token may not do this: {words}."


def archived() -> DeployFailed:
    """Word that nothing can be pushed to a repository."""
    message = "The repository is archived, and takes nothing: unarchive it at GitHub, or push to another."
    return DeployFailed("ARCHIVED", message)


def details(refused: Refused) -> str:
    """Return GitHub's own words, with those that say which field is wrong."""
    try:
        errors = msgspec.convert(refused.body, _Body).errors
    except msgspec.ValidationError:
        return refused.words
    more = [each if isinstance(each, str) else each.message or f"{each.field} {each.code}" for each in errors]
    return ": ".join([refused.words.rstrip("."), "; ".join(more)[:500]]) if more else refused.words


def is_about_rules(refused: Refused) -> bool:
    """Say whether rules of a repository, or of its organization, forbid what a call would do to a branch."""
    words = details(refused).lower()
    return any(sign in words for sign in _PROTECTED)


def has_name_taken(refused: Refused) -> bool:
    """Say whether a repository can't be created because there is one."""
    return refused.status == HTTPStatus.UNPROCESSABLE_ENTITY and "already exists" in details(refused)
