"""The tests that every target passes that takes domains: what adding, looking at and removing one shows."""

from collections.abc import Callable, Generator
from dataclasses import replace

import pytest

from services.platforms.domains import CertificateState, DnsRecord, DomainState, DomainStatus, TakesDomains
from services.platforms.port import DeployFailed, Placement
from tests.fakes.targets.railway import FakeRailway
from tests.fakes.targets.render import FakeRender
from tests.fakes.targets.server import Awkward, Fault
from tests.services.platforms.conformance import Record, Rig
from tests.services.platforms.test_targets import heroku, railway, render, vercel

NAME = "api.example.com"


class At:
    """The site of a live deployment."""

    def __init__(self, rig: Rig, placement: Placement) -> None:
        self.rig, self.fake, self.placement = rig, rig.fake, placement

    @property
    def host(self) -> TakesDomains:
        assert isinstance(self.rig.platform, TakesDomains)
        return self.rig.platform

    async def add(self, name: str = NAME) -> DomainStatus:
        return await self.host.add_domain(self.placement, name)

    async def look(self, name: str = NAME) -> DomainStatus:
        return await self.host.look_at_domain(self.placement, name)

    async def remove(self, name: str = NAME) -> None:
        await self.host.remove_domain(self.placement, name)

    async def refusal(self, name: str = NAME) -> DeployFailed:
        with pytest.raises(DeployFailed) as failure:
            await self.add(name)
        return failure.value


def routes(status: DomainStatus) -> list[DnsRecord]:
    """Return the records of the name itself, without those that prove whose it is."""
    return [record for record in status.records if record.name == NAME]


@pytest.fixture(params=[heroku, railway, vercel, render])
def rig(request: pytest.FixtureRequest) -> Generator[Rig]:
    make: Callable[[], Generator[Rig]] = request.param
    yield from make()


@pytest.fixture
async def at(rig: Rig) -> At:
    order, record = rig.order(), Record()
    await record.follow(rig.platform.deploy(order))
    return At(rig, record.placement(order))


async def test_a_domain_is_pending_with_records_then_active_then_gone(at: At) -> None:
    status = await at.add()
    seen = [status]
    while seen[-1].state is DomainState.PENDING and len(seen) < 10:
        seen.append(await at.look())
    assert status.state is DomainState.PENDING
    assert status.certificate in {CertificateState.PENDING, CertificateState.NONE}
    assert [record.type for record in routes(status)] == ["CNAME"]
    assert all(record.value and record.name.endswith("example.com") for record in status.records)
    assert seen[-1].state is DomainState.ACTIVE

    await at.remove()

    assert at.fake.names.owned == {}
    gone = await at.look()
    assert (gone.state, gone.records) == (DomainState.FAILED, ())
    assert "add it again" in (gone.message or "")


async def test_adding_and_removing_twice_is_as_once(at: At) -> None:
    first = await at.add()
    owned = at.fake.names.owned[NAME]
    again = await at.add()
    assert routes(again) == routes(first) != []
    assert at.fake.names.owned == {NAME: owned}
    await at.remove()
    await at.remove()
    assert at.fake.names.owned == {}


async def test_a_whole_domain_has_a_record_that_dns_allows_there(at: At) -> None:
    status = await at.add("example.com")
    assert {record.type for record in status.records if record.name == "example.com"} <= {"A", "ALIAS"}
    assert status.records


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CUT, Fault.BROKEN, Fault.SLOW])
async def test_any_call_may_fail_once(at: At, fault: Fault) -> None:
    at.fake.calls.clear()
    await at.add("first.example.com")
    await at.look("first.example.com")
    await at.remove("first.example.com")
    for number, call in enumerate(sorted(at.fake.calls)):
        name = f"n{number}.example.com"
        at.fake.awkward.append(Awkward(fault, call.replace("first.example.com", name)))
        assert (await at.add(name)).records, call
        await at.look(name)
        await at.remove(name)
        assert at.fake.names.owned == {}, call
        at.fake.awkward.clear()


