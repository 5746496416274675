"""Turns: that callers get one after the other what only one of them can have at a time.

A burst of requests is ready at once, and the event loop does all that is ready before it looks who else has come. So
only a few begin at a time. What takes long and waits for nothing has a thread, for one at a time, as Python runs.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE: Final = 4
"""Requests, and operations on sockets, that begin before the loop looks who else has come: some milliseconds."""

SHARE: Final = 8
"""Operations of a caller that run at a time; others wait. A process makes 64 calls to DynamoDB at a time, for all."""

_THREAD: Final = ThreadPoolExecutor(1, thread_name_prefix="turns")
_SHARES: Final[WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str, int], asyncio.Semaphore]] = (
    WeakValueDictionary()
)
_RECENT: Final[deque[asyncio.Semaphore]] = deque(maxlen=512)
"""Shares that nobody may hold just now and that are asked for again: to make one takes a twentieth of a request."""


def share_of(caller: str, at_once: int = SHARE) -> asyncio.Semaphore:
    """Return what a caller holds so many times at once; that for one at a time is another than that for more."""
    key = (asyncio.get_running_loop(), caller, at_once)
    share = _SHARES.get(key)
    if share is None:
        share = _SHARES[key] = asyncio.Semaphore(at_once)
        _RECENT.append(share)
    return share


async def in_turn(caller: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do work for a caller in the thread, once what they asked for before is done. Raises what it raises."""
    async with share_of(caller, 1):
        return await asyncio.get_running_loop().run_in_executor(_THREAD, lambda: work(*args, **kwargs))


@dataclass(slots=True)
class Turnstile:
    """Lets a few begin at a time: who comes alone at once, of a crowd each caller in turn."""

    _begun: int = 0
    """How many have begun since the loop last looked."""
    _waiting: "OrderedDict[str, deque[asyncio.Future[None]]]" = field(
        default_factory=OrderedDict[str, "deque[asyncio.Future[None]]"]
    )

    async def enter(self, caller: str) -> None:
        """Wait for the caller's turn."""
        loop = asyncio.get_running_loop()
        if not self._begun:
            loop.call_soon(self._next)
        if self._begun < AT_ONCE and not self._waiting:
            self._begun += 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        await turn

    def _next(self) -> None:
        """Let the next ones begin: the loop has looked."""
        self._begun = 0
        while self._waiting and self._begun < AT_ONCE:
            caller, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[caller] = turns  # behind all others
            if not turn.done():  # whoever waited has not left
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            asyncio.get_running_loop().call_soon(self._next)
