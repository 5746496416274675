"""A fake of CloudWatch Logs, awkward as it is: pages may be empty with others behind them, and lines come late."""

import itertools
from dataclasses import dataclass, field
from typing import Any, Final

from services.core.clock import utc_now
from tests.fakes.targets.aws_parts import AwsError

_PAGE: Final = 7


@dataclass
class FakeLogs:
    groups: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    """The events of each group."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def put(self, group: str, stream: str, message: str, *, at: int | None = None) -> None:
        """Take a line, as an agent sends it; there are no empty ones."""
        if not message:
            return
        now = int(utc_now().timestamp() * 1000)
        event = {
            "logStreamName": stream,
            "timestamp": at or now,
            "message": message,
            "ingestionTime": now,
            "eventId": f"{next(self._numbers):056d}",
        }
        self.groups[group].append(event)

    async def CreateLogGroup(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        name = body["logGroupName"]
        if name in self.groups:
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
        self.groups[name] = []
        return {}

    async def PutRetentionPolicy(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        self._group(body)
        return {}

    async def FilterLogEvents(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name
        prefix, start = body.get("logStreamNamePrefix", ""), body.get("startTime", 0)
        matching = [
            event
            for event in self._group(body)
            if event["logStreamName"].startswith(prefix) and event["timestamp"] >= start
        ]
        matching.sort(key=lambda event: (event["timestamp"], event["ingestionTime"], event["eventId"]))
        token = body.get("nextToken")
        if token is None:
            return {"events": [], "nextToken": "0"}  # an empty page, though there may be lines
        first = int(token)
        more = {"nextToken": str(first + _PAGE)} if len(matching) > first + _PAGE else {}
        return {"events": matching[first : first + _PAGE], **more}

    def _group(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        name = body["logGroupName"]
        if name not in self.groups:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return self.groups[name]
