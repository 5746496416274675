"""Deliveries to GitHub that others, faults and refusals come in between."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress

import pytest

from services.platforms.github.delivering import Delivered
from services.platforms.port import DeployFailed
from tests.fakes.targets.github import FakeGitHub
from tests.fakes.targets.server import Awkward, Fault
from tests.services.platforms.deliveries import CODE, changed, delivered, outcomes, repository
from tests.services.platforms.pushes import NAME, own

NEW = {**CODE, "src/app.ts": changed(1, b"new")}
MINE: Mapping[str, Mapping[str, bytes]] = {
    "merged": {"src/app.ts": changed(12, b"mine"), "LICENSE": b"MIT"},
    "conflict": {"src/app.ts": changed(1, b"mine"), "LICENSE": b"MIT"},
    "untouched": {},
}
CALLS = (
    r"GET /repos/[^/]+/[^/]+",
    r"GET .*/ref/heads/main",
    r"GET .*/ref/heads/generated",
    r"GET .*/commits",
    r"GET .*/git/trees/.*",
    r"POST .*/git/trees",
    r"POST .*/git/commits",
    r"PATCH .*/generated",
    r"GET .*/compare/.*",
)
MERGING = {
    "merged": (r"POST .*/merges",),
    "conflict": (r"POST .*/merges", r"GET .*/pulls", r"POST .*/pulls", r"GET .*/git/blobs/.*"),
    "untouched": (r"PATCH .*/main",),
}


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running


async def prepared(fake: FakeGitHub, what: str) -> None:
    """Deliver once, and let people change what they got."""
    fake.repositories.clear()
    await delivered(fake)
    if MINE[what]:
        repository(fake).push("main", MINE[what])
    fake.calls.clear()


def check(fake: FakeGitHub, what: str, result: Delivered) -> None:
    """Check that the second generation was delivered, once."""
    there = repository(fake)
    assert there.messages("generated") == ["Generation 2", "Generation 1", "Begin the repository"]
    assert own(there, "generated") == NEW
    assert result.commit == there.git.branches["main"]
    assert result.is_merged == result.is_new == (what != "conflict")
    if what == "merged":
        assert own(there) == {**NEW, "LICENSE": b"MIT", "src/app.ts": changed(12, b"mine", NEW["src/app.ts"])}
        assert there.messages().count("Merge branch 'generated'") == 1
        assert outcomes(result) == {"src/app.ts": "MERGED"}
    if what == "conflict":
        assert own(there) == {**CODE, **MINE[what]}
        assert len(there.pulls) == 1
        assert outcomes(result) == {"src/app.ts": "CONFLICT"}
        assert result.pull_request == f"https://github.com/{NAME}/pull/1"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CUT, Fault.BROKEN, Fault.LIMITED, Fault.SLOW, Fault.LATE])
@pytest.mark.parametrize("what", MINE)
async def test_whatever_call_fails_it_is_delivered_once(fake: FakeGitHub, what: str, fault: Fault) -> None:
    await prepared(fake, what)
    fake.awkward = [Awkward(fault, call) for call in (*CALLS, *MERGING[what])]

    result = await delivered(fake, NEW, number=2)

    check(fake, what, result)
    assert not fake.awkward


@pytest.mark.parametrize("what", MINE)
async def test_a_process_that_dies_after_any_call_leaves_the_next_one_to_deliver_once(
    fake: FakeGitHub, what: str
) -> None:
    number, is_whole = 0, False
    while not is_whole:
        number += 1
        await prepared(fake, what)
        attempt = asyncio.create_task(delivered(fake, NEW, number=2))
        while not attempt.done() and fake.calls.total() < number:  # noqa: ASYNC110 - counted by another thread
            await asyncio.sleep(0)
        is_whole = attempt.done()
        attempt.cancel()
        await asyncio.wait([attempt])

        check(fake, what, await delivered(fake, NEW, number=2))
    assert number > 8


async def test_a_process_that_dies_while_it_joins_a_repository_loses_nothing(fake: FakeGitHub) -> None:
    number, is_whole = 0, False
    while not is_whole:
        number += 1
        fake.repositories.clear()
        fake.calls.clear()
        there = fake.add(NAME)
        there.push("main", {"LICENSE": b"MIT"})
        attempt = asyncio.create_task(delivered(fake))
        while not attempt.done() and fake.calls.total() < number:  # noqa: ASYNC110 - counted by another thread
            await asyncio.sleep(0)
        is_whole = attempt.done()
        attempt.cancel()
        await asyncio.wait([attempt])

        await delivered(fake)

        assert own(there) == {**CODE, "LICENSE": b"MIT"}
        assert own(there, "generated") == CODE
        assert there.messages().count("Generation 1") == 1
    assert number > 8


@pytest.mark.parametrize("what", MINE)
async def test_who_pushes_at_the_same_time_loses_nothing(fake: FakeGitHub, what: str) -> None:
    await prepared(fake, what)
    there = repository(fake)
    fake.rivals = [lambda name=name: there.push("main", {name: b"theirs"}) for name in ("one", "two")]

    result = await delivered(fake, NEW, number=2)

    assert {"one", "two"} <= own(there).keys()
    assert result.is_merged == (what != "conflict")
    assert (
        own(there)["src/app.ts"]
        == {
            "merged": changed(12, b"mine", NEW["src/app.ts"]),
            "conflict": changed(1, b"mine"),
            "untouched": NEW["src/app.ts"],
        }[what]
    )


async def test_two_pushes_at_once_are_one_after_the_other(fake: FakeGitHub) -> None:
    await prepared(fake, "merged")
    other = {**NEW, "README.md": b"# Other\n"}

    results = await asyncio.gather(delivered(fake, NEW, number=2), delivered(fake, other, number=3))

    there = repository(fake)
    assert all(result.is_merged for result in results)
    assert sorted(there.messages("generated")[:2]) == ["Generation 2", "Generation 3"]
    newest = there.git.commits[there.git.branches["generated"]]
    assert own(there)["README.md"] == (other if newest.message.startswith("Generation 3") else NEW)["README.md"]


async def test_a_branch_that_never_rests_is_given_up(fake: FakeGitHub) -> None:
    await prepared(fake, "untouched")
    there = repository(fake)
    files = [{"count": b"%d" % number} for number in range(30)]
    fake.rivals = [lambda each=each: there.push("generated", each) for each in files]

    with pytest.raises(DeployFailed) as failure:
        await delivered(fake, NEW, number=2)

    assert (failure.value.reason, own(there)) == ("BRANCH_MOVED", dict(CODE))


@pytest.mark.parametrize("call", ["compare/.*", "pulls", "merges"])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"null", b'{"status": 7, "sha": 1}', b"[" * 9999])
async def test_an_answer_that_is_none_changes_no_branch_of_people(fake: FakeGitHub, call: str, body: bytes) -> None:
    await prepared(fake, "conflict")
    before = repository(fake).git.branches["main"]
    fake.garbled = {f"(GET|POST) /repos/{NAME}/{call}": body}

    with suppress(DeployFailed):
        await delivered(fake, NEW, number=2)

    assert repository(fake).git.branches["main"] == before
    fake.garbled = {}
    check(fake, "conflict", await delivered(fake, NEW, number=2))
