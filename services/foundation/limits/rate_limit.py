"""Rates: how often something may be done in a time, by a minute as a rule, whichever process is asked.

Taking is one UpdateItem that DynamoDB does or refuses by itself, so that many at once do not wait for one another. What
is older than a minute is taken out only once there is no more room.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from botocore.exceptions import ClientError

from services.core.clock import Clock
from services.core.errors import Conflict, Limited
from services.foundation.aws.items import Entity, to_attribute
from services.foundation.aws.spec import EXPIRES, TableSpec
from services.foundation.aws.tables import CONTENTION, Table, is_condition_failure

WINDOW: Final = timedelta(minutes=1)


class RateWindow(Entity, frozen=True, kw_only=True, rename="camel"):
    """What a user or an API key did lately. `id` is who and what."""

    taken: dict[str, datetime] = msgspec.field(default_factory=dict[str, datetime])
    """When it was done first, by a name of it: done again within the window, it does not count again."""
    expires_at: int


RATES: Final = TableSpec("rates", RateWindow, fate=(EXPIRES,), ttl="expiresAt")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimiter:
    """A sliding window: no minute, whenever it begins, has more than `most`."""

    table: Table[RateWindow]
    most: int
    """0 for no limit."""
    now: Clock
    what: str = "AI requests"
    """Of what there are too many, for a person."""
    window: timedelta = WINDOW
    """A minute, or an hour."""

    async def take(self, action: str, key: str, *, by: str) -> None:
        """Count something that somebody is about to do, by a name of it. Raises Limited where it is one too many."""
        if not self.most:
            return
        window_id = f"{by}#{action}"
        for _ in range(CONTENTION):
            if await self._taken(window_id, key):
                return
            window = await self.table.find(window_id)
            if window is None or not window.taken:
                await self._begin(window_id)
                continue
            recent = {name: at for name, at in window.taken.items() if at > self.now() - self.window}
            if len(recent) >= self.most:
                raise self._limited(recent)
            if old := window.taken.keys() - recent.keys():
                await self._forget(window_id, old)
        raise Conflict("Too many changes at once; try again.")

    async def _taken(self, window_id: str, key: str) -> bool:
        """Take where there is room, or where it was taken already."""
        return await self._update(
            window_id,
            "SET #taken.#key = if_not_exists(#taken.#key, :now), #updatedAt = :now, #expiresAt = :expiry",
            "attribute_exists(#taken) AND (attribute_exists(#taken.#key) OR size(#taken) < :most)",
            {"#taken": "taken", "#key": key, "#updatedAt": "updatedAt", "#expiresAt": "expiresAt"},
            {":now": self.now(), ":expiry": self._expiry(), ":most": self.most},
        )

    async def _begin(self, window_id: str) -> None:
        names = ("taken", "createdAt", "updatedAt", "version", "expiresAt")
        await self._update(
            window_id,
            "SET #taken = :none, #createdAt = :now, #updatedAt = :now, #version = :one, #expiresAt = :expiry",
            "attribute_not_exists(#taken)",
            {f"#{name}": name for name in names},
            {":none": {}, ":now": self.now(), ":one": 1, ":expiry": self._expiry()},
        )

    async def _forget(self, window_id: str, old: AbstractSet[str]) -> None:
        names = {f"#{position}": name for position, name in enumerate(old)}
        removed = ", ".join(f"#taken.{name}" for name in names)
        await self._update(window_id, f"REMOVE {removed}", "attribute_exists(#taken)", {"#taken": "taken", **names}, {})

    async def _update(
        self, window_id: str, change: str, condition: str, names: Mapping[str, str], values: Mapping[str, Any]
    ) -> bool:
        """Change a window in one step, if the condition holds; return whether it did. Repeating it changes nothing."""
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "Key": {"id": {"S": window_id}},
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
        }
        if values:
            request["ExpressionAttributeValues"] = {name: to_attribute(value) for name, value in values.items()}
        try:
            await self.table.aws.run(self.table.aws.dynamodb.update_item, **request)
        except ClientError as error:
            if is_condition_failure(error):
                return False
            raise
        return True

    def _limited(self, recent: Mapping[str, datetime]) -> Limited:
        """Say when the take goes out of the window that makes room for one more."""
        frees = sorted(recent.values())[len(recent) - self.most]
        length = "a minute" if self.window == WINDOW else "an hour"
        message = f"That is more than {self.most} {self.what} within {length}; wait a little."
        return Limited(message, retry_after=(frees + self.window - self.now()).total_seconds())

    def _expiry(self) -> int:
        return int((self.now() + 2 * self.window).timestamp())
