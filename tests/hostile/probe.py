"""A polite client beside an attack: one `{ __typename }` after another on one connection, and how long each took.

It is a process of its own, so that it measures the server and not the attacker, and prints a line for each request:
when it began, by the clock that all processes share; its milliseconds; and for how many of them the server computed,
which other work of the machine changes little.
"""

import contextlib
import os
import socket
import sys
import time
from itertools import cycle
from typing import Final

BODY: Final = b'{"query":"{ __typename }"}'
ANSWER: Final = b'{"data":{"__typename":"Query"}}'
PAUSE: Final = 0.02


def cpu_seconds(pid: int) -> float:
    """Return how long a process has computed, with all of its threads (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def main(port: int, pid: int) -> None:
    """Ask until nobody answers any more, from several addresses in turn, so that none of them asks too often.

    Nobody is signed in: that would take a look into the database now and then.
    """
    with contextlib.suppress(OSError):
        os.nice(-10)  # so that the attacker, on the same machine, does not keep it waiting; only root may
    head = (
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 198.51.100.{}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for address in cycle(range(10)):
            began, computed = time.monotonic(), cpu_seconds(pid)
            connection.sendall(head.format(address).encode() + BODY)
            answer = b""
            while not answer.endswith(ANSWER):
                part = connection.recv(65_536)
                answer += part
                if not part or b" 429 " in answer:
                    raise SystemExit(f"A polite client was not served: {answer[:300]!r}")
            latency, work = (time.monotonic() - began) * 1000, (cpu_seconds(pid) - computed) * 1000
            print(f"{began:.6f} {latency:.3f} {work:.3f}", flush=True)  # noqa: T201 - what it is for
            time.sleep(PAUSE)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
