"""Percentiles of durations without keeping them: a histogram whose buckets grow by a fifth.

A duration in milliseconds falls into bucket i where 1.2^(i-1) < duration ≤ 1.2^i; telling a percentile by its bucket is
off by at most a tenth, and histograms of hours add up to that of a month (Masson et al., "DDSketch", 2019).
"""

import math
from collections.abc import Mapping
from typing import Final

_GROWTH: Final = 1.2


def bucket_of(milliseconds: int) -> int:
    """Return the bucket of a duration; 0 ms has one of its own, -1."""
    return math.ceil(math.log(milliseconds, _GROWTH)) if milliseconds else -1


def percentile(histogram: Mapping[int, int], percent: int) -> int | None:
    """Return about how many milliseconds that percentage of the durations took at most; None where there are none."""
    rank = math.ceil(sum(histogram.values()) * percent / 100)
    for bucket in sorted(histogram):
        rank -= histogram[bucket]
        if rank <= 0:
            return _middle(bucket)
    return None


def _middle(bucket: int) -> int:
    return 0 if bucket < 0 else round(2 * _GROWTH**bucket / (_GROWTH + 1))
