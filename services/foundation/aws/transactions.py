"""The writer of transactions: all parts are written or none, and whoever asks is told which of them stood in the way.

The parts come from the tables that they write (`Table.creation`, `replacement`, …), and so the parts of one transaction
may be of several slices. DynamoDB cancels one of two transactions that touch an item at the same time
(TransactionConflict), and a call does not try again: this does.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from services.core.errors import Unavailable
from services.core.frozen import frozen
from services.foundation.aws.clients import Aws

MOST_PARTS: Final = 100
"""Parts of a transaction: DynamoDB's maximum."""

TRIES: Final = 16
LONGEST_PAUSE: Final = 1.0
_PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Contended(Unavailable):
    """Other transactions stayed in the way; nothing was written."""

    def __init__(self) -> None:
        super().__init__("Too many changes at once; try again.")


@frozen(eq=False)
class Part:
    """One write of a transaction, or one condition. It equals only itself, so that one that failed is found again."""

    aws: Aws
    action: Literal["Put", "Update", "Delete", "ConditionCheck"]
    request: Callable[[], Mapping[str, Any]]
    """Makes what is sent, for each try anew."""


def pause_before(try_number: int) -> float:
    """Return the seconds to wait before a try, from 2 on: random, so that rivals part, and longer each time."""
    return random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**try_number))  # noqa: S311 - nobody gains by guessing it


async def write_together(parts: Sequence[Part], *, pause: Callable[[int], float] = pause_before) -> frozenset[Part]:
    """Write all parts or none, and return those whose condition failed: none of them, when written.

    Raises Contended where other transactions stay in the way.
    """
    aws = parts[0].aws
    for number in range(1, TRIES + 1):
        if number > 1:
            await asyncio.sleep(pause(number))
        try:
            await aws.tables.finish(aws.tables.call("TransactWriteItems", _request(parts)))
        except ClientError as error:
            if failed := _failed_conditions(error):
                return frozenset(part for position, part in enumerate(parts) if position in failed)
        else:
            return frozenset()
    raise Contended


def _request(parts: Sequence[Part]) -> dict[str, Any]:
    """Return what is sent. By its token DynamoDB knows a repeat of it, whose first answer was lost."""
    return {
        "TransactItems": [{part.action: part.request()} for part in parts],
        "ClientRequestToken": str(uuid.uuid4()),
    }


def _failed_conditions(error: ClientError) -> frozenset[int]:
    """Return the positions whose condition failed; none where trying again may help. Raises the error otherwise."""
    code = error.response.get("Error", {}).get("Code")
    if code == "TransactionInProgressException":
        return frozenset()
    if code != "TransactionCanceledException":
        raise error
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # pyright: ignore[reportAssignmentType] - of this error only
    codes = [reason.get("Code", "None") for reason in reasons]
    failed = frozenset(position for position, code in enumerate(codes) if code == "ConditionalCheckFailed")
    if not failed and not _PASSING.intersection(codes):
        raise error
    return failed
