"""Counts what a process asks of DynamoDB, SQS, S3 and SNS, and of Redis, as these are asked for it.

What comes by time, whatever anybody does, is left out: looks at news of changed access, heartbeats of jobs (which go by
boto3, from their threads), polls that find nothing, the archiving of logs, comparisons of heads in Redis. So is what a
process asks once: the URLs of queues.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from math import ceil
from typing import Any, Final
from uuid import uuid4

from redis.asyncio import Redis

from services.bootstrap import TABLES
from services.foundation.aws.clients import Aws
from services.foundation.events.redis_scripts import APPEND, READ, TRIM
from services.foundation.jobs.record import OPEN_INDEX
from tests.wires import wire

Item = Mapping[str, Mapping[str, Any]]

_BY_TIME: Final = ("access-changes", "deployment-logs")
_READ_UNIT: Final = 4096
_WRITE_UNIT: Final = 1024
_SCRIPTS: Final = {
    sha1(script.encode(), usedforsecurity=False).hexdigest(): name
    for name, script in (("append", APPEND), ("read", READ), ("trim", TRIM))
}
_WORD: Final = re.compile(r'"?(\w+)"?')


@dataclass
class Counts:
    """Of one operation. Units are those that DynamoDB bills on demand, for the items as they are in the test."""

    calls: Counter[str] = field(default_factory=Counter[str])
    """By service and operation: `dynamodb GetItem`."""
    read_units: float = 0
    write_units: float = 0
    open_units: float = 0
    """Those of the write units that go to the one partition of an index where all jobs of a kind are that go on."""


@dataclass
class Calls:
    """Listens to the clients of a process."""

    aws: Aws
    stage: str
    counts: Counts = field(default_factory=Counts)
    _asked: "dict[asyncio.Task[Any] | None, Mapping[str, Any]]" = field(
        default_factory=dict["asyncio.Task[Any] | None", Mapping[str, Any]]
    )
    _updated: list[tuple[str, Mapping[str, Any], int]] = field(default_factory=list[tuple[str, Mapping[str, Any], int]])

    def __post_init__(self) -> None:
        for client in (self.aws.s3, self.aws.sns, self.aws.kms, self.aws.ses, self.aws.sts):
            events: Any = client.meta.events
            events.register("provide-client-params.*", self._by_boto)
        wire(self.aws.tables).before.append(self._asks)
        wire(self.aws.tables).after.append(self._is_answered)
        wire(self.aws.queues).before.append(self._sends)
        wire(self.aws.queues).after.append(self._receives)

    def begin(self) -> None:
        self.counts = Counts()
        self._updated.clear()

    def ended(self) -> Counts:
        """Return what was counted. What an update has made of an item is read only now, by boto3 (blocks)."""
        for table, key, factor in self._updated:
            item: Any = self.aws.dynamodb.get_item(TableName=table, Key=dict(key), ConsistentRead=True).get("Item", {})
            self.counts.write_units += self._to_write(table, item, factor)
        return self.counts

    def _by_boto(self, model: Any, **_: Any) -> None:
        self.counts.calls[f"{model.service_model.service_name} {model.name}"] += 1

    def _sends(self, operation: str, request: Mapping[str, Any]) -> None:
        del request
        if operation not in ("ReceiveMessage", "GetQueueUrl"):
            self.counts.calls[f"sqs {operation}"] += 1

    def _receives(self, operation: str, answer: Mapping[str, Any]) -> None:
        if operation == "ReceiveMessage" and answer.get("Messages"):
            self.counts.calls[f"sqs {operation}"] += 1

    def _asks(self, operation: str, request: Mapping[str, Any]) -> None:
        self._asked[asyncio.current_task()] = request
        if any(name in str(request.get("TableName", "")) for name in _BY_TIME):
            return
        self.counts.calls[f"dynamodb {operation}"] += 1
        match operation:
            case "PutItem":
                self.counts.write_units += self._to_write(request["TableName"], request["Item"], 1)
            case "UpdateItem":
                self._updated.append((request["TableName"], request["Key"], 1))
            case "DeleteItem":
                self.counts.write_units += 1
            case "TransactWriteItems":
                for part in request["TransactItems"]:
                    self._take_part(*next(iter(part.items())))
            case "BatchWriteItem":
                for table, writes in request["RequestItems"].items():
                    for write in writes:
                        item = write.get("PutRequest", {}).get("Item", {})
                        self.counts.write_units += self._to_write(table, item, 1)
            case _:
                pass

    def _take_part(self, kind: str, part: Mapping[str, Any]) -> None:
        """Of a transaction: its writes to the table count twice."""
        match kind:
            case "Put":
                self.counts.write_units += self._to_write(part["TableName"], part["Item"], 2)
            case "Update":
                self._updated.append((part["TableName"], part["Key"], 2))
            case _:
                self.counts.write_units += 2

    def _is_answered(self, operation: str, answer: Mapping[str, Any]) -> None:
        request = self._asked.pop(asyncio.current_task(), {})
        if any(name in str(request.get("TableName", "")) for name in _BY_TIME):
            return
        match operation:
            case "GetItem":
                self.counts.read_units += _units(_size(answer.get("Item", {})), _READ_UNIT)
            case "BatchGetItem":
                for items in answer["Responses"].values():
                    self.counts.read_units += sum(_units(_size(item), _READ_UNIT) for item in items)
            case "Query":
                units = _units(sum(map(_size, answer["Items"])), _READ_UNIT)
                self.counts.read_units += units if request.get("ConsistentRead") else units / 2
            case _:
                pass

    def _to_write(self, table: str, item: Item, factor: int) -> int:
        """Return the units of a write: to the table, and to each index that has the item.

        Where a key of an index has changed, the item goes out of it and in again. updatedAt always has.
        """
        name = table.removeprefix("snapinfra-").removesuffix(f"-{self.stage}")
        spec = next(spec for spec in TABLES if spec.name == name)
        units, is_new = _units(_size(item), _WRITE_UNIT), item.get("version") in (None, {"N": "1"})
        total = units * factor
        for index in spec.indexes:
            names = {index.partition, index.sort} - {None}
            if names <= item.keys():
                written = units * (2 if "updatedAt" in names and not is_new else 1)
                total += written
                self.counts.open_units += written if index == OPEN_INDEX else 0
        return total


def _units(size: int, unit: int) -> int:
    return max(1, ceil(size / unit))


def _size(item: Item) -> int:
    """Return the bytes that DynamoDB counts of an item: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Mapping[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content) // 2 + 2
        case "B":
            return len(content) * 3 // 4
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(part) for name, part in content.items())
        case "L":
            return 3 + sum(1 + _value(part) for part in content)
        case _:
            return 1 if kind in ("BOOL", "NULL") else len(str(content))


