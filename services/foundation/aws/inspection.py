"""What of a stage's resources is not as its declarations have it, found without changing anything."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError

from services.core.clock import Clock
from services.core.diagnosis import Diagnosis
from services.foundation.aws.clients import Aws
from services.foundation.aws.provision import Resources
from services.foundation.aws.spec import TableSpec

MOST_SKEW: Final = 60.0
"""Seconds; AWS refuses what is signed five minutes off (Signature Version 4)."""

_MISSING: Final = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
_FORBIDDEN: Final = frozenset({"AccessDeniedException", "AccessDenied", "403"})
_PROVISION: Final = "run `snapinfra provision`"


def inspect(aws: Aws, resources: Resources, *, now: Clock) -> Iterator[Diagnosis]:
    """Yield what is found of tables, queues, bucket, key and clock (blocks). Raises AWS_ERRORS where nobody answers."""
    yield from _together("tables", [_table(aws, name, spec) for name, spec in resources.tables])
    names = [name for queue in resources.queues for name in (queue.name, f"{queue.name}-dlq")]
    queues = [_looked(f"queue {name}", partial(aws.sqs.get_queue_url, QueueName=name)) for name in names]
    yield from _together("queues", queues)
    yield _looked(f"bucket {resources.bucket}", partial(aws.s3.head_bucket, Bucket=resources.bucket))
    if resources.key_alias is not None:
        yield _looked(f"key {resources.key_alias}", partial(aws.kms.describe_key, KeyId=resources.key_alias))
    yield clock(_date(aws, resources), now())


def clock(theirs: datetime | None, ours: datetime) -> Diagnosis:
    """Compare a clock of AWS's with ours."""
    if theirs is None:
        return Diagnosis("clock", found="nobody to compare it with")
    skew = (ours - theirs).total_seconds()
    if abs(skew) > MOST_SKEW:
        way = "ahead of" if skew > 0 else "behind"
        refused = "which refuses what is signed 300 s off: set it by NTP"
        return Diagnosis("clock", f"{abs(skew):,.0f} s {way} that of AWS, {refused}")
    return Diagnosis("clock", found="that of AWS")


def _together(kind: str, each: list[Diagnosis]) -> Iterator[Diagnosis]:
    """Yield those with a fault; where there is none, one for all."""
    wrong = [one for one in each if one.fault]
    yield from wrong or [Diagnosis(kind, found=f"{len(each)}, as declared")]


def _table(aws: Aws, name: str, spec: TableSpec[Any]) -> Diagnosis:
    found: list[Any] = []
    looked = _looked(f"table {name}", lambda: found.append(aws.dynamodb.describe_table(TableName=name)["Table"]))
    if looked.fault:
        return looked
    return Diagnosis(looked.about, "; ".join(_differences(found[0], spec)))


def _differences(table: Any, spec: TableSpec[Any]) -> Iterator[str]:
    """Yield how a table differs from its declaration."""
    if table["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        yield f"is {table['TableStatus']}: wait, and look again"
    if (key := _key(table["KeySchema"])) != spec.key:
        yield f"its key is {' + '.join(key)} and must be {' + '.join(spec.key)}: another version made it"
    there = {index["IndexName"]: _key(index["KeySchema"]) for index in table.get("GlobalSecondaryIndexes", [])}
    for index in spec.indexes:
        wanted = tuple(filter(None, (index.partition, index.sort)))
        if index.name not in there:
            yield f"its index {index.name} is missing: {_PROVISION}"
        elif there[index.name] != wanted:
            yield f"its index {index.name} is by {' + '.join(there[index.name])} and must be by {' + '.join(wanted)}"


def _key(schema: Any) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in schema)


def _looked(about: str, look: Callable[[], object]) -> Diagnosis:
    """Look at one thing, and say whether it is there and may be looked at."""
    try:
        look()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            return Diagnosis(about, f"is missing: {_PROVISION}")
        if code in _FORBIDDEN:
            return Diagnosis(about, f"{error.operation_name} is not allowed: see docs/reference/permissions.md")
        raise
    return Diagnosis(about, found="there")


def _date(aws: Aws, resources: Resources) -> datetime | None:
    """Return the time that AWS says with an answer, whatever it answers."""
    name = next(name for name, _ in resources.tables)
    headers: dict[str, str] = {}
    try:
        headers = aws.dynamodb.describe_table(TableName=name)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    with suppress(KeyError, ValueError):
        return parsedate_to_datetime(headers["date"])
    return None
