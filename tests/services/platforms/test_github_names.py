"""Names of repositories and branches at GitHub."""

import pytest

from services.platforms.github.names import branch_fault, repository_fault


@pytest.mark.parametrize("name", ["backend", "octocat/backend", "a-b/c.d_e", "acme_corp/x", "o/" + "x" * 100])
def test_names_of_repositories(name: str) -> None:
    assert repository_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "a/",
        "/b",
        "a/b/c",
        "a b",
        "a/b c",
        "-a/b",
        "a/..",
        ".",
        "a/b.git",
        "a/b.wiki",
        "a/größe",
        "o/" + "x" * 101,
        "a/b\n",
        "https://github.com/a/b",
        "a%2fb",
    ],
)
def test_no_names_of_repositories(name: str) -> None:
    assert repository_fault(name) is not None


@pytest.mark.parametrize("name", ["main", "feature/books", "v1.2", "größe", "a-b_c#1", "x" * 200])
def test_names_of_branches(name: str) -> None:
    assert branch_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a..b",
        "/a",
        "a/",
        "a//b",
        "-a",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a.",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "@",
        "a@{1}",
        "HEAD",
        "refs/heads/a",
        "a\n",
        "a\x7f",
        "x" * 201,
        "ü" * 101,
        "a\u202eb",
    ],
)
def test_no_names_of_branches(name: str) -> None:
    assert branch_fault(name) is not None
