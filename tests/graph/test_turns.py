"""Turns: who comes alone begins at once, of a crowd each caller in turn, and what takes long is done in a thread."""

import asyncio
import threading

import pytest

from graph.turns import AT_ONCE, Turnstile, in_turn, share_of


async def begun(turnstile: Turnstile, callers: list[str]) -> tuple[list[str], list[asyncio.Task[None]]]:
    """Let callers come all at once; return who has begun, in order and as it grows, and their tasks."""
    order: list[str] = []

    async def come(caller: str) -> None:
        await turnstile.enter(caller)
        order.append(caller)

    return order, [asyncio.create_task(come(caller)) for caller in callers]


async def test_who_comes_alone_begins_at_once() -> None:
    turnstile = Turnstile()

    for _ in range(AT_ONCE):
        coming = turnstile.enter("a")
        with pytest.raises(StopIteration):  # without waiting for anything
            coming.send(None)


async def test_of_a_crowd_a_few_begin_before_the_loop_looks_who_else_has_come() -> None:
    order, tasks = await begun(Turnstile(), ["a"] * 20)
    counts: list[int] = []
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        counts.append(len(order))

    steps = [after - before for before, after in zip([0, *counts], counts, strict=False)]
    assert max(steps) == AT_ONCE
    assert sum(steps) == 20


async def test_callers_take_turns_however_many_of_one_came_first() -> None:
    order, tasks = await begun(Turnstile(), ["crowd"] * 50 + ["b", "c"])
    await asyncio.wait(tasks)

    assert order.index("b") < 2 * AT_ONCE
    assert order.index("c") < 2 * AT_ONCE
    assert len(order) == 52


async def test_who_leaves_while_they_wait_takes_nobodys_turn() -> None:
    order, tasks = await begun(Turnstile(), ["a"] * 20)
    await asyncio.sleep(0)
    for task in tasks[AT_ONCE:15]:
        task.cancel()
    await asyncio.wait(tasks)

    assert len(order) == AT_ONCE + 5


async def test_a_caller_has_one_thing_done_at_a_time_in_a_thread_and_hears_what_it_raises() -> None:
    running = threading.Semaphore(1)

    def work(number: int) -> tuple[int, str]:
        assert running.acquire(blocking=False)
        running.release()
        return number, threading.current_thread().name

    done = await asyncio.gather(*(in_turn("a", work, number) for number in range(5)))
    with pytest.raises(ZeroDivisionError):
        await in_turn("a", lambda: 1 // 0)

    assert [number for number, _ in done] == list(range(5))
    assert all(name.startswith("turns") for _, name in done)


async def test_a_share_is_one_callers_and_lasts_as_long_as_somebody_holds_it() -> None:
    mine, yours = share_of("a", 2), share_of("b", 2)
    async with mine, mine:
        assert share_of("a", 2).locked()
        assert not yours.locked()
        assert not share_of("a", 1).locked()
