"""The socket that an api listens on."""

import socket
from contextlib import closing

from cli.api import listening


def test_what_is_written_to_a_connection_leaves_at_once() -> None:
    with (
        closing(listening("127.0.0.1", 0)) as listener,
        closing(socket.create_connection(listener.getsockname())),
        closing(listener.accept()[0]) as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
