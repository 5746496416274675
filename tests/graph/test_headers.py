"""What comes with every answer: headers for browsers, and compression for what is long."""

import re

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from graph.app import create_app
from graph.headers import HSTS, NOTHING, PAGE
from services.bootstrap import opened
from services.config import read
from services.core.tls import trusted
from tests.snapinfra import Server, User

PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
INTROSPECTION = "{ __schema { types { name description } } }"


@pytest.mark.parametrize("path", ["/graphql", "/graphql?query={nothing}", "/api/health", "/nowhere"])
async def test_every_answer_says_that_it_is_no_page_and_not_to_be_guessed_at(server: Server, path: str) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(f"{server.origin}{path}")

    assert answer.headers["content-security-policy"] == NOTHING
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers  # development has no TLS


@pytest.mark.parametrize("path", ["/graphql", "/"])
async def test_a_page_and_its_scripts_may_load_from_here_alone(server: Server, path: str) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        page = await http.get(f"{server.origin}{path}", headers={"accept": "text/html"})
        (source,) = re.findall(r'<script [^>]*src="(.+?)"', page.text)
        script = await http.get(f"{server.origin}{source}")

    assert script.headers["content-type"].startswith("text/javascript")
    assert page.headers["content-security-policy"] == script.headers["content-security-policy"] == PAGE
    assert "script-src 'self';" in PAGE
    assert "frame-ancestors 'none'" in PAGE


@pytest.mark.parametrize(("environment", "told"), [("production", HSTS), ("development", None)])
async def test_in_production_browsers_are_told_to_come_by_tls_only(
    emulator: str, environment: str, told: str | None
) -> None:
    config = read(
        {
            "SNAPINFRA_ENV": environment,
            "AWS_ENDPOINT_URL": emulator,
            "CLERK_JWT_KEY": PEM,
            "CLERK_ISSUER": "https://clerk.example",
            "API_KEY_PEPPER": "p" * 32,
        }
    )
    async with (
        opened(config, {}) as process,
        httpx.AsyncClient(transport=httpx.ASGITransport(create_app(process.services)), base_url="http://x") as http,
    ):
        answer = await http.get("/")

    assert answer.headers.get("strict-transport-security") == told


async def test_a_long_answer_is_compressed_for_who_can_read_that_and_a_short_one_is_not(alice: User) -> None:
    headers = {"authorization": f"Bearer {alice.token}"}
    async with httpx.AsyncClient(verify=trusted(), headers=headers) as http:
        long = await http.post(alice.url, json={"query": INTROSPECTION}, headers={"accept-encoding": "gzip"})
        plain = await http.post(alice.url, json={"query": INTROSPECTION}, headers={"accept-encoding": "identity"})
        short = await http.post(alice.url, json={"query": "{ __typename }"}, headers={"accept-encoding": "gzip"})

    assert long.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in long.headers["vary"].lower()
    assert int(long.headers["content-length"]) < len(plain.content) / 3
    assert long.json() == plain.json()
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in short.headers


async def test_an_answer_is_for_whoever_asked_and_kept_by_nobody(alice: User) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(alice.url, json={"query": "{ __typename }"})

    assert answer.headers["cache-control"] == "no-store"