class Monitored:
    """What Redis is asked, by its own MONITOR: scripts by their names, and `events`, the entries that they add."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._counted: Counter[str] = Counter()
        self._mark = ""
        self._marked = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def of(cls, url: str) -> "AsyncGenerator[Monitored]":
        async with Redis.from_url(url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
            monitored = cls(redis)
            async with redis.monitor() as monitor:
                listening = asyncio.create_task(monitored.listen(monitor))
                yield monitored
                listening.cancel()
                await asyncio.wait([listening])

    async def listen(self, monitor: Any) -> None:
        async for told in monitor.listen():
            self._take(told["command"], is_inner=told["client_type"] == "lua")

    async def loaded(self, script: str) -> None:
        """Give Redis a script, which it would otherwise be asked for twice the first time."""
        await self._redis.script_load(script)  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    async def counted(self) -> Counter[str]:
        """Return what was asked since the last time, to the last command."""
        self._mark = uuid4().hex
        self._marked.clear()
        await self._redis.echo(self._mark)  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        await self._marked.wait()
        counted, self._counted = self._counted, Counter()
        return counted

    def _take(self, command: str, *, is_inner: bool) -> None:
        name, *rest = _WORD.findall(command[:120])
        if is_inner:
            self._counted["events"] += name == "XADD"
        elif name == "EVALSHA":
            self._counted[_SCRIPTS[rest[0]]] += 1
        elif name == "SUBSCRIBE":
            self._counted["subscribe"] += 1
        elif name == "ECHO" and rest[0] == self._mark:
            self._marked.set()
