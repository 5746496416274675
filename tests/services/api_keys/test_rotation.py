"""What becomes of API keys, and of retries, while the pepper changes."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from services.api_keys.service import NewApiKey
from services.bootstrap import Services, opened
from services.core.actor import Scope
from services.core.errors import Unauthenticated
from services.foundation.auth.tokens import Subject
from services.foundation.limits.idempotency import OtherArguments
from tests.snapinfra import provisioned, settings

OLD, NEW = "o" * 32, "n" * 32

Process = Callable[..., AbstractAsyncContextManager[Services]]


@pytest.fixture
def process(emulator: str, tmp_path: Path) -> Process:
    """Open one stage's services with a pepper, and where there is one, a previous pepper."""
    stage = provisioned(emulator).stage

    @asynccontextmanager
    async def run(pepper: str, previous: str = "") -> AsyncGenerator[Services]:
        config = settings(
            emulator,
            SNAPINFRA_STAGE=stage,
            SNAPINFRA_DATA=str(tmp_path),
            API_KEY_PEPPER=pepper,
            API_KEY_PEPPER_PREVIOUS=previous,
        )
        async with opened(config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
            yield process.services

    return run


async def made(services: Services, client_mutation_id: str | None = None, name: str = "ci") -> tuple[str, str | None]:
    alice = await services.users.actor(Subject("user_alice"))
    new = NewApiKey(name, (Scope.READ,), client_mutation_id=client_mutation_id)
    key, text = await services.api_keys.create(new, by=alice)
    return key.id, text


async def test_a_key_that_is_used_during_the_change_outlives_the_old_pepper(process: Process) -> None:
    async with process(OLD) as before:
        _, used = await made(before)
        _, idle = await made(before)
    assert used is not None
    assert idle is not None
    async with process(NEW, OLD) as during:
        await during.api_keys.enter(used)
    async with process(NEW) as after:
        _, actor = await after.api_keys.enter(used)
        with pytest.raises(Unauthenticated):
            await after.api_keys.enter(idle)

    assert actor.user_id == "user_alice"


async def test_processes_on_both_sides_of_the_change_take_the_same_keys(process: Process) -> None:
    async with process(OLD, NEW) as earlier, process(NEW, OLD) as later:
        _, first = await made(earlier)
        _, second = await made(later)
        for text in (first, second):
            assert text is not None
            for services in (earlier, later, earlier):
                _, actor = await services.api_keys.enter(text)

                assert actor.user_id == "user_alice"


async def test_a_retry_across_the_change_makes_nothing_twice(process: Process) -> None:
    async with process(OLD) as before:
        first, _ = await made(before, "once")
    async with process(NEW, OLD) as during:
        again, text = await made(during, "once")
        with pytest.raises(OtherArguments):
            await made(during, "once", name="other")

    assert again == first
    assert text is None
