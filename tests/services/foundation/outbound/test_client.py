"""What requests to other people's servers promise."""

import asyncio
import ssl
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from services.core.ids import TeamId
from services.foundation.outbound.addresses import is_public, is_public_or_private
from services.foundation.outbound.client import MOST_BYTES, Outbound, Unreachable
from services.foundation.outbound.resolver import SystemResolver
from tests.certificates import key_text, self_signed
from tests.fakes.receiver import Receiver, Reply

TEAM = TeamId("team_a")


async def here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def outbound(*, total: float = 15) -> Outbound:
    return Outbound(SystemResolver(), is_public_or_private, plain=True, total=total)


async def test_a_request_arrives_as_it_was_sent() -> None:
    with Receiver(usual=Reply(200, {"X-One": "1"}, b"thanks")) as receiver:
        reply = await outbound().request(
            "POST", receiver.url + "?a=b", team_id=TEAM, headers={"x-id": "7"}, content=b'{"a":1}'
        )

    assert (reply.status, reply.headers["x-one"], reply.body) == (200, "1", b"thanks")
    (got,) = receiver.received
    assert (got.method, got.path, got.body) == ("POST", "/hook?a=b", '{"a":1}')
    assert got.headers == {"host": f"127.0.0.1:{receiver.port}", "content-length": "7", "x-id": "7"}


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with Receiver() as other, Receiver(usual=Reply(307, {"Location": other.url})) as receiver:
        reply = await outbound().request("POST", receiver.url, team_id=TEAM, headers={})

    assert reply.status == 307
    assert other.received == []


async def test_an_endless_answer_is_read_to_its_limit() -> None:
    with Receiver(usual=Reply(200, body=b"x" * 10_000, endless=True)) as receiver:
        reply = await outbound().request("POST", receiver.url, team_id=TEAM, headers={})

    assert len(reply.body) == MOST_BYTES


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    with Receiver(usual=Reply(silent=True)) as receiver:
        with pytest.raises(Unreachable, match="no answer in time"):
            await outbound(total=0.2).request("POST", receiver.url, team_id=TEAM, headers={})

        assert len(receiver.received) == 1


async def test_a_name_server_that_does_not_answer_is_given_up() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError

    slow = Outbound(never, is_public, plain=True, total=0.1)

    with pytest.raises(Unreachable, match="no answer in time"):
        await slow.request("POST", "http://example.com/", team_id=TEAM, headers={})


async def test_nobody_listening_is_said_so() -> None:
    with Receiver() as receiver:
        url = receiver.url

    with pytest.raises(Unreachable, match="does not accept connections"):
        await outbound().request("POST", url, team_id=TEAM, headers={})


def certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server of that name serves with, and what trusts it."""
    made, key = self_signed(name, x509.DNSName(name))
    file = folder / "server.pem"
    file.write_bytes(key_text(key) + made)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cadata=made.decode())


async def test_the_certificate_must_be_that_of_the_name_although_an_address_is_dialed(tmp_path: Path) -> None:
    serving, trusting = certificate("receiver.test", tmp_path)
    client = Outbound(here, is_public_or_private, tls=trusting)

    with Receiver(tls=serving) as receiver:
        reply = await client.request("POST", f"https://receiver.test:{receiver.port}/", team_id=TEAM, headers={})
        with pytest.raises(Unreachable, match="certificate does not hold"):
            await client.request("POST", f"https://another.test:{receiver.port}/", team_id=TEAM, headers={})

    assert reply.status == 204
    assert [got.headers["host"] for got in receiver.received] == [f"receiver.test:{receiver.port}"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "url must start with https://: what we send is not for others to read."),
        ("ftp://example.com/", "url must start with https://."),
        ("https://user:pw@example.com/", "url must not carry a user name or password."),
        ("https://example.com:25/", "url must use port 80, 443 or one from 1024."),
        ("https://example.com/#a", "url must not have a fragment (#…)."),
        ("https://10.0.0.1/", "url must have a public address."),
        ("https://[::1]/", "url must have a public address."),
        ("https://2130706433/", "url must write an address in its usual form, such as 192.0.2.1."),
        ("https://intranet/", "url must have a full name as its host, such as example.com."),
        (
            "https://exämple.com/",
            "url must be plain ASCII without spaces; write a name in another script as punycode (xn--…).",
        ),
        ("https://example.com/" + "a" * 2048, "url must have at most 2,048 characters."),
    ],
)
def test_a_url_that_can_not_be_called_says_why(url: str, why: str) -> None:
    faults = Outbound(SystemResolver(), is_public).faults(url, field=["url"])

    assert [(fault.message, fault.field) for fault in faults] == [(why, ("url",))]


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "https://example.com:8443/a?b=c", "https://xn--exmple-cua.com/", "https://8.8.8.8/x"],
)
def test_a_url_that_can_be_called_has_no_fault(url: str) -> None:
    assert Outbound(SystemResolver(), is_public).faults(url, field=["url"]) == []


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_the_internets_addresses_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_no_address_is_public_that_the_standard_library_calls_private(address: object) -> None:
    text = str(address)

    assert not (is_public(text) and not getattr(address, "is_global", True))


@given(st.ip_addresses(v=6, network=str(ip_network("2002::/16"))) | st.ip_addresses(v=6, network="64:ff9b::/32"))
def test_no_address_that_carries_another_one_is_public(address: object) -> None:
    assert not is_public(str(address))


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fd00:ec2::254", "168.63.129.16", "224.0.0.1", "0.0.0.0", "nonsense"]
)
def test_metadata_is_out_of_reach_also_where_private_addresses_are_allowed(address: str) -> None:
    assert not is_public_or_private(address)
