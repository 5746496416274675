"""What is told of when: each alarm, the metric that it is about, and the page that says what to do.

The first thirteen are those that the product's documents name; docs/operations/runbooks.md has a section of each.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from services.core.frozen import frozen

Statistic = Literal["Average", "Maximum", "Sum", "p99"]
BALANCER: Final = "balancer"
TARGETS: Final = "targets"
TABLE: Final = "table"
QUEUE: Final = "queue"
DEAD: Final = "dead-letter queue"
API: Final = "api"
WORKER: Final = "worker"
TOPIC: Final = "topic"
BUCKET: Final = "bucket"
CACHE: Final = "cache"
"""What a metric's dimensions name; of tables and queues each has an alarm of its own."""


@frozen
class Reading:
    """A metric of CloudWatch."""

    namespace: str
    metric: str
    of: str
    statistic: Statistic
    minutes: int = 5


@frozen
class Alarm:
    """Rings when its readings, or what `expression` makes of them, are above `above` so many periods in a row."""

    name: str
    says: str
    above: float
    readings: Mapping[str, Reading]
    expression: str = ""
    periods: int = 1


def _of(reading: Reading) -> Mapping[str, Reading]:
    return {"m": reading}


_ERRORS: Final = Reading("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", TARGETS, "Sum")
_REQUESTS: Final = Reading("AWS/ApplicationELB", "RequestCount", TARGETS, "Sum")

ALARMS: Final[Sequence[Alarm]] = (
    Alarm("server-errors", "The api answers with errors of its own.", 10, _of(_ERRORS), periods=2),
    Alarm(
        "slow-on-average",
        "Answers take more than a second on average.",
        1,
        _of(Reading("AWS/ApplicationELB", "TargetResponseTime", TARGETS, "Average")),
        periods=3,
    ),
    Alarm("cpu", "The api's tasks are busy.", 80, _of(Reading("AWS/ECS", "CPUUtilization", API, "Average")), periods=2),
    Alarm("requests", "Far more requests than usual.", 100_000, _of(_REQUESTS)),
    Alarm(
        "throttled",
        "DynamoDB refuses requests for their number.",
        5,
        _of(Reading("AWS/DynamoDB", "ThrottledRequests", TABLE, "Sum")),
    ),
    Alarm(
        "system-errors",
        "DynamoDB fails.",
        10,
        _of(Reading("AWS/DynamoDB", "SystemErrors", TABLE, "Sum")),
    ),
    Alarm(
        "near-the-quota",
        "A table takes more than 80 % of the writes that an account may ask of it (40,000 units a second).",
        0.8 * 40_000 * 300,
        _of(Reading("AWS/DynamoDB", "ConsumedWriteCapacityUnits", TABLE, "Sum")),
    ),
    Alarm(
        "queue-depth",
        "More than 100 jobs wait.",
        100,
        _of(Reading("AWS/SQS", "ApproximateNumberOfMessagesVisible", QUEUE, "Maximum")),
        periods=2,
    ),
    Alarm(
        "bucket-size",
        "The bucket holds more than 50 GB.",
        50e9,
        _of(Reading("AWS/S3", "BucketSizeBytes", BUCKET, "Average", minutes=24 * 60)),
    ),
    Alarm(
        "notifications-failed",
        "SNS can't deliver what it is told.",
        10,
        _of(Reading("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, "Sum")),
    ),
    Alarm(
        "dead-letters",
        "A job failed as often as it may be tried.",
        0,
        _of(Reading("AWS/SQS", "ApproximateNumberOfMessagesVisible", DEAD, "Maximum")),
    ),
    Alarm(
        "slow-for-some",
        "One in a hundred answers takes more than three seconds.",
        3,
        _of(Reading("AWS/ApplicationELB", "TargetResponseTime", TARGETS, "p99")),
        periods=3,
    ),
    Alarm(
        "error-rate",
        "More than 5 % of the answers are errors of the api's own.",
        5,
        {"errors": _ERRORS, "requests": _REQUESTS},
        expression="IF(requests > 0, 100 * errors / requests, 0)",
        periods=2,
    ),
    Alarm(
        "no-healthy-api",
        "The load balancer finds tasks of the api that do not answer.",
        0,
        _of(Reading("AWS/ApplicationELB", "UnHealthyHostCount", TARGETS, "Maximum", minutes=1)),
        periods=3,
    ),
    Alarm(
        "oldest-message",
        "A job has waited for ten minutes.",
        600,
        _of(Reading("AWS/SQS", "ApproximateAgeOfOldestMessage", QUEUE, "Maximum", minutes=1)),
        periods=3,
    ),
    Alarm(
        "events-memory",
        "The event log's server is nearly full: it evicts nothing, and refuses events when it is.",
        80,
        _of(Reading("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", CACHE, "Maximum")),
        periods=2,
    ),
    Alarm(
        "worker-memory",
        "The worker's tasks are nearly out of memory.",
        90,
        _of(Reading("AWS/ECS", "MemoryUtilization", WORKER, "Maximum")),
        periods=2,
    ),
)
