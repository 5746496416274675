"""Whether a figure that is sampled over time goes up: a robust line through the second half of its samples.

The slope is the median of those of all pairs (Theil and Sen), which spikes do not move. Samples that follow each other
are alike, so those of a stretch count as one, their median. The bounds of the slope are those of Kendall's test at
95 % (https://doi.org/10.1080/01621459.1968.10480934): a figure goes up where even the lower bound, over the time that
it was watched, is more than may be.
"""

import math
from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median
from typing import Final

from services.core.frozen import frozen

STRETCHES: Final = 20
"""Into which the second half is cut, at most."""

FEWEST: Final = 8
"""Samples of the second half by which anything can be said."""

_CONFIDENCE: Final = 1.96
"""Standard deviations within which 95 % are."""

Sample = tuple[float, float]
"""Seconds, and the figure."""


@frozen
class Slope:
    """How much a figure went up in the second half; `least` is that at the lower bound of its slope."""

    level: float
    """Its median."""
    growth: float
    least: float

    def is_beyond(self, share: float, floor: float) -> bool:
        """Say whether it went up by more than a share of its level, and more than a floor, whatever the noise."""
        return self.least > max(self.level * share, floor)


def slope_of(samples: Sequence[Sample]) -> Slope:
    """Fit the second half of samples, in the order of their time. Raises ValueError for too few."""
    late = samples[len(samples) // 2 :]
    if len(late) < FEWEST:
        raise ValueError(f"{len(late)} samples say nothing; {FEWEST} are needed.")
    points = _stretches(late)
    slopes = sorted((second[1] - first[1]) / (second[0] - first[0]) for first, second in combinations(points, 2))
    count, span = len(points), points[-1][0] - points[0][0]
    spread = _CONFIDENCE * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    lowest = slopes[max(0, int((len(slopes) - spread) / 2))]
    return Slope(median(value for _, value in late), median(slopes) * span, lowest * span)


def _stretches(samples: Sequence[Sample]) -> list[Sample]:
    count = min(STRETCHES, len(samples))
    cuts = [len(samples) * number // count for number in range(count + 1)]
    return [
        (median(when for when, _ in samples[start:end]), median(value for _, value in samples[start:end]))
        for start, end in pairwise(cuts)
    ]
