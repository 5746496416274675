"""What authentication promises: Clerk's tokens by PEM or JWKS, ours in development only."""

import base64
import gzip
import hmac
import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from services.core.errors import Unauthenticated
from services.core.recent import Recent
from services.foundation.auth.jwks import JwksKeys, KeysUnavailable, PemKey
from services.foundation.auth.tokens import (
    REMEMBERED_FOR,
    Authenticator,
    ClerkVerifier,
    DevVerifier,
    Subject,
    Verifier,
    issue_dev_token,
)

ISSUER = "https://clerk.example"
PARTY = "https://app.example"
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
        "azp": PARTY,
        "iat": now(),
        "nbf": now(),
        "exp": now() + timedelta(seconds=60),
    }
    return jwt.encode({**claims, **changes}, key, algorithm="RS256", headers={"kid": "k1"})


def authenticator() -> Authenticator:
    clerk = ClerkVerifier(keys=PemKey(PEM), issuer=ISSUER, authorized_parties=[PARTY])
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
        clerk_token(nbf=now() + timedelta(hours=1)),
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


def sealed(header: object, claims: object, *, key: str = SECRET) -> str:
    """Write a token of whatever kind, signed with the development secret: PyJWT writes none of these."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = base64.urlsafe_b64encode(hmac.digest(key.encode(), b".".join(parts), "sha256")).rstrip(b"=")
    return b".".join([*parts, signature]).decode()


GOOD: dict[str, Any] = {"iss": "snapinfra-dev", "sub": "user_a", "iat": 1_700_000_000, "exp": 4_000_000_000}
ODD_HEADERS: list[object] = [
    {"alg": []},
    {"alg": {}},
    {"alg": None},
    {"alg": 5},
    {"alg": True},
    {"alg": "HS256", "kid": {"a": 1}},
    {"alg": "RS256", "kid": {"a": 1}},
    {"alg": "RS256", "kid": []},
    {"alg": "RS256", "kid": 5},
    {"alg": "HS256", "crit": [{}]},
    {"alg": "HS256", "crit": 5},
    {"alg": "HS256", "b64": False},
    {},
    [],
    5,
    "x",
    None,
]
ODD_VALUES: Mapping[str, list[Any]] = {
    "exp": [10**17, 10**400, -1, "x", [], {}, None, "9" * 5000, float("inf"), float("nan")],
    "iat": [10**400, "x", [], {}, None],
    "nbf": [10**17, "x", [], {}, float("inf")],
    "sub": [5, [], {}, None],
    "iss": [5, [], {}, None],
    "sid": [5, [], {}],
}
ODD_CLAIMS: list[object] = [
    *({**GOOD, name: odd} for name, values in ODD_VALUES.items() for odd in values),
    [],
    5,
    "x",
]


@pytest.mark.parametrize("header", ODD_HEADERS, ids=json.dumps)
async def test_a_token_with_an_odd_header_does_not_hold(header: object) -> None:
    with pytest.raises(Unauthenticated):
        await authenticator().subject(authorization=f"Bearer {sealed(header, GOOD)}", dev_user_id=None)


@pytest.mark.parametrize("claims", ODD_CLAIMS)
async def test_a_token_with_odd_claims_does_not_hold(claims: object) -> None:
    token = sealed({"alg": "HS256", "typ": "JWT"}, claims)

    with pytest.raises(Unauthenticated):
        await authenticator().subject(authorization=f"Bearer {token}", dev_user_id=None)


@pytest.mark.parametrize("part", ["W10", "", "é", "\ud83d", "e30", "[" * 9_000, "WyJb" * 5_000])
async def test_a_token_of_odd_parts_does_not_hold(part: str) -> None:
    for token in (part, f"{part}.{part}.{part}", f"{part}.e30.", f"{part}." * 9):
        with pytest.raises(Unauthenticated):
            await authenticator().subject(authorization=f"Bearer {token}", dev_user_id=None)


@pytest.mark.parametrize("email", [5, [], {}, "x", "a@b.example\r\nBcc: c@d.example"])
async def test_an_address_that_is_none_is_no_reason_to_refuse_a_token(email: object) -> None:
    token = sealed({"alg": "HS256"}, {**GOOD, "email": email})

    subject = await authenticator().subject(authorization=f"Bearer {token}", dev_user_id=None)

    assert subject is not None
    assert (subject.user_id, subject.email) == ("user_a", None)


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
    coding: str = ""
    body: bytes | None = None
    """What is answered instead of keys."""


@contextmanager
def key_server() -> Generator[KeyServer]:
    state = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests += 1
            self.send_response(200 if state.up else 500)
            if state.coding:
                self.send_header("content-encoding", state.coding)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(state.body or json.dumps({"keys": state.keys}).encode())

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
        verifier = ClerkVerifier(keys=JwksKeys(served.url), issuer=ISSUER, authorized_parties=[PARTY])

        await verifier.claims(clerk_token())
        served.up = False
        claims = await verifier.claims(clerk_token())

    assert claims["sub"] == "user_2xYZ"
    assert served.requests == 1


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"[]", ""),
        (b'{"keys": [{"kty": "\\ud83d"}]}', ""),
        (b"[" * 100_000, ""),
        (b" " * 1_000_000, ""),
        (gzip.compress(b" " * 1_000_000), "gzip"),
        (gzip.compress(gzip.compress(b"{}")), "gzip, gzip"),
    ],
    ids=["no object", "half a pair", "deep", "long", "long once unpacked", "packed twice"],
)
async def test_what_is_no_set_of_keys_lets_nobody_in(body: bytes, coding: str) -> None:
    with key_server() as served:
        served.body, served.coding = body, coding
        verifier = ClerkVerifier(keys=JwksKeys(served.url), issuer=ISSUER, authorized_parties=[PARTY])

        with pytest.raises(KeysUnavailable):
            await verifier.claims(clerk_token())

    assert served.requests == 1


async def test_made_up_key_ids_do_not_flood_the_key_server() -> None:
    with key_server() as served:
        served.keys = [jwk(OTHER_KEY, "other")]
        verifier = ClerkVerifier(keys=JwksKeys(served.url), issuer=ISSUER, authorized_parties=[PARTY])

        for _ in range(5):
            with pytest.raises(jwt.PyJWTError):
                await verifier.claims(clerk_token())

    assert served.requests == 1


@pytest.mark.parametrize(
    ("parties", "local", "azp"),
    [
        ([PARTY], False, None),
        ([], False, None),
        ([PARTY], False, PARTY),
        ([PARTY], False, "HTTPS://App.example/"),
        (["*"], False, "https://any.example"),
        ([], True, "http://localhost:5173"),
        ([], True, "http://127.0.0.1:5173"),
        ([], True, "http://app.localhost:3000"),
    ],
)
async def test_a_token_of_an_authorized_page_or_of_none_signs_in(
    parties: list[str], azp: str | None, *, local: bool
) -> None:
    token = token_of() if azp is None else token_of(azp=azp)

    claims = await ClerkVerifier(keys=PemKey(PEM), issuer=ISSUER, authorized_parties=parties, local=local).claims(token)

    assert claims["sub"] == "user_2xYZ"


@pytest.mark.parametrize(
    ("parties", "local", "azp"),
    [
        ([], False, PARTY),
        ([], False, "http://localhost:5173"),
        ([PARTY], False, "https://app.example.evil.example"),
        ([PARTY], False, "http://app.example"),
        ([PARTY], False, ""),
        ([], True, "http://localhost.evil.example"),
        ([], True, "http://localhost:5173@evil.example"),
    ],
)
async def test_a_token_of_another_page_does_not_sign_in(parties: list[str], azp: str, *, local: bool) -> None:
    with pytest.raises(Unauthenticated, match="made for a page that may not sign in here"):
        await ClerkVerifier(keys=PemKey(PEM), issuer=ISSUER, authorized_parties=parties, local=local).claims(
            token_of(azp=azp)
        )


@pytest.mark.parametrize("sts", ["pending", "expired", None, 5])
async def test_a_session_that_is_not_active_is_not_signed_in(sts: object) -> None:
    with pytest.raises(Unauthenticated, match="sign-in is not complete"):
        await authenticator().subject(authorization=f"Bearer {clerk_token(sts=sts)}", dev_user_id=None)


async def test_a_token_of_version_2_is_its_user_and_session() -> None:
    token = clerk_token(v=2, sts="active", sid="sess_1", fva=[3, -1], o={"id": "org_1", "rol": "admin"}, fea="o:x")

    subject = await authenticator().subject(authorization=f"Bearer {token}", dev_user_id=None)

    assert subject is not None
    assert (subject.user_id, subject.session_id) == ("user_2xYZ", "sess_1")


def token_of(**claims: str) -> str:
    """Make a token that names a page only if it is told to."""
    moment = now()
    fixed = {"iss": ISSUER, "sub": "user_2xYZ", "iat": moment, "nbf": moment, "exp": moment + timedelta(seconds=60)}
    return jwt.encode({**fixed, **claims}, KEY, algorithm="RS256", headers={"kid": "k1"})


@dataclass
class Counting:
    """Counts what it verifies."""

    verifier: Verifier
    asked: int = 0

    async def claims(self, token: str) -> Mapping[str, Any]:
        self.asked += 1
        return await self.verifier.claims(token)


async def test_a_token_is_checked_once_a_minute_and_never_believed_beyond_its_end() -> None:
    moment = now()
    counting = Counting(DevVerifier(SECRET))
    recent: Recent[Subject] = Recent(lifetime=REMEMBERED_FOR, most=2, now=lambda: moment)
    authentic = Authenticator({"HS256": counting}, dev_users=False, checked=recent)
    token = issue_dev_token("alice", secret=SECRET, lifetime=timedelta(seconds=90), now=now)

    async def subject(token: str) -> Subject | None:
        return await authentic.subject(authorization=f"Bearer {token}", dev_user_id=None)

    first, again = await subject(token), await subject(f" {token} ")
    assert first == again
    assert counting.asked == 1
    moment += timedelta(seconds=61)
    await subject(token)
    assert counting.asked == 2
    moment += timedelta(seconds=30)  # beyond its end: what was checked does not count any more
    await subject(token)
    assert counting.asked == 3
    for forged in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), token.swapcase()):
        with pytest.raises(Unauthenticated):
            await subject(forged)


async def test_tokens_of_both_secrets_hold_while_secrets_change() -> None:
    other = "another-secret-of-at-least-32-characters"
    token = issue_dev_token("alice", secret=SECRET, lifetime=timedelta(seconds=90), now=now)

    before = await DevVerifier(SECRET, other).claims(token)
    after = await DevVerifier(other, SECRET).claims(token)

    assert before == after
    assert before["sub"] == "user_alice"
    for verifier in (DevVerifier(other), DevVerifier(other, other)):
        with pytest.raises(jwt.InvalidSignatureError):
            await verifier.claims(token)


async def test_a_token_of_the_previous_secret_ends_when_it_says() -> None:
    token = issue_dev_token("alice", secret=SECRET, lifetime=timedelta(seconds=-60), now=now)

    with pytest.raises(jwt.ExpiredSignatureError):
        await DevVerifier("another-secret-of-at-least-32-characters", SECRET).claims(token)
