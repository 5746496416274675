"""The writer of one attempt: it numbers events, merges them under load, and repeats lost appends."""

import asyncio
import contextlib
import logging
from collections import deque
from itertools import islice
from types import TracebackType
from typing import Final, Self

from services.core.instruments import EVENTS
from services.foundation.events.bell import Pulse
from services.foundation.events.port import Closed, EventLog, LogUnavailable, ProducerGap

_MOST_EVENTS: Final = 1000
_MOST_BYTES: Final = 1024 * 1024
_TURN: Final = 16
"""Events after which a caller that never waits for anything lets others run, our own append among them."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0

_logger: Final = logging.getLogger(__name__)


class Producer:
    """Appends what one attempt produces. Use as `async with`; leaving the block drops what was not flushed.

    The first event is appended at once; while an append is under way, later ones gather and go together. While the log
    answers slowly, `put` waits once `backpressure` bytes have gathered. While it does not answer at all, `put` does not
    wait: the job goes on, until `max_bytes` have gathered, or somebody has waited `patience` seconds for a flush. Then
    the producer is `lost`: everything is discarded and nothing raises, so that the job can end and store its result. It
    is lost as well if the log has forgotten events of this attempt.
    """

    def __init__(
        self,
        log: EventLog,
        stream: str,
        attempt: int,
        base: int = 0,
        *,
        backpressure: int = 1024 * 1024,
        max_bytes: int = 8 * 1024 * 1024,
        patience: float = 60.0,
    ) -> None:
        self._log = log
        self._stream = stream
        self._attempt = attempt
        self._base = base
        self._backpressure = backpressure
        self._max_bytes = max_bytes
        self._patience = patience
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._stored = 0
        self._work = asyncio.Event()
        self._progress = Pulse()
        self._away_since: float | None = None
        self._flushing = 0
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.lost = False
        """True once events had to be discarded: the log will not have this attempt's end."""
        self.seq = 0
        """The log's seq of the last event stored; 0 before the first."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"producer {self._stream}")
        self._task.add_done_callback(lambda _: self._progress.beat())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.exception()

    async def put(self, data: bytes) -> None:
        """Take an event. Waits only for room. Raises Fenced, and Closed."""
        if self._closing:
            raise Closed
        was_idle = not self._work.is_set()
        self._take(data)
        if was_idle or len(self._waiting) % _TURN == 0:
            await asyncio.sleep(0)  # lets the append start and go on, even if the caller never waits for anything
        while self._bytes > self._backpressure and self._away_since is None:
            await self._next_progress()
        self._raise_failure()

    async def flush(self) -> None:
        """Wait until everything is stored, or lost. Raises Fenced, and Closed."""
        self._flushing += 1
        try:
            while self._waiting:
                await self._next_progress()
            self._raise_failure()
        finally:
            self._flushing -= 1

    async def close(self, data: bytes) -> None:
        """Append the terminal event after everything else, and wait until it is stored, or lost. Raises as put does."""
        if self._closing:
            raise Closed
        self._closing = True
        self._take(data)
        await self.flush()

    def _take(self, data: bytes) -> None:
        self._raise_failure()
        if self.lost:
            return
        self._waiting.append(data)
        self._bytes += len(data)
        self._work.set()
        if self._away_since is not None and self._bytes > self._max_bytes:
            self._lose("the log has been away for too many events")

    async def _next_progress(self) -> None:
        """Wait until something was stored, or will never be."""
        progress = self._progress.next
        self._raise_failure()
        await progress.wait()

    def _raise_failure(self) -> None:
        if self._task is None:
            raise RuntimeError("A producer takes events only inside its `async with` block.")
        if self._task.done():
            self._task.result()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            if self._waiting:
                await self._store(self._batch())
            else:
                self._work.clear()

    def _batch(self) -> list[bytes]:
        """What goes into the next append: everything that has gathered, within reason."""
        batch, size = list[bytes](), 0
        for data in islice(self._waiting, _MOST_EVENTS):
            if batch and size + len(data) > _MOST_BYTES:
                break
            batch.append(data)
            size += len(data)
        return batch

    async def _store(self, batch: list[bytes]) -> None:
        """Append a batch, repeating it with the same numbers until it is stored or lost."""
        close = self._closing and len(batch) == len(self._waiting)
        pause = _FIRST_PAUSE
        while not self.lost:
            try:
                self.seq = await self._log.append(
                    self._stream,
                    batch,
                    attempt=self._attempt,
                    producer_seq=self._stored + 1,
                    close=close,
                    base=self._base,
                )
            except LogUnavailable:
                await self._wait_for_log(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except ProducerGap:
                self._lose("the log has forgotten events of this attempt")
            else:
                self._done(batch)
                return

    def _done(self, batch: list[bytes]) -> None:
        self._away_since = None
        self._stored += len(batch)
        EVENTS.record(len(batch))
        if not self.lost:
            self._bytes -= sum(len(self._waiting.popleft()) for _ in batch)
        self._progress.beat()

    async def _wait_for_log(self, pause: float) -> None:
        now = asyncio.get_running_loop().time()
        if self._away_since is None:
            self._away_since = now
            self._progress.beat()
        if self._flushing and now - self._away_since >= self._patience:
            self._lose("the log has been away for too long")
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._given_up()

    async def _given_up(self) -> None:
        """Wait until the producer is lost."""
        while not self.lost:
            await self._progress.next.wait()

    def _lose(self, reason: str) -> None:
        _logger.warning("Events of %s, attempt %d, are lost: %s.", self._stream, self._attempt, reason)
        self.lost = True
        self._waiting.clear()
        self._bytes = 0
        self._progress.beat()
