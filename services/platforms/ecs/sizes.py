"""The sizes of a task of Fargate: units of CPU, of which 1,024 are one, and MiB of memory.

Facts: docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
"""

from collections.abc import Iterable, Mapping
from typing import Final

USUAL: Final = "256/512"

_GB: Final = 1_024
_MEMORY: Final[Mapping[int, Iterable[int]]] = {
    256: (512, 1 * _GB, 2 * _GB),
    512: range(1 * _GB, 4 * _GB + 1, _GB),
    1_024: range(2 * _GB, 8 * _GB + 1, _GB),
    2_048: range(4 * _GB, 16 * _GB + 1, _GB),
    4_096: range(8 * _GB, 30 * _GB + 1, _GB),
    8_192: range(16 * _GB, 60 * _GB + 1, 4 * _GB),
    16_384: range(32 * _GB, 120 * _GB + 1, 8 * _GB),
}

SIZES: Final = tuple(f"{cpu}/{memory}" for cpu, memories in _MEMORY.items() for memory in memories)


def sized(size: str) -> Mapping[str, str]:
    """Return what a task definition says of a size."""
    cpu, _, memory = size.partition("/")
    return {"cpu": cpu, "memory": memory}
