"""A thread for what takes long and waits for nothing, so that the event loop goes on meanwhile.

There is one, for Python runs one at a time anyway. Callers take turns: each has one thing waiting for it at most.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

P = ParamSpec("P")
T = TypeVar("T")

_THREAD: Final = ThreadPoolExecutor(1, thread_name_prefix="turns")
_TURNS: Final[WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock]] = WeakValueDictionary()


async def in_turn(caller: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do work for a caller in the thread, once what they asked for before is done. Raises what it raises."""
    loop = asyncio.get_running_loop()
    turn = _TURNS.setdefault((loop, caller), asyncio.Lock())
    async with turn:
        return await loop.run_in_executor(_THREAD, lambda: work(*args, **kwargs))
