"""Counting distinct users without keeping them: HyperLogLog, as a set of numbers.

A user leaves a mark: which of 1,024 registers, and the rank there. A register's value is the highest of its ranks, so
that uniting sets of marks counts each user once, whenever and however often they came; DynamoDB's ADD unites sets.
Flajolet et al., "HyperLogLog", 2007: the standard error is 1.04/√1024, 3 %; few users are counted nearly exactly.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import Final

_BITS: Final = 10
_REGISTERS: Final = 1 << _BITS
_RANKS: Final = 64
_ALPHA: Final = 0.7213 / (1 + 1.079 / _REGISTERS)


def mark_of(user: str) -> int:
    """Return the mark that a user leaves: always the same one."""
    number = int.from_bytes(hashlib.blake2b(user.encode(), digest_size=8).digest(), "big")
    register, rest = number % _REGISTERS, number >> _BITS
    rank = 64 - _BITS - rest.bit_length() + 1
    return register * _RANKS + rank


def estimate(marks: Iterable[int]) -> int:
    """Say about how many users left these marks."""
    ranks = [0] * _REGISTERS
    for mark in marks:
        register, rank = divmod(mark, _RANKS)
        ranks[register] = max(ranks[register], rank)
    raw = _ALPHA * _REGISTERS**2 / sum(2.0**-rank for rank in ranks)
    empty = ranks.count(0)
    if raw <= 2.5 * _REGISTERS and empty:
        return round(_REGISTERS * math.log(_REGISTERS / empty))  # linear counting: better while many are empty
    return round(raw)
