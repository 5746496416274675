"""How long a credential holds: a short-lived session token binds to its session."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from services.bootstrap import Services, opened
from services.core.clock import utc_now
from services.core.errors import Unauthenticated
from services.foundation.auth.access import AccessChange
from services.sign_in import Credential
from tests.fakes.clerk import SECRET, FakeClerk, fake_clerk
from tests.fakes.clock import Clock
from tests.snapinfra import provisioned

ISSUER = "https://clerk.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)


@pytest.fixture
def clerk() -> Iterator[FakeClerk]:
    with fake_clerk() as fake:
        fake.sessions["sess_1"] = "active"
        yield fake


@pytest.fixture
def clock() -> Clock:
    return Clock(utc_now())


@pytest.fixture
async def services(emulator: str, tmp_path: Path, clock: Clock, clerk: FakeClerk) -> AsyncIterator[Services]:
    config = provisioned(
        emulator,
        SNAPINFRA_DATA=str(tmp_path),
        CLERK_JWT_KEY=PEM,
        CLERK_ISSUER=ISSUER,
        CLERK_SECRET_KEY=SECRET,
        CLERK_API_URL=clerk.url,
    )
    async with opened(config, dict(os.environ), now=clock) as process:  # noqa: TID251 - nothing of it is used here
        yield process.services


async def signed_in(services: Services) -> Credential:
    """Sign in with a token of 60 seconds."""
    moment = datetime.now(UTC)  # noqa: TID251 - tokens are checked against the machine's clock
    claims = {"iss": ISSUER, "sub": "user_2xYZ", "sid": "sess_1", "iat": moment, "nbf": moment}
    token = jwt.encode({**claims, "exp": moment + timedelta(seconds=60)}, KEY, algorithm="RS256")
    credential = await services.sign_in.credential({"authorization": f"Bearer {token}"})
    assert credential is not None
    return credential


def when(credential: Credential) -> datetime:
    """Return when to look at the credential again."""
    assert credential.holds_until is not None
    return credential.holds_until


async def test_a_socket_outlives_its_token_while_the_session_goes_on(services: Services, clock: Clock) -> None:
    credential = await signed_in(services)

    for _ in range(5):
        clock.time = when(credential)
        credential = await services.sign_in.again(credential)

    assert credential.actor.user_id == "user_2xYZ"
    assert credential.holds_until == clock() + timedelta(minutes=1)


@pytest.mark.parametrize("status", ["ended", "revoked", "removed", None])
async def test_it_ends_with_the_session(services: Services, clock: Clock, clerk: FakeClerk, status: str | None) -> None:
    credential = await signed_in(services)
    clerk.sessions = {"sess_1": status} if status else {}
    clock.time = when(credential)

    with pytest.raises(Unauthenticated) as refused:
        await services.sign_in.again(credential)

    assert refused.value.message == "The session has ended."


async def test_while_clerk_does_not_answer_it_holds_for_an_hour(
    services: Services, clock: Clock, clerk: FakeClerk
) -> None:
    credential = await signed_in(services)
    clerk.is_down = True
    for _ in range(5):
        clock.time = when(credential)
        credential = await services.sign_in.again(credential)
    clock.time = credential.confirmed_at + timedelta(hours=1)

    with pytest.raises(Unauthenticated) as refused:
        await services.sign_in.again(credential)

    assert refused.value.message == "The token has long expired: connect again with a new one."


async def test_news_that_the_session_has_ended_end_it_at_once(services: Services, clock: Clock) -> None:
    credential = await signed_in(services)
    change = AccessChange(id="all", seq=1, subject="sess_1", expires_at=0, created_at=clock(), updated_at=clock())

    with pytest.raises(Unauthenticated) as refused:
        await services.sign_in.after(change, credential)

    assert refused.value.message == "The session has ended."
    assert "sess_1" in credential.names
