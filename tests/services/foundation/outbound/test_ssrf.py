"""The promise that no URL leads to a connection to an address that is not public."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.foundation.outbound.addresses import is_public

PROBE = Path(__file__).with_name("ssrf_probe.py")
PUBLIC = "127.0.0.5"
"""As the probe has it."""


def probed(how: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, PROBE, how], check=True, capture_output=True, timeout=120)
    return json.loads(done.stdout)


def forbidden(addresses: list[str]) -> list[str]:
    return [address for address in addresses if address != PUBLIC and not is_public(address)]


@pytest.fixture(scope="module")
def guarded() -> dict[str, Any]:
    return probed("guarded")


@pytest.fixture(scope="module")
def careless() -> dict[str, Any]:
    return probed("careless")


def test_no_url_of_the_corpus_makes_a_forbidden_connection(guarded: dict[str, Any]) -> None:
    made = {url: seen for url, seen in guarded.items() if forbidden(seen["dialed"] + seen["accepted"])}

    assert len(guarded) >= 200
    assert made == {}


def test_the_connections_alone_keep_that_whatever_the_client_above_them_does() -> None:
    made = {url: seen for url, seen in probed("backend").items() if forbidden(seen["dialed"] + seen["accepted"])}

    assert made == {}


def test_what_is_public_is_reached(guarded: dict[str, Any]) -> None:
    reached = [url for url, seen in guarded.items() if seen["accepted"]]

    assert reached == [url for url, seen in guarded.items() if seen["reaches"]]
    assert {address for seen in guarded.values() for address in seen["accepted"]} == {PUBLIC}


def test_a_name_that_rebinds_is_reached_only_while_it_is_public(guarded: dict[str, Any]) -> None:
    first = guarded["reaches http://rebind-7f000005-7f000001.ssrf.test:{port}/"]
    second = guarded["reaches http://rebind-7f000001-7f000005.ssrf.test:{port}/"]

    assert first["dialed"] == first["accepted"] == [PUBLIC, PUBLIC]
    assert second["dialed"] == second["accepted"] == [PUBLIC]


def test_without_the_guard_the_corpus_does_reach_what_it_should_not(careless: dict[str, Any]) -> None:
    """So the corpus can fail: it counts sockets, and an HTTP client that nobody guards opens many."""
    dialed = [url for url, seen in careless.items() if forbidden(seen["dialed"])]
    accepted = [url for url, seen in careless.items() if forbidden(seen["accepted"])]

    assert len(dialed) >= 100
    assert len(accepted) >= 40
    for url in (
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://to-7f000001.ssrf.test:{port}/",
        "reaches http://rebind-7f000005-7f000001.ssrf.test:{port}/",
        "reaches http://127.0.0.5:{port}/redirect/http%3A%2F%2F127.0.0.1%3A{port}%2F",
    ):
        assert url in accepted
