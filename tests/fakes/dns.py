"""A DNS server on a loopback port, which answers as its rule says, and a resolver that asks it.

The time to live of every answer is 0, and the rule is told how often a name was asked for: so it can rebind.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from threading import Thread
from typing import Self

A, AAAA, NXDOMAIN = 1, 28, 3
Rule = Callable[[str, int], Sequence[str]]
"""From a name and how often its addresses were asked for before, to all of its addresses."""


@dataclass
class FakeDNS:
    """Use it as a block."""

    rule: Rule
    silent: Callable[[str], bool] = lambda _: False
    """Says whether a name is never answered for."""
    asked: Counter[str] = field(default_factory=Counter[str])
    _socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    _thread: Thread | None = None

    def __enter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"", self._socket.getsockname())
        assert self._thread is not None
        self._thread.join()
        self._socket.close()

    @property
    def server(self) -> str:
        """Where it listens, as `address:port`."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    async def resolve(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002 - a resolver's signature
        """Ask this server for A and AAAA, as a stub resolver does."""
        return await asyncio.to_thread(self._resolve, host)

    def _resolve(self, host: str) -> Sequence[str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            found: list[str] = []
            for kind in (AAAA, A):
                client.sendto(_query(host, kind), self._socket.getsockname())
                found += _addresses(client.recv(4096))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return found

    def _serve(self) -> None:
        while True:
            query, sender = self._socket.recvfrom(4096)
            if not query:
                return
            name, _ = _name(query, 12)
            if self.silent(name):
                self.asked[name] += 1
            else:
                self._socket.sendto(self._answer(query), sender)

    def _answer(self, query: bytes) -> bytes:
        name, end = _name(query, 12)
        (kind,) = struct.unpack_from("!H", query, end)
        addresses = [ip_address(text) for text in self.rule(name, self.asked[name])]
        if kind == A:  # the second of the two questions
            self.asked[name] += 1
        wanted = [each for each in addresses if isinstance(each, IPv4Address) == (kind == A)]
        flags = 0x8180 if addresses else 0x8180 | NXDOMAIN
        head = query[:2] + struct.pack("!HHHHH", flags, 1, len(wanted), 0, 0)
        records = [struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(each.packed)) + each.packed for each in wanted]
        return head + query[12 : end + 4] + b"".join(records)


def _query(host: str, kind: int) -> bytes:
    labels = [label.encode("ascii") for label in host.removesuffix(".").split(".")]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", kind, 1)


def _name(message: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode("ascii"))
        at += length + 1
    return ".".join(labels), at + 1


def _addresses(message: bytes) -> list[str]:
    (count,) = struct.unpack_from("!H", message, 6)
    _, at = _name(message, 12)
    at += 4
    found: list[str] = []
    for _ in range(count):
        (size,) = struct.unpack_from("!H", message, at + 10)
        found.append(str(ip_address(message[at + 12 : at + 12 + size])))
        at += 12 + size
    return found