async def test_a_name_of_somebody_else_is_refused(at: At) -> None:
    at.fake.names.taken.add(NAME)
    failure = await at.refusal()
    assert failure.reason == "NAME_TAKEN"
    assert NAME in failure.message
    assert "Remove it there first" in failure.message
    assert at.fake.names.owned == {}


async def test_a_name_that_the_platform_does_not_take_is_refused_in_its_words(at: At) -> None:
    failure = await at.refusal("a_b.example.com")
    assert failure.reason == "REFUSED"
    assert "valid" in failure.message
    assert at.fake.names.owned == {}


async def test_a_limit_of_the_plan_is_told_from_a_name_that_is_taken(at: At) -> None:
    if isinstance(at.fake, FakeRender):
        at.fake.wants_payment = True
    elif isinstance(at.fake, FakeRailway):
        at.fake.refusals["CustomDomainCreate"] = ["Your plan allows 2 custom domains: upgrade to add another one"]
    else:
        at.fake.names.most = 0
    failure = await at.refusal()
    assert failure.reason == "PLAN_LIMIT"
    assert NAME not in at.fake.names.owned


async def test_a_token_that_is_revoked_is_said(at: At) -> None:
    await at.add()
    at.fake.is_revoked = True
    for ask in (at.add, at.look, at.remove):
        with pytest.raises(DeployFailed) as failure:
            await ask()
        assert failure.value.reason == "CREDENTIALS_REFUSED"
        assert at.fake.token not in failure.value.message
    assert at.fake.names.owned.keys() == {NAME}


async def test_without_credentials_nothing_is_asked(at: At) -> None:
    at.fake.calls.clear()
    with pytest.raises(DeployFailed) as failure:
        await at.host.add_domain(replace(at.placement, credentials=None), NAME)
    assert failure.value.reason == "NO_CREDENTIALS"
    assert not at.fake.calls


async def test_a_platform_that_asks_to_wait_is_asked_again(at: At) -> None:
    at.fake.awkward.append(Awkward(Fault.LIMITED, ".*"))
    assert (await at.add()).state is DomainState.PENDING


async def test_a_platform_that_asks_to_wait_for_long_is_left_alone(at: At) -> None:
    at.fake.awkward.append(Awkward(Fault.LIMITED, ".*"))
    at.fake.retry_after = 60
    failure = await at.refusal()
    assert failure.reason == "RATE_LIMITED"
    assert 50 < (failure.again_after or 0) <= 60
    assert at.fake.names.owned == {}


async def test_where_the_site_is_gone_nothing_is_added_and_removing_is_done(at: At) -> None:
    nowhere = Placement(deployment_id="deployment_2", site="nothing-is-here", credentials=at.placement.credentials)
    elsewhere = At(at.rig, nowhere)
    failure = await elsewhere.refusal()
    assert failure.reason == "GONE"
    assert (await elsewhere.look()).state is DomainState.FAILED
    await elsewhere.remove()


async def test_of_a_site_that_was_deleted_there_a_domain_can_be_removed(at: At) -> None:
    await at.add()
    for name in ("apps", "projects", "services"):
        getattr(at.fake, name, {}).clear()
    assert (await at.look()).state is DomainState.FAILED
    await at.remove()
    assert (await at.refusal()).reason == "GONE"


async def test_what_is_secret_is_not_shown(at: At) -> None:
    value = routes(await at.add())[0].value
    status = await at.host.look_at_domain(replace(at.placement, secrets=[value]), NAME)
    at.fake.names.taken.add("taken.example.com")
    with pytest.raises(DeployFailed) as failure:
        await at.host.add_domain(replace(at.placement, secrets=["taken.example"]), "taken.example.com")
    assert [record.value for record in routes(status)] == ["***"]
    assert "taken.example" not in failure.value.message
