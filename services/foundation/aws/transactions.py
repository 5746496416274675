"""Transactions that may meet others: which condition failed, or patience if others were in the way.

DynamoDB cancels one of two transactions that touch an item at the same time (TransactionConflict), and boto3 does not
try again: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from services.core.errors import Unavailable
from services.foundation.aws.clients import Aws

TRIES: Final = 16
LONGEST_PAUSE: Final = 1.0
_PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def pause_before(try_number: int) -> float:
    """Return the seconds to wait before a try, from 2 on: random, so that rivals part, and longer each time."""
    return random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**try_number))  # noqa: S311 - nobody gains by guessing it


async def write_together(
    aws: Aws, parts: Sequence[Mapping[str, Any]], *, pause: Callable[[int], float] = pause_before
) -> frozenset[int]:
    """Write all parts or none, and return the positions of those whose condition failed: none of them, when written.

    Raises Unavailable where other transactions stay in the way.
    """
    for number in range(1, TRIES + 1):
        if number > 1:
            await asyncio.sleep(pause(number))
        try:
            await aws.run(aws.dynamodb.transact_write_items, TransactItems=list(parts))  # pyright: ignore[reportArgumentType] - built by tables
        except ClientError as error:
            failed = _failed_conditions(error)
            if failed:
                return failed
        else:
            return frozenset()
    raise Unavailable("Too many changes at once; try again.")


def _failed_conditions(error: ClientError) -> frozenset[int]:
    """Return the parts whose condition failed; none where trying again may help. Raises the error otherwise."""
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
