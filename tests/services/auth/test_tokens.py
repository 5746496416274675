"""This file is what authentication promises: Clerk's tokens by PEM or JWKS, ours in development only."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from services.auth.jwks import JwksKeys, PemKey
from services.auth.tokens import Authenticator, ClerkVerifier, DevVerifier, issue_dev_token
from services.core.errors import Unauthenticated

ISSUER = "https://clerk.example"
SECRET = "a-secret-of-at-least-thirty-two-characters"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - tokens are checked against the machine's clock


def clerk_token(key: rsa.RSAPrivateKey = KEY, **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "sub": "user_2xYZ",
        "azp": "https://app.example",
        "iat": now(),
        "nbf": now(),
        "exp": now() + timedelta(seconds=60),
    }
    return jwt.encode({**claims, **changes}, key, algorithm="RS256", headers={"kid": "k1"})


def authenticator() -> Authenticator:
    clerk = ClerkVerifier(PemKey(PEM), ISSUER, ["https://app.example"])
    return Authenticator({"RS256": clerk, "HS256": DevVerifier(SECRET)}, dev_users=False)


async def test_a_clerk_token_is_its_user() -> None:
    subject = await authenticator().subject(authorization=f"Bearer {clerk_token()}", dev_user_id=None)

    assert subject is not None
    assert subject.user_id == "user_2xYZ"


@pytest.mark.parametrize(
    "token",
    [
        clerk_token(iss="https://evil.example"),
        clerk_token(azp="https://evil.example"),
        clerk_token(exp=now() - timedelta(seconds=60)),
        clerk_token(nbf=now() + timedelta(seconds=60)),
        clerk_token(sub=None),
        clerk_token(key=OTHER_KEY),
        jwt.encode({"sub": "user_2xYZ", "iss": ISSUER}, PEM[:64], algorithm="HS256"),
        jwt.encode({"sub": "user_2xYZ", "iss": ISSUER}, "", algorithm="none"),
        "not.a.token",
    ],
    ids=["issuer", "party", "expired", "not yet", "no subject", "other key", "key confusion", "none", "garbage"],
)
async def test_a_token_that_does_not_hold_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        await authenticator().subject(authorization=f"Bearer {token}", dev_user_id=None)


async def test_a_development_token_is_its_user_where_there_is_a_secret() -> None:
    token = issue_dev_token("alice", secret=SECRET, lifetime=timedelta(days=7), now=now)

    subject = await authenticator().subject(authorization=f"bearer {token}", dev_user_id=None)
    with pytest.raises(Unauthenticated):
        await Authenticator({}, dev_users=False).subject(authorization=f"Bearer {token}", dev_user_id=None)

    assert subject is not None
    assert subject.user_id == "user_alice"


async def test_a_dev_user_header_is_believed_in_development_only() -> None:
    with pytest.raises(Unauthenticated):
        await authenticator().subject(authorization=None, dev_user_id="alice")

    subject = await Authenticator({}, dev_users=True).subject(authorization=None, dev_user_id="alice")
    assert subject is not None
    assert subject.user_id == "user_alice"


async def test_without_credentials_there_is_nobody() -> None:
    assert await authenticator().subject(authorization=None, dev_user_id=None) is None


@dataclass
class KeyServer:
    """A JWKS endpoint that can be taken away and counts what is asked of it."""

    keys: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    requests: int = 0
    up: bool = True
    url: str = ""


@contextmanager
def key_server() -> Generator[KeyServer]:
    state = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests += 1
            self.send_response(200 if state.up else 500)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": state.keys}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/jwks"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def jwk(key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "alg": "RS256"}


async def test_keys_are_fetched_once_and_go_on_serving_when_the_key_server_is_gone() -> None:
    with key_server() as served:
        served.keys = [jwk(KEY, "k1")]
        verifier = ClerkVerifier(JwksKeys(served.url), ISSUER, [])

        await verifier.claims(clerk_token())
        served.up = False
        claims = await verifier.claims(clerk_token())

    assert claims["sub"] == "user_2xYZ"
    assert served.requests == 1


async def test_made_up_key_ids_do_not_flood_the_key_server() -> None:
    with key_server() as served:
        served.keys = [jwk(OTHER_KEY, "other")]
        verifier = ClerkVerifier(JwksKeys(served.url), ISSUER, [])

        for _ in range(5):
            with pytest.raises(jwt.PyJWTError):
                await verifier.claims(clerk_token())

    assert served.requests == 1
