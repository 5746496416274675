"""That a team whose names are slow to resolve, or whose servers are, delays its own calls alone."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence, Sized

import pytest

from services.core.ids import TeamId
from services.foundation.outbound.addresses import is_public_or_private
from services.foundation.outbound.client import MOST_OF_TEAM, Outbound, Reply, Unreachable
from services.foundation.outbound.resolver import SystemResolver
from tests.fakes import receiver as fakes
from tests.fakes.dns import FakeDNS
from tests.fakes.receiver import Receiver

SLOW, QUICK = TeamId("team_slow"), TeamId("team_quick")


def addresses(name: str, _: int) -> Sequence[str]:
    return {"quick.test": ["127.0.0.1"], "both.test": ["::1", "127.0.0.1"]}.get(name, [])


def is_slow(name: str) -> bool:
    return name.endswith(".slow.test")


@pytest.fixture
def dns() -> Iterator[FakeDNS]:
    with FakeDNS(addresses, is_slow) as dns:
        yield dns


@pytest.fixture
async def resolve(dns: FakeDNS) -> AsyncGenerator[SystemResolver]:
    resolve = SystemResolver([dns.server])
    yield resolve
    await resolve.aclose()


def outbound(resolve: SystemResolver, *, total: float = 15) -> Outbound:
    return Outbound(resolve, is_public_or_private, plain=True, total=total)


async def post(client: Outbound, url: str, team_id: TeamId) -> Reply:
    return await client.request("POST", url, team_id=team_id, headers={})


async def begun(calls: Sized) -> None:
    """Wait until a team has as many calls under way as it may have."""
    async with asyncio.timeout(30):
        while True:
            if len(calls) >= MOST_OF_TEAM:
                return
            await asyncio.sleep(0.01)


async def ended(calls: Sequence["asyncio.Task[Reply]"]) -> None:
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)


async def test_names_are_resolved_by_the_name_server_and_by_the_hosts_file(resolve: SystemResolver) -> None:
    assert await resolve("quick.test", 80) == ["127.0.0.1"]
    assert sorted(await resolve("both.test", 80)) == ["127.0.0.1", "::1"]
    assert "127.0.0.1" in await resolve("localhost", 80)
    with pytest.raises(OSError, match="not found"):
        await resolve("missing.test", 80)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1"])
async def test_no_other_spelling_of_an_address_is_read_as_one(resolve: SystemResolver, host: str) -> None:
    with pytest.raises(OSError, match="not found"):
        await resolve(host, 80)


async def test_slow_names_of_one_team_hold_nobody_else_up(dns: FakeDNS, resolve: SystemResolver) -> None:
    client = outbound(resolve)
    with Receiver() as receiver:
        stuck = [asyncio.create_task(post(client, f"http://n{number}.slow.test/", SLOW)) for number in range(40)]
        await begun(dns.asked)

        reply = await post(client, f"http://quick.test:{receiver.port}/", QUICK)

        assert reply.status == 204
        assert not any(task.done() for task in stuck)
        assert len({name for name in dns.asked if is_slow(name)}) == MOST_OF_TEAM
        await ended(stuck)


async def test_slow_servers_of_one_team_hold_nobody_else_up(resolve: SystemResolver) -> None:
    client = outbound(resolve)
    with Receiver(usual=fakes.Reply(silent=True)) as slow, Receiver() as quick:
        stuck = [asyncio.create_task(post(client, slow.url, SLOW)) for _ in range(40)]
        await begun(slow.received)

        reply = await post(client, quick.url, QUICK)

        assert (reply.status, len(slow.received)) == (204, MOST_OF_TEAM)
        await ended(stuck)


async def test_a_call_that_never_gets_its_turn_says_so(resolve: SystemResolver) -> None:
    client = outbound(resolve, total=0.3)
    tries = [post(client, "http://n.slow.test/", SLOW) for _ in range(3 * MOST_OF_TEAM)]

    failures = [str(failure) for failure in await asyncio.gather(*tries, return_exceptions=True)]

    busy = "Too many other calls of the team are under way; try again."
    assert set(failures) <= {"There was no answer in time.", busy}
    assert len(failures) == 3 * MOST_OF_TEAM


async def test_a_look_up_that_is_given_up_leaves_the_team_its_turns(resolve: SystemResolver) -> None:
    client = outbound(resolve, total=0.3)
    with Receiver() as receiver:
        for _ in range(3):
            tries = [post(client, "http://n.slow.test/", SLOW) for _ in range(MOST_OF_TEAM)]
            assert all(isinstance(it, Unreachable) for it in await asyncio.gather(*tries, return_exceptions=True))

        assert (await post(client, f"http://quick.test:{receiver.port}/", SLOW)).status == 204
