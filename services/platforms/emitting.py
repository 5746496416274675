"""Events of work that is written as a coroutine: it emits them, and somebody else reads them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from services.platforms.port import DeployFailed, Event, StepChanged, StepState
from services.platforms.process import ended, to_the_end

Emit = Callable[[Event], Awaitable[None]]


class _End:
    """Stands behind the last event."""


async def emitted(work: Callable[[Emit], Coroutine[Any, Any, None]], *, ahead: int = 0) -> AsyncGenerator[Event]:
    """Yield what work emits, and raise what it raises; closing this cancels it and waits for its end.

    Up to `ahead` events wait for a reader that is slow. With none, `emit` returns only when the reader has asked for
    what follows: when it is done with the event.
    """
    events: asyncio.Queue[Event | Exception | _End] = asyncio.Queue(ahead or 1)

    async def emit(event: Event) -> None:
        await events.put(event)
        if not ahead:
            await events.join()

    async def report() -> None:
        try:
            await work(emit)
        except Exception as error:  # noqa: BLE001 - it is raised where the events are read
            await events.put(error)
        await events.put(_End())

    task = asyncio.create_task(report())
    try:
        while not isinstance(event := await events.get(), _End):
            if isinstance(event, Exception):
                raise event
            yield event
            events.task_done()
    finally:
        task.cancel()
        await to_the_end(ended(task))


@asynccontextmanager
async def step(emit: Emit, name: str) -> AsyncGenerator[None]:
    """Emit that a step begins, and how it ends."""
    await emit(StepChanged(name, StepState.RUNNING))
    try:
        yield
    except DeployFailed:
        await emit(StepChanged(name, StepState.FAILED))
        raise
    await emit(StepChanged(name, StepState.SUCCEEDED))
