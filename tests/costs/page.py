"""What operations ask for, as a page and as data: docs/reference/calls.md and calls.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from graph.rights import FIRST_LOOK, NEXT_LOOK
from services.bootstrap.health import LOOK_EVERY
from services.deployments.job import ARCHIVE_EVERY
from services.foundation.auth.access import POLL as ACCESS_POLL
from services.foundation.aws.clients import LONG_POLL
from services.foundation.jobs.run import POLL as JOB_POLL
from services.presence import BEAT

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"
PAGE: Final = FOLDER / "calls.md"
DATA: Final = FOLDER / "calls.json"

_HEAD: Final = """# What operations ask of DynamoDB, SQS, S3, SNS and Redis

Written by `make calls` from what an api and a worker call on the emulator and on a real Redis;
`tests/costs/test_costs.py` holds the page to it.

- The user was seen a moment ago, so signing in reads nothing. The model is the scaffold, whose answers are short.
- Units are those that DynamoDB bills on demand, for the items as they are here: an index takes a write of its own, or
  two where its key has changed, a transaction two for each item of a table.
- Redis is asked by the scripts append, read and trim, and subscribes to a stream's news; events are the entries that
  are added. How many appends the events of a job take depends on how fast they come: at most one for each.

| operation | DynamoDB | read units | write units | SQS, S3, SNS | Redis |
|---|---|--:|--:|---|---|
"""


def by_time() -> Mapping[str, str]:
    """Say what is asked whatever anybody does."""
    return {
        "an api that has sockets, or knows users": f"1 Query of news of changed access every {ACCESS_POLL:g} s",
        "a socket": f"its rights, looked at again after {FIRST_LOOK:g} s, then every {NEXT_LOOK:g} s",
        "a stream that a process follows": "1 HMGET every 5 s, fifty of them in a pipeline",
        "a project that a process follows": f"1 read and 1 append every {BEAT:g} s",
        "a job that is being done": f"1 Query every {JOB_POLL:g} s; "
        "1 Query, 1 PutItem and 1 ChangeMessageVisibility every third of JOB_LEASE_SECONDS",
        "a deployment that is attached": f"1 read every {ARCHIVE_EVERY:g} s, and 1 PutItem where there was something",
        "a worker": f"3 ReceiveMessage every {LONG_POLL} s; 4 Query every three times JOB_LEASE_SECONDS",
        "a process": f"1 DescribeTable, 1 HeadBucket, 1 GetQueueUrl and 1 PING every {LOOK_EVERY:g} s",
    }


def page(rows: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [_line(operation, counted) for operation, counted in rows.items()]
    standing = [f"| {who} | {what} |" for who, what in by_time().items()]
    return "\n".join(
        [
            f"{_HEAD}{lines[0]}",
            *lines[1:],
            "",
            "What goes on by itself, and is not in the rows above:",
            "",
            "| | |",
            "|---|---|",
            *standing,
            "",
        ]
    )


def data(rows: Mapping[str, Mapping[str, Any]]) -> str:
    return json.dumps(rows, indent=2) + "\n"


def _line(operation: str, counted: Mapping[str, Any]) -> str:
    calls: Mapping[str, int] = counted["calls"]
    tables = [f"{count} {name.split()[1]}" for name, count in calls.items() if name.startswith("dynamodb ")]
    others = [f"{count} {name.split()[1]}" for name, count in calls.items() if not name.startswith("dynamodb ")]
    redis = [f"{count} {name if count > 1 else name.removesuffix('s')}" for name, count in counted["redis"].items()]
    cells = [
        operation,
        ", ".join(tables),
        f"{counted['readUnits']:g}",
        f"{counted['writeUnits']:g}",
        ", ".join(others),
        ", ".join(redis),
    ]
    return f"| {' | '.join(cells)} |"
