"""What GitHub refuses, and what it answers that is no answer: said so that somebody can do something about it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.core.credentials import Token
from services.platforms.github.tree import MANIFEST
from services.platforms.port import DeployFailed
from tests.fakes.targets.github import FakeGitHub
from tests.services.platforms.pushes import NAME, github, order, own, pushed, refused

GARBLED = {
    "user": "GET /user",
    "repository": f"GET /repos/{NAME}",
    "ref": f"GET /repos/{NAME}/git/ref/heads/main",
    "commits": f"GET /repos/{NAME}/commits",
    "tree": f"GET /repos/{NAME}/git/trees/.*",
    "blob": f"GET /repos/{NAME}/git/blobs/.*",
    "make_tree": f"POST /repos/{NAME}/git/trees",
    "make_commit": f"POST /repos/{NAME}/git/commits",
}
SSO = "https://github.com/orgs/acme/sso?authorization_request=A1"


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running


def with_repository(fake: FakeGitHub, **more: Any) -> None:
    fake.add(NAME, **more).push("main", {"LICENSE": b"MIT"})


def with_one_to_read(fake: FakeGitHub) -> None:
    with_repository(fake)
    fake.may_write = False


REFUSALS: Mapping[str, tuple[Callable[[FakeGitHub], object], Mapping[str, Any], str, str]] = {
    "revoked": (lambda fake: setattr(fake, "is_revoked", True), {}, "CREDENTIALS_REFUSED", "replace them"),
    "archived": (lambda fake: with_repository(fake, is_archived=True), {}, "ARCHIVED", "unarchive it"),
    "protected": (lambda fake: with_repository(fake, protected={"main"}), {}, "BRANCH_PROTECTED", "a pull request"),
    "protected from the start": (
        lambda fake: fake.add(NAME, protected={"main"}),
        {},
        "BRANCH_PROTECTED",
        "a pull request",
    ),
    "hidden": (lambda fake: with_repository(fake, is_hidden=True), {}, "NAME_TAKEN", "give it access"),
    "read only": (with_one_to_read, {}, "NOT_PERMITTED", "contents=write"),
    "creates nothing": (lambda fake: setattr(fake, "may_write", False), {}, "NOT_PERMITTED", "administration=write"),
    "no scope": (
        lambda fake: setattr(fake, "scopes", ""),
        {"repository": "backend"},
        "NOT_PERMITTED",
        f"no repository {NAME}",
    ),
    "single sign-on": (lambda fake: setattr(fake, "sso", SSO), {}, "NOT_PERMITTED", SSO),
    "no organization": (lambda _: None, {"repository": "nobody/backend"}, "NOT_PERMITTED", "nobody/backend"),
    "secret": (lambda _: None, {"files": {"a.ts": b"AKIAIOSFODNN7EXAMPLE"}}, "SECRET_FOUND", "allow it at GitHub"),
    "workflows": (lambda _: None, {"files": {".github/workflows/a.yml": b"on: push"}}, "NOT_PERMITTED", "write access"),
    "git": (lambda _: None, {"files": {".git/config": b"[core]"}}, "REFUSED", "malformed path"),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_a_refusal_says_what_to_do(fake: FakeGitHub, what: str) -> None:
    prepare, more, reason, words = REFUSALS[what]
    prepare(fake)
    before = {name: dict(each.git.branches) for name, each in fake.repositories.items()}

    failure = await refused(fake, **more)

    assert failure.reason == reason
    assert words in failure.message
    assert {name: fake.repositories[name].git.branches for name in before} == before


@pytest.mark.parametrize("call", ["user", "ref", "commits", "tree", "blob", "make_tree", "make_commit", "repository"])
@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b"null", b'{"sha": 1, "content": "a", "tree": 7}', b"[" * 9999]
)
async def test_an_answer_that_is_none_is_a_failure_to_be_tried_again(fake: FakeGitHub, call: str, body: bytes) -> None:
    with_repository(fake)
    await pushed(fake)
    before = dict(fake.repositories[NAME].git.branches)
    fake.garbled = {GARBLED[call]: body}

    failure = await refused(fake, mark="push_2", files={"a": b"1"}, repository="backend")

    assert (failure.reason, fake.repositories[NAME].git.branches) == ("PLATFORM_UNAVAILABLE", before)


@pytest.mark.parametrize(
    "text", [b"", b"\x00\xff\xfe", b"no list\n \n  \n" * 999, b"0" * 40, b"0" * 40 + b" README.md\n"]
)
async def test_a_manifest_that_is_none_deletes_nothing(fake: FakeGitHub, text: bytes) -> None:
    repository = fake.add(NAME)
    repository.push("main", {"README.md": b"mine", MANIFEST: text})

    await pushed(fake, {"a": b"1"})

    assert own(repository) == {"README.md": b"mine", "a": b"1"}


async def test_a_page_of_single_sign_on_that_is_none_of_github_is_not_shown(fake: FakeGitHub) -> None:
    fake.sso = "https://github.com.example.com/sso"
    assert "example.com" not in (await refused(fake)).message


@pytest.mark.parametrize(
    "change",
    [
        {"repository": "a/b/c"},
        {"repository": ""},
        {"branch": "a..b"},
        {"mark": "two\nlines"},
        {"mark": ""},
        {"message": " \n"},
        {"files": {}},
        {"files": {".env": b"KEY=1"}},
    ],
)
async def test_what_can_not_be_pushed_is_refused_before_any_call(fake: FakeGitHub, change: dict[str, Any]) -> None:
    with pytest.raises(DeployFailed):
        await github(fake).push(replace(order(), **change), fake.credentials)

    assert not fake.calls


async def test_a_push_needs_credentials(fake: FakeGitHub) -> None:
    with pytest.raises(DeployFailed) as failure:
        await github(fake).push(order(), None)
    assert failure.value.reason == "NO_CREDENTIALS"


@pytest.mark.parametrize(
    ("scopes", "name"),
    [("repo, workflow", "octocat (scopes: repo, workflow)"), ("", "octocat (scopes: none)"), (None, "octocat")],
)
async def test_a_check_says_whose_token_it_is_and_what_it_may_do(
    fake: FakeGitHub, scopes: str | None, name: str
) -> None:
    fake.scopes = scopes
    assert (await github(fake).check(fake.credentials)).name == name


async def test_a_check_refuses_another_token(fake: FakeGitHub) -> None:
    with pytest.raises(DeployFailed) as failure:
        await github(fake).check(Token("ghp_of_somebody_else"))
    assert failure.value.reason == "CREDENTIALS_REFUSED"
