"""The tests of the router: who is asked, what a failure looks like, and who is left alone for how long."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import pytest

from services.llm.chat import Timeouts
from services.llm.groq import Groq
from services.llm.openai import OpenAI
from services.llm.port import (
    Failed,
    FailureCode,
    Finished,
    FinishReason,
    Item,
    Message,
    Options,
    ProviderFailure,
    Request,
    SchemaTask,
    Started,
    Text,
)
from services.llm.router import Router
from tests.fakes.llm import Answer, FakeLLM, Hang, Status

STOP = Finished(FinishReason.STOP)


def request(model: str | None = None) -> Request:
    return Request(SchemaTask("x"), (Message("user", "JSON"),), "schema/1", Options(model=model))


def failure(code: FailureCode, *, retry_after: float | None = None) -> ProviderFailure:
    return ProviderFailure("a", code, "No.", retry_after=retry_after)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scripted:
    """A provider that does what it is told, request by request, and then answers well."""

    name: str
    script: deque[list[Item | ProviderFailure]] = field(default_factory=deque[list[Item | ProviderFailure]])
    models: frozenset[str] = frozenset()
    asked: int = 0
    is_closed: bool = False

    async def stream(self, request: Request) -> AsyncGenerator[Item]:  # noqa: ARG002 - the port's
        self.asked += 1
        self.is_closed = False
        try:
            for item in self.script.popleft() if self.script else [Started(self.name, "m"), Text(self.name), STOP]:
                if isinstance(item, ProviderFailure):
                    raise item
                yield item
        finally:
            self.is_closed = True

    def fails(self, *codes: FailureCode, retry_after: float | None = None) -> None:
        self.script.extend([ProviderFailure(self.name, code, "No.", retry_after=retry_after)] for code in codes)


async def ask(router: Router, model: str | None = None) -> list[Item]:
    async with asyncio.timeout(20):
        return [item async for item in router.stream(request(model))]


async def who_answers(router: Router, model: str | None = None) -> str:
    return "".join(item.text for item in await ask(router, model) if isinstance(item, Text))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a() -> Scripted:
    return Scripted("a", models=frozenset({"a-1", "a-2"}))


@pytest.fixture
def b() -> Scripted:
    return Scripted("b", models=frozenset({"b-1"}))


@pytest.fixture
def router(a: Scripted, b: Scripted, clock: Clock) -> Router:
    return Router([a, b], monotonic=clock)


async def test_the_first_provider_answers_and_the_second_is_not_asked(router: Router, b: Scripted) -> None:
    assert await ask(router) == [Started("a", "m"), Text("a"), STOP]
    assert b.asked == 0


@pytest.mark.parametrize("code", list(FailureCode))
async def test_a_failure_before_the_first_chunk_goes_on_to_the_next_whatever_its_reason(
    router: Router, a: Scripted, code: FailureCode
) -> None:
    a.fails(code)

    assert await ask(router) == [Failed("a", "", code.value, "No."), Started("b", "m"), Text("b"), STOP]


async def test_a_failure_after_the_answer_has_begun_is_the_callers_to_recover_from(
    router: Router, a: Scripted, b: Scripted
) -> None:
    a.script.append([Started("a", "m"), Text("half"), failure(FailureCode.UNAVAILABLE)])
    stream = router.stream(request())
    said = [await anext(stream), await anext(stream)]

    with pytest.raises(ProviderFailure) as caught:
        await anext(stream)

    assert said == [Started("a", "m"), Text("half")]
    assert (caught.value.provider, caught.value.model, caught.value.code) == ("a", "m", FailureCode.UNAVAILABLE)
    assert b.asked == 0


async def test_a_provider_to_avoid_is_asked_last(router: Router, a: Scripted, b: Scripted) -> None:
    avoiding = replace(request("a-1"), avoid=frozenset({"a"}))

    first = [item async for item in router.stream(avoiding)]
    b.fails(FailureCode.UNAVAILABLE)
    second = [item async for item in router.stream(avoiding)]

    assert first == [Started("b", "m"), Text("b"), STOP]
    assert second == [Failed("b", "", "UNAVAILABLE", "No."), Started("a", "m"), Text("a"), STOP]
    assert (a.asked, b.asked) == (1, 2)


async def test_when_all_fail_the_last_failure_is_raised(router: Router, a: Scripted, b: Scripted) -> None:
    a.fails(FailureCode.UNAVAILABLE)
    b.fails(FailureCode.UNAUTHORIZED)
    stream = router.stream(request())

    assert await anext(stream) == Failed("a", "", "UNAVAILABLE", "No.")
    with pytest.raises(ProviderFailure) as caught:
        await anext(stream)

    assert (caught.value.provider, caught.value.code) == ("b", FailureCode.UNAUTHORIZED)


async def test_a_rate_limited_provider_is_left_alone_for_as_long_as_it_says(
    router: Router, a: Scripted, clock: Clock
) -> None:
    a.fails(FailureCode.RATE_LIMITED, retry_after=30)
    assert await who_answers(router) == "b"

    clock.now += 29
    assert (await who_answers(router), a.asked) == ("b", 1)
    clock.now += 1
    assert (await who_answers(router), a.asked) == ("a", 2)


async def test_a_rate_limit_without_a_time_lasts_ten_seconds(router: Router, a: Scripted, clock: Clock) -> None:
    a.fails(FailureCode.RATE_LIMITED)
    await ask(router)

    clock.now += 9.9
    assert await who_answers(router) == "b"
    clock.now += 0.1
    assert await who_answers(router) == "a"


async def test_a_provider_that_fails_more_than_half_of_five_requests_is_left_alone(
    router: Router, a: Scripted, clock: Clock
) -> None:
    assert [await who_answers(router) for _ in range(2)] == ["a", "a"]
    a.fails(*[FailureCode.UNAVAILABLE] * 3)
    assert [await who_answers(router) for _ in range(3)] == ["b", "b", "b"]

    assert (await who_answers(router), a.asked) == ("b", 5)
    clock.now += 10
    assert (await who_answers(router), a.asked) == ("a", 6)


async def test_four_failures_or_failures_of_an_earlier_minute_do_not_cool_a_provider_down(
    router: Router, a: Scripted, clock: Clock
) -> None:
    a.fails(*[FailureCode.TIMED_OUT] * 4)
    for _ in range(4):
        await ask(router)
    clock.now += 61
    a.fails(FailureCode.TIMED_OUT)
    await ask(router)

    assert await who_answers(router) == "a"


async def test_requests_that_are_refused_for_what_they_ask_do_not_cool_a_provider_down(
    router: Router, a: Scripted
) -> None:
    a.fails(*[FailureCode.BAD_REQUEST, FailureCode.CONTENT_REFUSED] * 4)
    for _ in range(8):
        await ask(router)

    assert await who_answers(router) == "a"


async def test_when_all_are_cooling_down_the_one_that_is_ready_soonest_is_asked(
    router: Router, a: Scripted, b: Scripted
) -> None:
    a.fails(FailureCode.RATE_LIMITED, retry_after=60)
    b.fails(FailureCode.RATE_LIMITED, retry_after=20)
    with pytest.raises(ProviderFailure):
        await ask(router)

    assert (await who_answers(router), a.asked) == ("b", 1)


@pytest.mark.parametrize(
    ("of_a", "of_b", "wait"),
    [
        ((FailureCode.RATE_LIMITED, 60), (FailureCode.RATE_LIMITED, 20), 20),
        ((FailureCode.RATE_LIMITED, 20), (FailureCode.RATE_LIMITED, 60), 20),
        ((FailureCode.RATE_LIMITED, None), (FailureCode.RATE_LIMITED, 60), 10),
        ((FailureCode.UNAVAILABLE, None), (FailureCode.RATE_LIMITED, 60), 0),
        ((FailureCode.RATE_LIMITED, 60), (FailureCode.UNAUTHORIZED, None), 60),
        ((FailureCode.BAD_REQUEST, None), (FailureCode.RATE_LIMITED, 60), 60),
        ((FailureCode.BAD_REQUEST, None), (FailureCode.UNAUTHORIZED, None), None),
    ],
)
async def test_when_all_fail_the_failure_says_when_the_first_may_be_asked_again(
    router: Router,
    a: Scripted,
    b: Scripted,
    *,
    of_a: tuple[FailureCode, float | None],
    of_b: tuple[FailureCode, float | None],
    wait: float | None,
) -> None:
    a.fails(of_a[0], retry_after=of_a[1])
    b.fails(of_b[0], retry_after=of_b[1])

    with pytest.raises(ProviderFailure) as caught:
        await ask(router)

    assert (caught.value.provider, caught.value.code) == ("b", of_b[0])
    assert (caught.value.may_pass, caught.value.retry_after) == (wait is not None, wait)


async def test_a_provider_that_was_passed_over_may_be_the_first_to_be_asked_again(
    router: Router, a: Scripted, b: Scripted, clock: Clock
) -> None:
    a.fails(FailureCode.RATE_LIMITED, retry_after=30)
    await ask(router)
    clock.now += 10
    b.fails(FailureCode.RATE_LIMITED, retry_after=600)

    with pytest.raises(ProviderFailure) as caught:
        await ask(router)

    assert (caught.value.provider, caught.value.retry_after, a.asked) == ("b", 20, 1)


async def test_a_provider_that_has_the_named_model_is_asked_first(router: Router) -> None:
    assert [await who_answers(router, model) for model in ("b-1", "a-2", "unknown")] == ["b", "a", "a"]


async def test_leaving_the_router_leaves_the_provider(router: Router, a: Scripted) -> None:
    async with aclosing(router.stream(request())) as items:
        await anext(items)
        assert not a.is_closed

    assert a.is_closed


def test_a_router_without_providers_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Router([])


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM() as server:
        yield server


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (Status(429, headers={"retry-after": "5"}), "RATE_LIMITED"),
        (Status(500), "UNAVAILABLE"),
        (Hang(), "TIMED_OUT"),
    ],
    ids=["429", "500", "hang"],
)
async def test_openai_takes_over_from_groq_over_real_connections(
    fake: FakeLLM, behaviour: Status | Hang, code: str
) -> None:
    fake.script.append(behaviour)
    fake.default = Answer(["whole"])
    router = Router(
        [
            Groq(key="k", model="g", base_url=fake.groq_url, timeouts=Timeouts(first_text=0.3)),
            OpenAI(key="k", model="o", base_url=fake.openai_url),
        ]
    )

    items = await ask(router)
    await router.aclose()

    failed, *after = items
    assert isinstance(failed, Failed)
    assert (failed.provider, failed.model, failed.code) == ("groq", "g", code)
    assert (after[0], after[1], after[-1]) == (Started("openai", "o"), Text("whole"), STOP)
    assert [recorded.dialect for recorded in fake.requests] == ["groq", "openai"]
