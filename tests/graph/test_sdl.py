"""`GET /schema.graphql`: the schema as a document."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from graph.headers import NOTHING
from services.core.tls import trusted
from tests.snapinfra import Server, serving, settings

ROOT = Path(__file__).parents[2]
COMMITTED = (ROOT / "schema.graphql").read_text()


@pytest.fixture(scope="module")
def slow(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api that a caller may ask five times a minute."""
    data = str(tmp_path_factory.mktemp("slow"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, API_RATE_PER_MINUTE="5")) as running:
        yield running


async def test_the_schema_of_the_repository_is_served_to_whoever_asks(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(f"{server.origin}/schema.graphql")

    assert answer.status_code == 200
    assert answer.text == COMMITTED
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-security-policy"] == NOTHING


async def test_who_takes_no_compression_gets_the_schema_as_it_is(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted(), headers={"accept-encoding": "identity"}) as http:
        answer = await http.get(f"{server.origin}/schema.graphql")

    assert "content-encoding" not in answer.headers
    assert answer.text == COMMITTED


async def test_who_has_the_schema_already_is_told_so_and_sent_nothing(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        first = await http.get(f"{server.origin}/schema.graphql")
        again = await http.get(f"{server.origin}/schema.graphql", headers={"if-none-match": first.headers["etag"]})
        other = await http.get(f"{server.origin}/schema.graphql", headers={"if-none-match": '"another"'})

    assert (again.status_code, again.content) == (304, b"")
    assert (other.status_code, other.text) == (200, COMMITTED)


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(slow: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answers = [await http.get(f"{slow.origin}/schema.graphql") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 12
    assert answers[-1].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_the_schema_is_read_and_not_written(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(f"{server.origin}/schema.graphql", content=b"type Query")

    assert answer.status_code == 405


def test_editors_are_told_where_the_schema_and_the_documents_are() -> None:
    lines = (ROOT / ".graphqlrc.yml").read_text().splitlines()
    told = dict(line.split(": ") for line in lines if not line.startswith("#"))

    assert (ROOT / told["schema"]).read_text() == COMMITTED
    assert list(ROOT.glob(told["documents"]))
