"""An api that speaks TLS itself, and what keeps it from starting."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
)
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from cli.liveness import is_alive
from cli.serving import address_of
from services.config import BadConfig
from services.core.tls import trusted
from tests.certificates import key_text, self_signed
from tests.snapinfra import Server, serving, settings

ROOT = Path(__file__).parent.parent.parent
Pair = tuple[Path, Path]


def pair_in(folder: Path, name: str = "tls") -> Pair:
    """Write a self-signed certificate of this machine and its key."""
    certificate, key = self_signed("snapinfra.test", x509.IPAddress(ip_address("127.0.0.1")))
    cert_file, key_file = folder / f"{name}.pem", folder / f"{name}-key.pem"
    cert_file.write_bytes(certificate)
    key_file.write_bytes(key_text(key))
    return cert_file, key_file


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return pair_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secured(emulator: str, pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("data"))
    config = settings(emulator, SNAPINFRA_DATA=data, TLS_CERT_FILE=str(pair[0]), TLS_KEY_FILE=str(pair[1]))
    with serving(config) as running:
        yield running


async def test_the_api_speaks_https_and_wss_by_the_certificate_that_it_was_given(secured: Server, pair: Pair) -> None:
    trusting, origin = ssl.create_default_context(cafile=pair[0]), address_of(secured.config)
    token = {"Authorization": f"Bearer {secured.user().token}"}

    async with httpx.AsyncClient(verify=trusting, headers=token) as http:
        answer = await http.post(f"{origin}/graphql", json={"query": "{ viewer { id } }"})
    said: list[str] = []
    url, protocol = f"wss{origin.removeprefix('https')}/graphql", Subprotocol("graphql-transport-ws")
    async with connect(url, ssl=trusting, subprotocols=[protocol]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": token}))
        said.append(json.loads(await socket.recv())["type"])
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}))
        said += [json.loads(await socket.recv())["type"] for _ in range(2)]

    assert origin.startswith("https://127.0.0.1:")
    assert answer.status_code == 200
    assert answer.json()["data"]["viewer"]["id"]
    assert said == ["connection_ack", "next", "complete"]


async def test_who_does_not_know_the_certificate_or_comes_without_tls_gets_nothing(secured: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(f"{address_of(secured.config)}/api/live")
        with pytest.raises(httpx.HTTPError):
            await http.get(f"http://127.0.0.1:{secured.config.port}/api/live")


def test_the_health_check_of_a_container_finds_the_api(secured: Server) -> None:
    assert is_alive(port=secured.config.port, data=secured.config.data, scheme=secured.config.scheme)
    assert not is_alive(port=secured.config.port, data=secured.config.data)


def test_a_pair_that_can_not_serve_keeps_the_api_from_starting(pair: Pair, tmp_path: Path) -> None:
    other = pair_in(tmp_path, "other")
    locked, text, missing = tmp_path / "locked.pem", tmp_path / "text.pem", tmp_path / "missing.pem"
    locked.write_bytes(key_text(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"secret")))
    text.write_text("not a certificate")
    both = "TLS_CERT_FILE and TLS_KEY_FILE: "
    form = f"{both}must be a certificate and its private key in PEM, the key without a passphrase"

    def fault(**variables: Path) -> str:
        with pytest.raises(BadConfig) as bad:
            settings("http://127.0.0.1:1", **{name: str(file) for name, file in variables.items()})
        (only,) = bad.value.faults
        return only

    assert fault(TLS_CERT_FILE=pair[0]) == "TLS_KEY_FILE: required with TLS_CERT_FILE"
    assert fault(TLS_KEY_FILE=pair[1]) == "TLS_CERT_FILE: required with TLS_KEY_FILE"
    assert fault(TLS_CERT_FILE=pair[0], TLS_KEY_FILE=other[1]) == f"{both}the key is not that of the certificate"
    assert (
        fault(TLS_CERT_FILE=missing, TLS_KEY_FILE=pair[1])
        == f"{both}{missing} can't be read: No such file or directory"
    )
    assert fault(TLS_CERT_FILE=text, TLS_KEY_FILE=pair[1]) == form
    assert fault(TLS_CERT_FILE=pair[0], TLS_KEY_FILE=text) == form
    assert fault(TLS_CERT_FILE=pair[0], TLS_KEY_FILE=locked) == form
    assert fault(TLS_CERT_FILE=pair[1], TLS_KEY_FILE=pair[0]) == form


def test_development_speaks_http_whatever_the_environment_says(pair: Pair, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from cli.development import development_config; from cli.serving import address_of;"
        "print(address_of(development_config(port=8000, data=Path(), host='127.0.0.1')))"
    )
    tls = {"TLS_CERT_FILE": str(pair[0]), "TLS_KEY_FILE": str(pair[1]), "PYTHONPATH": str(ROOT)}

    printed = subprocess.run(
        [sys.executable, "-c", program], env=tls, cwd=tmp_path, check=True, capture_output=True, text=True
    )

    assert printed.stdout == "http://127.0.0.1:8000\n"
