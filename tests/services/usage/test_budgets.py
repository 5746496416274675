"""What budgets promise: nobody overspends, whatever happens at once, and everything counts once."""

import asyncio
import dataclasses
import os
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.bootstrap import opened
from services.config import Config
from services.core.errors import Exhausted
from services.core.pages import PageRequest
from services.foundation.jobs.record import OPEN, end_of_job
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.generations.service import NewGeneration
from services.usage.model import AttemptOutcome, AttemptUsage, Totals
from services.usage.service import BudgetExhausted, Limits
from tests.services.usage.books import Books, Office, new_stage, office

PROCESSES, REQUESTS = 4, 1000
GPT, GROQ = "gpt-5-mini", "openai/gpt-oss-120b"


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return new_stage(emulator, SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")), OPENAI_API_KEY="k")


@pytest.fixture
async def desk(config: Config) -> AsyncIterator[Office]:
    async with office(config) as opened_office:
        yield opened_office


def limited(desk: Office, **limits: int) -> Office:
    """Return the same office with a budget."""
    services = desk.services
    budgets = dataclasses.replace(services.generations.budgets, limits=Limits(**limits))
    generations = dataclasses.replace(services.generations, budgets=budgets)
    reports = dataclasses.replace(services.usage, limits=budgets.limits)
    changed = dataclasses.replace(services, generations=generations, usage=reports)
    return Office(dataclasses.replace(desk.process, services=changed), desk.clock, desk.by, desk.project)


def attempt(model: str = GPT, tokens: tuple[int, int] = (1000, 200), cached: int = 0) -> AttemptUsage:
    return AttemptUsage(
        attempt=1,
        provider="openai",
        model=model,
        outcome=AttemptOutcome.COMPLETED,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cached_tokens=cached,
    )


async def ended(desk: Office, generation: Generation, *attempts: AttemptUsage) -> Generation:
    """Write a generation's end as its worker does, without settling it."""
    changed = await desk.services.generations.table.update(
        generation.id,
        lambda old: replace(
            old, status=GenerationStatus.COMPLETED, attempts=(*old.attempts, *attempts), **end_of_job(desk.clock)
        ),
    )
    assert changed is not None
    return changed


def reserved(generation: Generation) -> int:
    assert generation.reservation is not None
    return generation.reservation.tokens


async def test_a_thousand_requests_at_once_at_a_budgets_edge_overspend_by_nothing(
    emulator: str, tmp_path: Path
) -> None:
    """Four event loops with connections of their own, as four processes have them, ask for one team."""
    plain = new_stage(emulator, SNAPINFRA_DATA=str(tmp_path))
    async with office(plain) as desk:
        one = reserved(await desk.generate())
        affordable = 37
        tight = plain.model_copy(update={"team_tokens": one * (affordable + 1) + one - 1})  # one is asked for already
        outcomes: Counter[str] = Counter()

        async def ask(config: Config) -> list[str]:
            async with opened(config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here

                async def once() -> str:
                    new = NewGeneration(desk.project.id, GenerationKind.SCHEMA, prompt="Notes")
                    try:
                        await process.services.generations.create(new, by=desk.by)
                    except BudgetExhausted:
                        return "refused"
                    return "made"

                return await asyncio.gather(*(once() for _ in range(REQUESTS // PROCESSES)))

        with ThreadPoolExecutor(PROCESSES) as threads:
            loops = [
                asyncio.get_running_loop().run_in_executor(threads, asyncio.run, ask(tight)) for _ in range(PROCESSES)
            ]
            for found in await asyncio.gather(*loops):
                outcomes.update(found)

        assert outcomes == {"made": affordable, "refused": REQUESTS - affordable}
        assert await desk.books() == Books(reserved_tokens=one * (affordable + 1))
        stored = await desk.services.generations.table.query("ProjectIdIndex", desk.project.id, PageRequest(100))
        assert len(stored.items) == affordable + 1


async def test_what_is_settled_makes_room(desk: Office) -> None:
    one = reserved(await desk.generate())
    tight = limited(desk, tokens=one + one - 1)
    first = await desk.services.generations.of_project(desk.project, PageRequest())

    with pytest.raises(BudgetExhausted):
        await tight.generate()
    await desk.services.generations.budgets.settle(await ended(desk, first.items[0], attempt(tokens=(1, 0))))
    await tight.generate()

    assert await desk.books() == Books(1, one, 250, one * 2000)


async def test_a_refused_request_changes_nothing_and_says_what_there_is(desk: Office) -> None:
    held = await desk.generate()
    desk.clock.set(datetime(2037, 12, 31, 23, 59, tzinfo=UTC))
    one = reserved(held)
    tight = limited(desk, tokens=one - 1)

    with pytest.raises(Exhausted) as refused:
        await tight.generate()

    assert refused.value.message == (
        f"Your team's budget of {one - 1:,} tokens a month has no room for this: 0 are spent, 0 reserved by generations"
        f" under way, and this one may need {one:,}. The budget resets at 2038-01-01T00:00:00.000Z."
    )
    assert await desk.books() == Books()
    listed = await desk.services.generations.of_project(desk.project, PageRequest())
    assert [one.id for one in listed.items] == [held.id]


async def test_a_budget_of_money_holds_for_the_dearest_that_may_happen(desk: Office) -> None:
    one = reserved(await desk.generate())
    dearest = one * 2000  # nano-dollars a token of output

    with pytest.raises(BudgetExhausted, match="US dollars"):
        await limited(desk, cost=2 * dearest - 1).generate()
    await limited(desk, cost=2 * dearest).generate()

    assert await desk.books() == Books(0, 2 * one, 0, 2 * dearest)


async def test_however_often_and_wherever_an_end_is_settled_it_counts_once(desk: Office, config: Config) -> None:
    generation = await ended(desk, await desk.generate(), attempt(), attempt(GROQ, (500, 100), cached=100))

    async with opened(config, dict(os.environ)) as other:  # noqa: TID251 - nothing of it is used here
        everywhere = [desk.services.generations.budgets, other.services.generations.budgets] * 10
        settled = await asyncio.gather(*(budgets.settle(generation) for budgets in everywhere))

    cost = 1000 * 250 + 200 * 2000, 400 * 150 + 100 * 75 + 100 * 600
    found = await desk.found(generation)
    assert {record.settled_at for record in settled} == {found.settled_at}
    assert [one.cost for one in found.attempts] == list(cost)
    assert await desk.books() == Books(1800, 0, sum(cost), 0)
    assert await desk.used() == Totals(2, 1500, 300, 100, 0, sum(cost), 0)


async def test_a_generation_that_goes_on_is_not_settled(desk: Office) -> None:
    generation = await desk.generate()

    same = await desk.services.generations.budgets.settle(generation)

    assert same == generation == await desk.found(generation)
    assert (await desk.books()).reserved_tokens == reserved(generation)


async def test_tokens_of_a_model_without_a_price_count_and_are_told_apart(desk: Office) -> None:
    generation = await ended(desk, await desk.generate(), attempt("unheard-of"))

    settled = await desk.services.generations.budgets.settle(generation)

    assert settled.attempts[0].cost is None
    assert await desk.used() == Totals(1, 1000, 200, 0, 0, 0, unpriced_tokens=1200)


async def test_a_new_month_has_a_budget_of_its_own_and_an_old_one_keeps_what_it_asked_for(desk: Office) -> None:
    desk.clock.set(datetime(2037, 1, 31, 23, 59, 58, tzinfo=UTC))
    january = await desk.generate()
    one = reserved(january)
    tight = limited(desk, tokens=one)
    with pytest.raises(BudgetExhausted):
        await tight.generate()

    desk.clock.set(datetime(2037, 2, 1, tzinfo=UTC))
    await tight.generate()
    await desk.services.generations.budgets.settle(await ended(desk, january, attempt()))

    assert await desk.books("2037-01") == Books(1200, 0, 650_000, 0)
    assert await desk.books("2037-02") == Books(0, one, 0, one * 2000)
    rows = await desk.services.usage.usage.between(desk.project.team_id, "0", "~")
    assert [(row.day, row.kind, row.provider, row.model) for row in rows] == [("2037-01-31", "SCHEMA", "openai", GPT)]


def reopened(old: Generation) -> Generation:
    return replace(old, status=GenerationStatus.QUEUED, finished_at=None, open=OPEN)


async def test_what_is_put_back_reserves_again_and_pays_only_for_what_is_new(desk: Office) -> None:
    desk = limited(desk, tokens=10**9)
    budgets = desk.services.generations.budgets
    generation = await desk.generate()
    one = reserved(generation)
    await budgets.settle(await ended(desk, generation, attempt()))

    again = await budgets.reopen(generation.id, reopened)
    assert again is not None
    held = await desk.books()
    await budgets.settle(await ended(desk, again, attempt()))

    assert again.tokens_left == one
    assert (held.spent_tokens, held.reserved_tokens) == (1200, one)
    assert await desk.books() == Books(2400, 0, 1_300_000, 0)
    assert await desk.used() == Totals(2, 2000, 400, 0, 0, 1_300_000, 0)


async def test_what_is_put_back_before_it_was_settled_keeps_its_reservation(desk: Office) -> None:
    desk = limited(desk, tokens=10**9)
    budgets = desk.services.generations.budgets
    generation = await ended(desk, await desk.generate(), attempt())

    again = await budgets.reopen(generation.id, reopened)
    stale = await budgets.settle(generation)

    assert again is not None
    assert stale == again
    assert again.tokens_left == reserved(generation) - 1200
    assert (await desk.books()).reserved_tokens == reserved(generation)


async def test_what_the_budget_has_no_room_for_is_not_put_back(desk: Office) -> None:
    generation = await desk.generate()
    settled = await desk.services.generations.budgets.settle(await ended(desk, generation, attempt()))
    before = await desk.books()

    with pytest.raises(BudgetExhausted):
        await limited(desk, tokens=1).services.generations.budgets.reopen(generation.id, reopened)

    assert await desk.found(generation) == settled
    assert await desk.books() == before


async def test_a_repeated_request_reserves_once(desk: Office) -> None:
    made = await asyncio.gather(*(desk.generate(client_mutation_id="c") for _ in range(8)))

    assert len({generation.id for generation in made}) == 1
    assert (await desk.books()).reserved_tokens == reserved(made[0])
