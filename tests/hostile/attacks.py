"""The table of attacks. Each is a function that does it once, and notes what came of it.

To add one, write it below `@attack("what it is")` in a module of its kind (`inputs.py`, `transport.py`, …), which
`MODULES` of `run.py` names. It ends by itself within a minute, and sends no more than a laptop could.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from services.core.frozen import frozen
from tests.hostile.target import Tally, Target

Do = Callable[[Target, Tally], Awaitable[None]]


@frozen
class Attack:
    """`name` says what it is in the report. `megabytes` is how much the server may grow meanwhile."""

    name: str
    do: Do
    megabytes: int


ATTACKS: Final[list[Attack]] = []


def attack(name: str, *, megabytes: int = 150) -> Callable[[Do], Do]:
    """Enter a function into the table."""

    def enter(do: Do) -> Do:
        ATTACKS.append(Attack(name, do, megabytes))
        return do

    return enter
