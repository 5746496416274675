"""A connection of a WebSocket: every frame is counted, and before connection_init there are few, and small ones."""

from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.protocol import State

from graph.buckets import Bucket
from graph.guard import Due, Guard, GuardedConfig
from services.core.errors import Limited

MOST_BEFORE_INIT: Final = 10
"""Frames before it is known who is there: connection_init, and what pings there are."""

MOST_INIT: Final = 16_384
"""Bytes of a message until then."""

MESSAGES: Final = (300, 30)
"""Frames of messages: so many at once, and so many more each second. A socket has 100 operations at a time."""

CONTROLS: Final = (20, 1)
"""Pings and pongs of the protocol, likewise."""

SLICE: Final = 2_048
"""Bytes that are read before anybody looks what was in them: 340 frames, at most."""

WAITING: Final = 16_384
"""Bytes that wait for a client, beside what its kernel and ours hold; the message that goes beyond is the last."""

BEHIND: Final = 20.0
"""Seconds that a client may take to read them. It misses nothing: it comes again, and resumes after its cursor."""


_TEXT: Final = 0x81
"""The first byte of a frame that is a whole text message."""

SHORT_FRAME: Final = 126
LONG_FRAME: Final = 0xFFFF
"""Bytes from which on, and up to which, a length is written in two more bytes."""


class GuardedSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol on websockets, with a guard. The scope's state has it, as `connection`."""

    is_socket = True
    patience = 5.0

    def __init__(self, config: GuardedConfig, server_state: Any, app_state: dict[str, Any], *args: Any) -> None:
        super().__init__(config, server_state, {**app_state, "connection": self}, *args)
        self.guard: Guard = config.guard
        self.due = Due()
        self.conn.max_message_size = min(MOST_INIT, self.guard.settings.most_body)
        self._messages = Bucket(MOST_BEFORE_INIT, 0)
        self._controls = Bucket(MOST_BEFORE_INIT, 0)

    def welcome(self, most: int) -> None:
        """Take messages of so many bytes, and at the pace of somebody who has said connection_init."""
        self.conn.max_message_size = most
        self._messages, self._controls = Bucket(*MESSAGES), Bucket(*CONTROLS)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WAITING)
        try:
            self.guard.enter(self)
        except Limited:
            self.transport.abort()

    @property
    def is_sent_to(self) -> bool:
        """Whether the client may still send messages: it has not said that it sends no more."""
        return self.conn.state in {State.OPEN, State.CLOSING} and self.conn.close_rcvd is None

    def connection_lost(self, exc: Exception | None) -> None:
        self.guard.leave(self)
        super().connection_lost(exc)
        self.app_state.clear()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE):
            super().data_received(data[start : start + SLICE])
            if self.transport.is_closing():
                return

    def handle_text(self, event: Frame) -> None:
        if self._counted(self._messages):
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        if self._counted(self._messages):
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        if self._counted(self._messages):
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self._counted(self._controls):
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._counted(self._controls):
            super().handle_pong(event)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_utf8(self.frames):
            self._end(CloseCode.INVALID_DATA, "A message must be UTF-8")  # uvicorn would log a traceback
        else:
            super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        """Send, where there is still somebody: uvicorn would write on, and asyncio log a line for each time."""
        if message["type"] == "websocket.send" and self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # else uvicorn logs an error: it takes a refusal for no answer

    def shutdown(self) -> None:
        """Send the client away, once: where it is going already, or has said so, nothing more is said."""
        if self.transport.is_closing():
            return
        if self.handshake_complete and not self.close_sent and self.conn.state is not State.OPEN:
            self.transport.close()
            return
        super().shutdown()

    def let_go(self) -> None:
        """Close the socket of a client that does not read, and say so, in case that it does so later.

        Not with uvicorn's 1011: graphql-ws takes that for the end, and comes again after 1013.
        """
        self.guard.awaited.discard(self)
        if self.transport.is_closing():
            return
        self.stop_keepalive()
        self._end(CloseCode.TRY_AGAIN_LATER, "You read too slowly: come again, and resume")

    def keepalive_timeout(self) -> None:
        self.let_go()

    async def send_text(self, text: bytes) -> bool:
        """Send a message of UTF-8, and return whether there is still somebody: what `send` does in five steps."""
        await self.writable.wait()
        if self._is_gone:
            return False
        self.send_now(text)
        return True

    @property
    def can_send(self) -> bool:
        """Whether there is somebody who takes a message now."""
        return self.writable.is_set() and not self._is_gone

    @property
    def _is_gone(self) -> bool:
        return self.disconnected or self.close_sent or self.transport.is_closing()

    def send_now(self, *text: bytes) -> None:
        """Send a message of UTF-8, in one frame of a server's, without extensions (RFC 6455, 5.2)."""
        length = sum(map(len, text))
        if length < SHORT_FRAME:
            head = bytes((_TEXT, length))
        elif length <= LONG_FRAME:
            head = bytes((_TEXT, SHORT_FRAME)) + length.to_bytes(2)
        else:
            head = bytes((_TEXT, SHORT_FRAME + 1)) + length.to_bytes(8)
        self.transport.write(b"".join((head, *text)))

    def pause_writing(self) -> None:
        super().pause_writing()
        self.due.writing = self.loop.time() + BEHIND
        self.guard.awaited.add(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.due.writing = None
        self.guard.awaited.discard(self)

    def _counted(self, bucket: Bucket) -> bool:
        """Count a frame, and tell whether it is heard: not after we have closed, and not where it is one too many."""
        if self.transport.is_closing():
            return False
        if not bucket.take(self.loop.time()):
            self._end(CloseCode.POLICY_VIOLATION, "Too many messages at once")
            return False
        return not self.close_sent

    def _end(self, code: CloseCode, reason: str) -> None:
        self.frames = []
        self.conn.fail(code, reason)
        self.handle_parser_exception()


def _is_utf8(parts: list[bytes]) -> bool:
    try:
        b"".join(parts).decode()
    except UnicodeDecodeError:
        return False
    return True
