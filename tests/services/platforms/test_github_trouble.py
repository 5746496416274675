"""Pushes to GitHub that others, faults and refusals come in between."""

import asyncio
from collections.abc import Iterator

import pytest

from services.platforms.github.pushing import GitHub
from services.platforms.port import DeployFailed
from tests.fakes.targets.github import FakeGitHub
from tests.fakes.targets.server import Awkward, Fault
from tests.services.platforms.conformance import InProcess
from tests.services.platforms.pushes import FILES, NAME, github, order, own, pushed, refused


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running


@pytest.mark.parametrize("branch", ["main", "next"])
async def test_who_pushes_at_the_same_time_loses_nothing(fake: FakeGitHub, branch: str) -> None:
    repository = fake.add(NAME)
    repository.push("main", {"LICENSE": b"MIT"})
    fake.rivals = [lambda name=name: repository.push(branch, {name: b"theirs"}) for name in ("one", "two", "three")]

    result = await pushed(fake, branch=branch)

    before = {"LICENSE": b"MIT"} if branch == "main" else {}
    rivals = {"one": b"theirs", "two": b"theirs", "three": b"theirs"}
    assert own(repository, branch) == {**FILES, **before, **rivals}
    assert repository.messages(branch)[:2] == ["Add the backend", "By hand"]
    assert repository.git.branches[branch] == result.commit


async def test_a_branch_that_never_rests_is_given_up(fake: FakeGitHub) -> None:
    repository = fake.add(NAME)
    repository.push("main", {"LICENSE": b"MIT"})
    fake.rivals = [lambda number=number: repository.push("main", {"count": b"%d" % number}) for number in range(20)]

    failure = await refused(fake)

    assert (failure.reason, failure.again_after) == ("BRANCH_MOVED", 0.2)
    assert set(repository.messages()) == {"By hand"}


async def test_a_list_of_commits_that_is_late_is_waited_for(fake: FakeGitHub) -> None:
    repository = fake.add(NAME)
    start = repository.push("main", {"LICENSE": b"MIT"})
    fake.late_lists = 3

    result = await pushed(fake)

    assert repository.git.commits[result.commit].parents == (start.sha,)
    fake.late_lists = 100
    assert (await refused(fake, mark="push_2")).reason == "PLATFORM_UNAVAILABLE"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CUT, Fault.BROKEN, Fault.LIMITED, Fault.SLOW, Fault.LATE])
async def test_whatever_call_fails_there_is_one_commit(fake: FakeGitHub, fault: Fault) -> None:
    calls = (
        r"GET /user",
        r"GET /repos/[^/]+/[^/]+",
        r"POST /user/repos",
        r"GET .*/ref/.*",
        r"PUT .*/contents/.*",
        r"GET .*/commits",
        r"GET .*/git/trees/.*",
        r"POST .*/blobs",
        r"POST .*/trees",
        r"POST .*/git/commits",
        r"PATCH .*",
    )
    fake.awkward = [Awkward(fault, call) for call in calls]

    result = await pushed(fake, repository="backend", is_always=True)

    repository = fake.repositories[NAME]
    assert own(repository) == FILES
    assert repository.git.branches["main"] == result.commit
    assert repository.messages() == ["Add the backend", "Begin the repository"]
    assert set(fake.repositories) == {NAME}
    assert not fake.awkward


async def test_a_worker_that_dies_after_any_call_leaves_the_next_one_to_push_once(fake: FakeGitHub) -> None:
    number = 0
    while True:
        fake.repositories.clear()
        fake.calls.clear()
        attempt = asyncio.create_task(pushed(fake, is_always=True))
        while not attempt.done() and fake.calls.total() <= number:  # noqa: ASYNC110 - counted by another thread
            await asyncio.sleep(0)
        is_whole = attempt.done()
        attempt.cancel()
        await asyncio.wait([attempt])

        result = await pushed(fake, is_always=True)

        repository = fake.repositories[NAME]
        assert repository.messages().count("Add the backend") == 1
        assert own(repository) == FILES
        assert repository.git.branches["main"] == result.commit
        if is_whole:
            break
        number += 1
    assert number > 8


@pytest.mark.parametrize("is_secondary", [False, True])
async def test_who_is_asked_to_wait_waits(fake: FakeGitHub, *, is_secondary: bool) -> None:
    fake.is_secondary = is_secondary
    fake.awkward = [Awkward(Fault.LIMITED, r"POST .*/trees")]

    if is_secondary:  # for a minute
        with pytest.raises(DeployFailed) as failure:
            await github(fake).push(order(), fake.credentials)
        assert failure.value.reason == "RATE_LIMITED"
        assert 50 < (failure.value.again_after or 0) <= 60
    else:
        await pushed(fake)

    assert fake.calls[f"POST /repos/{NAME}/git/trees"] == (1 if is_secondary else 2)


async def test_a_renamed_repository_is_found_and_called_as_it_is_now(fake: FakeGitHub) -> None:
    await pushed(fake)
    fake.rename(NAME, "acme/books")

    result = await pushed(fake, {"a": b"1"}, mark="push_2")

    assert result.repository == "acme/books"
    assert own(fake.repositories["acme/books"]) == {"a": b"1"}


async def test_a_repository_that_is_renamed_in_between_is_to_be_tried_again(fake: FakeGitHub) -> None:
    repository = fake.add(NAME)
    repository.push("main", {"LICENSE": b"MIT"})

    def leave() -> None:
        repository.push("main", {"LICENSE": b"Apache"})
        fake.rename(NAME, "octocat/left")

    fake.rivals = [leave]

    failure = await refused(fake)

    assert (failure.reason, failure.again_after) == ("PLATFORM_UNAVAILABLE", 1)
    assert repository.messages() == ["By hand", "By hand"]
    assert (await pushed(fake)).repository == "octocat/left"


async def test_a_redirect_to_elsewhere_is_not_followed(fake: FakeGitHub) -> None:
    with FakeGitHub() as other:
        other.add(NAME)
        fake.add("octocat/new")
        fake.renamed[NAME] = "octocat/new"
        fake.url, url = other.url, fake.url  # which its redirects lead to

        with pytest.raises(DeployFailed) as failure:
            await GitHub(base_url=url, pauses=InProcess()).push(order(), fake.credentials)

        assert failure.value.reason == "REFUSED"
        assert not other.calls
