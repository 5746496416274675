"""What API keys promise over time, with a clock of the test's own."""

import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.api_keys.model import ApiKey
from services.api_keys.service import NewApiKey
from services.bootstrap import Services, opened
from services.core.actor import Actor, Scope
from services.core.clock import utc_now
from services.core.errors import Unauthenticated
from services.foundation.auth.tokens import Subject
from tests.fakes.clock import Clock
from tests.snapinfra import provisioned


@pytest.fixture
def clock() -> Clock:
    return Clock(utc_now())


@pytest.fixture
async def services(emulator: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Services]:
    config = provisioned(emulator, SNAPINFRA_DATA=str(tmp_path))
    async with opened(config, dict(os.environ), now=clock) as process:  # noqa: TID251 - nothing of it is used here
        yield process.services


async def made(services: Services, expires_at: datetime | None = None) -> tuple[ApiKey, str, Actor]:
    alice = await services.users.actor(Subject("user_alice"))
    key, text = await services.api_keys.create(NewApiKey("ci", (Scope.READ,), expires_at=expires_at), by=alice)
    assert text is not None
    return key, text, alice


async def test_a_key_is_stored_as_a_keyed_hash_and_not_as_itself(services: Services) -> None:
    key, text, _ = await made(services)

    stored = await services.api_keys.table.find(key.id)

    assert stored is not None
    assert text.rpartition("_")[2] not in str(stored)
    assert len(stored.hash) == 64


async def test_a_key_is_refused_from_its_expiry_on(services: Services, clock: Clock) -> None:
    _, text, alice = await made(services, clock() + timedelta(hours=1))
    clock.advance(minutes=59)
    _, before = await services.api_keys.enter(text)
    clock.advance(minutes=1)

    with pytest.raises(Unauthenticated) as refused:
        await services.api_keys.enter(text)

    assert refused.value.message == "The API key has expired."
    assert before.user_id == alice.user_id


async def test_the_last_use_of_a_key_is_written_at_most_once_a_minute(services: Services, clock: Clock) -> None:
    key, text, _ = await made(services)
    versions: list[int] = []
    used: list[datetime | None] = []
    for _ in range(5):
        await services.api_keys.enter(text)
        stored = await services.api_keys.table.find(key.id)
        assert stored is not None
        versions.append(stored.version)
        used.append(stored.last_used_at)
        clock.advance(seconds=25)

    assert versions == [2, 2, 2, 3, 3]
    assert used[3] == used[0] + timedelta(seconds=75) if used[0] else False


async def test_a_revoked_key_is_refused_elsewhere_within_five_seconds(services: Services, clock: Clock) -> None:
    key, text, alice = await made(services)
    await services.api_keys.enter(text)
    kept = services.api_keys.recent.get(key.id)
    await services.api_keys.revoke(key.id, by=alice)
    assert kept is not None
    clock.advance(milliseconds=1)
    services.api_keys.recent.put(key.id, kept, read_at=clock())  # as a process that did not hear of it
    await services.api_keys.enter(text)
    clock.advance(seconds=5)

    with pytest.raises(Unauthenticated) as refused:
        await services.api_keys.enter(text)

    assert refused.value.message == "The API key has been revoked."
