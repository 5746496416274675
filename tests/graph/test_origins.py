"""Which hosts the api answers for, which pages may call it, and how no page signs in."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from services.config import BadConfig, Config, read
from services.core.tls import trusted
from tests.snapinfra import Server, serving, settings

PUBLIC = "https://app.example"
LOCAL = [
    "http://localhost:5173",
    "http://127.0.0.1:3000",
    "https://localhost",
    "http://[::1]:8080",
    "http://a.localhost",
]
FOREIGN = [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://128.0.0.1",
    "null",
    "file://",
    "http://[",
    "",
]


@pytest.fixture(scope="module")
def public(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api with a name, and a page that may call it, in production but for its AWS."""
    data = str(tmp_path_factory.mktemp("public"))
    config = settings(
        emulator, SNAPINFRA_DATA=data, ALLOWED_HOSTS="api.example, *.api.example", CORS_ORIGIN=f"{PUBLIC}/"
    )
    with serving(config.model_copy(update={"environment": "production"})) as running:
        yield running


async def post(server: Server, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(verify=trusted()) as http:
        return await http.post(server.url, json={"query": "{ viewer { id } }"}, headers=names)


async def preflight(server: Server, origin: str, header: str = "authorization") -> httpx.Response:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": header}
    async with httpx.AsyncClient(verify=trusted()) as http:
        return await http.options(server.url, headers={"origin": origin, **asked})


def socket(server: Server, **headers: str) -> connect:
    return connect(
        f"ws://{headers.pop('host', '127.0.0.1')}/graphql",
        host="127.0.0.1",
        port=server.config.port,
        origin=Origin(headers.pop("origin")) if "origin" in headers else None,
        additional_headers=headers,
        subprotocols=[Subprotocol("graphql-transport-ws")],
    )


async def status_of_socket(server: Server, **headers: str) -> int:
    """Return the status with which an upgrade is answered."""
    try:
        async with socket(server, **headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def raw_status(server: Server, *lines: str) -> int:
    """Return the status of a request with exactly these headers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    writer.write(
        "".join(f"{line}\r\n" for line in ("GET /api/live HTTP/1.1", *lines, "connection: close", "")).encode()
    )
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


@pytest.mark.parametrize("origin", LOCAL)
async def test_in_development_pages_of_this_machine_may_call(server: Server, origin: str) -> None:
    answered, asked = await post(server, origin=origin), await preflight(server, origin)

    assert answered.headers["access-control-allow-origin"] == asked.headers["access-control-allow-origin"] == origin
    assert asked.status_code == 200
    assert await status_of_socket(server, origin=origin) == 101


@pytest.mark.parametrize("origin", FOREIGN)
async def test_pages_from_elsewhere_may_not_also_in_development(server: Server, origin: str) -> None:
    answered, asked = await post(server, origin=origin), await preflight(server, origin)

    assert "access-control-allow-origin" not in answered.headers
    assert "access-control-allow-origin" not in asked.headers
    assert await status_of_socket(server, origin=origin) == 403


@pytest.mark.parametrize("origin", [*LOCAL, *FOREIGN])
async def test_in_production_only_pages_that_are_listed_may_call(public: Server, origin: str) -> None:
    answered, listed = await post(public, origin=origin), await post(public, origin=PUBLIC)

    assert "access-control-allow-origin" not in answered.headers
    assert listed.headers["access-control-allow-origin"] == PUBLIC
    assert await status_of_socket(public, origin=origin) == 403
    assert await status_of_socket(public, origin=PUBLIC) == 101


async def test_our_own_pages_may_call_by_whichever_name_they_came(public: Server) -> None:
    own = {"host": "api.example", "origin": "https://api.example", "sec-fetch-site": "same-origin"}

    assert (await post(public, **own)).status_code == 200
    assert await status_of_socket(public, **own) == 101


async def test_an_origin_and_a_host_that_are_refused_are_told_once_with_the_setting(
    public: Server, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await post(public, origin="https://once.example")
        await status_of_socket(public, origin="https://once.example")
        await post(public, host="once.example")

    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "CORS_ORIGIN does not list the origin 'https://once.example': its requests are refused",
        "ALLOWED_HOSTS does not list the host 'once.example': its requests are refused",
    ]


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "a.localhost", "127.0.0.1:1", "10.1.2.3", "[::1]:8000", "[2001:db8::1]", "api", ""],
)
async def test_names_that_nobody_can_make_lead_elsewhere_always_work(public: Server, host: str) -> None:
    assert await raw_status(public, f"host: {host}") == 200
    assert await raw_status(public) == 200


@pytest.mark.parametrize("host", ["api.example", "API.Example:443", "x.api.example", "a.b.api.example", "api.example."])
async def test_listed_names_work(public: Server, server: Server, host: str) -> None:
    assert await raw_status(public, f"host: {host}") == 200
    assert await raw_status(server, f"host: {host}") == 421


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "notapi.example",
        "api.example.evil",
        "a:b:c",
        "[::1",
        "a.b/../localhost",
        "user@evil.example",
    ],
)
async def test_other_names_are_refused_on_every_transport(public: Server, server: Server, host: str) -> None:
    for running in (public, server):
        assert await raw_status(running, f"host: {host}") == 421
    refused = await post(server, host=host, x_dev_user_id="alice")

    assert (refused.status_code, refused.headers["connection"]) == (421, "close")
    assert refused.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_other_names_are_refused_on_a_socket_too(public: Server, server: Server) -> None:
    assert [await status_of_socket(it, host="evil.example") for it in (public, server)] == [421, 421]
    assert await raw_status(server, "host: localhost", "host: evil.example") == 421


@pytest.mark.parametrize(
    "page",
    [
        {"origin": "http://localhost:5173"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "http://localhost:5173", "sec-fetch-site": "cross-site"},
    ],
)
async def test_no_page_signs_in_by_a_dev_user(server: Server, page: dict[str, str]) -> None:
    by_page = await post(server, **{"x-dev-user-id": "alice", **page})
    by_token = await post(server, **{"authorization": f"Bearer {server.user().token}", **page})
    by_program = await post(server, **{"x-dev-user-id": "alice"})
    async with socket(server, **page) as greeted:
        await greeted.send(json.dumps({"type": "connection_init", "payload": {"x-dev-user-id": "alice", "origin": ""}}))
        await greeted.wait_closed()

    assert (by_page.status_code, by_page.json()["errors"][0]["extensions"]) == (401, {"code": "UNAUTHENTICATED"})
    assert by_token.json()["data"]["viewer"]
    assert by_program.json()["data"]["viewer"]["id"] == "user_alice"
    assert greeted.close_code == 4403


async def test_a_page_may_not_even_ask_to_send_a_dev_user(server: Server) -> None:
    refused = await preflight(server, LOCAL[0], "x-dev-user-id")

    assert (refused.status_code, refused.text) == (400, "Disallowed CORS headers")


def test_origins_are_read_as_browsers_send_them() -> None:
    given = "https://App.example/ http://localhost:80, https://a.example:8443 http://[::1]:5173 *"

    assert development(CORS_ORIGIN=given).cors_origins == (
        "https://app.example",
        "http://localhost",
        "https://a.example:8443",
        "http://[::1]:5173",
        "*",
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("CORS_ORIGIN", "https://app.example/path"),
        ("CORS_ORIGIN", "app.example"),
        ("CORS_ORIGIN", "ftp://app.example"),
        ("CORS_ORIGIN", "https://*.example"),
        ("CORS_ORIGIN", "https://user@app.example"),
        ("CORS_ORIGIN", "https://app.example?x"),
        ("ALLOWED_HOSTS", "https://api.example"),
        ("ALLOWED_HOSTS", "api.example:8000"),
        ("ALLOWED_HOSTS", "api.*"),
        ("ALLOWED_HOSTS", "api.example/"),
    ],
)
def test_what_could_never_fit_is_refused_at_the_start(setting: str, value: str) -> None:
    with pytest.raises(BadConfig, match=f"{setting}: must be"):
        development(**{setting: value})


def development(**variables: str) -> Config:
    return read({"SNAPINFRA_ENV": "development", **variables})
