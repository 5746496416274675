"""A process that calls every URL of the corpus and reports which addresses sockets were connected to.

`python ssrf_probe.py guarded` calls them as the product does; `backend` with an HTTP client that takes any URL and
follows redirects, but over the product's connections; `careless` with that client as it is. The report, one JSON object
on stdout, has for each URL the addresses that were dialed (an audit hook of the interpreter sees each connect, and lets
none leave this machine) and those on which a connection was accepted. It is a process of its own since an audit hook
can not be taken out again.
"""

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpcore
import httpx

sys.path.insert(0, str(Path(__file__).parents[4]))

from services.core.ids import TeamId
from services.foundation.outbound.addresses import is_public
from services.foundation.outbound.client import Outbound, Unreachable
from services.foundation.outbound.connect import AddressRefused, GuardedBackend, Rule
from services.foundation.outbound.resolver import SystemResolver
from tests.fakes.dns import FakeDNS

CORPUS = Path(__file__).with_name("ssrf_urls.txt")
PUBLIC = "127.0.0.5"
"""Stands for a public address, since no other can be reached from a test."""

CALLS = 3
"""Calls of each URL, so that names that rebind do."""

dialed: list[str] = []


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        address = str(arguments[1][0])  # pyright: ignore[reportUnknownArgumentType] - the first of any tuple
        dialed.append(address)
        read = ip_address(address.partition("%")[0])
        read = read.ipv4_mapped or read if isinstance(read, IPv6Address) else read
        if not (read.is_loopback or read.is_unspecified):
            raise ConnectionRefusedError("nothing leaves this machine")


def allowed(address: str) -> bool:
    return address == PUBLIC or is_public(address)


def addresses_of(name: str, count: int) -> Sequence[str]:
    """Return what the fake DNS has for a name."""
    name = name.lower()
    if match := re.fullmatch(r"(to|rebind)-([0-9a-f-]+)\.ssrf\.test", name):
        found = [str(ip_address(bytes.fromhex(digits))) for digits in match[2].split("-")]
        return found if match[1] == "to" else [found[count % len(found)]]
    if match := re.search(r"(\d+)[.-](\d+)[.-](\d+)[.-](\d+)\.(?:nip|sslip)\.io$", name):
        return [".".join(match.groups())]
    if match := re.fullmatch(r"([0-9a-f]{8})\.nip\.io", name):
        return [str(ip_address(bytes.fromhex(match[1])))]
    if name.endswith("metadata.google.internal") or name == "instance-data":
        return ["169.254.169.254"]
    if name == "kubernetes.default.svc":
        return ["10.96.0.1"]
    return ["127.0.0.1"] if name.endswith(("localtest.me", "lvh.me", "vcap.me")) else []


@dataclass
class Machine:
    """Listens on a port of every address, notes on which one connections are accepted, and redirects where asked."""

    accepted: list[str] = field(default_factory=list[str])

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[int]:
        v4 = socket.create_server(("0.0.0.0", 0), backlog=512)
        port = v4.getsockname()[1]
        v6 = socket.create_server(("::", port), family=socket.AF_INET6, backlog=512)
        servers = [await asyncio.start_server(self._answer, sock=listener) for listener in (v4, v6)]
        yield port
        for server in servers:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted.append(str(writer.get_extra_info("sockname")[0]))
        with suppress(OSError, ValueError, IndexError):
            path = (await reader.readline()).split(b" ")[1].decode()
            target = unquote(path.removeprefix("/redirect/")) if path.startswith("/redirect/") else None
            head = f"HTTP/1.1 302 Found\r\nlocation: {target}" if target else "HTTP/1.1 204 No Content"
            writer.write(f"{head}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()


@dataclass
class Resolver:
    """Asks the fake DNS for its names, and the machine for the rest."""

    dns: FakeDNS
    system: Callable[[str, int], Awaitable[Sequence[str]]]

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        if addresses_of(host.removesuffix("."), 0):
            return await self.dns.resolve(host, port)
        return await self.system(host, port)


async def as_most_programs(host: str, port: int) -> Sequence[str]:
    """Resolve by getaddrinfo, which reads 2130706433 and the like as addresses."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Careless(httpx.AsyncHTTPTransport):
    """Takes any URL, and connects to whatever the resolver says and the rule allows."""

    def __init__(self, resolver: Resolver, rule: Rule) -> None:
        super().__init__(verify=False)
        backend = GuardedBackend(resolver, rule)
        self._pool = httpcore.AsyncConnectionPool(network_backend=backend, max_keepalive_connections=0)


async def call(url: str, outbound: Outbound, careless: httpx.AsyncClient | None) -> None:
    if careless is None:
        with suppress(Unreachable):
            await outbound.request("POST", url, team_id=TeamId("team_a"), headers={}, content=b"{}")
    else:
        with suppress(httpx.HTTPError, httpx.InvalidURL, AddressRefused, OSError, UnicodeError, ValueError):
            async with asyncio.timeout(5):
                await careless.post(url, content=b"{}")


async def probe(urls: Iterable[str], how: str) -> dict[str, Any]:
    report: dict[str, Any] = {}
    machine = Machine()
    with FakeDNS(addresses_of) as dns:
        resolver = Resolver(dns, as_most_programs if how == "careless" else SystemResolver())
        outbound = Outbound(resolver, allowed, plain=True)
        rule: Rule = (lambda _: True) if how == "careless" else allowed
        client = httpx.AsyncClient(transport=Careless(resolver, rule), follow_redirects=True, trust_env=False)
        async with machine.listening() as port, client:
            for line in urls:
                reaches, url = line.startswith("reaches "), line.removeprefix("reaches ").replace("{port}", str(port))
                dialed.clear()
                machine.accepted.clear()
                for _ in range(CALLS):
                    await call(url, outbound, None if how == "guarded" else client)
                report[line] = {"reaches": reaches, "dialed": [*dialed], "accepted": [*machine.accepted]}
    return report


def corpus() -> list[str]:
    lines = CORPUS.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


if __name__ == "__main__":
    sys.addaudithook(watch)
    print(json.dumps(asyncio.run(probe(corpus(), sys.argv[1]))))  # noqa: T201 - the report
