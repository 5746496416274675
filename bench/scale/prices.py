"""List prices of AWS, US East (N. Virginia), in dollars, and what is known of each: where it was read, and when."""  # noqa: INP001 - benchmarks are not a package

from typing import Final

from services.core.frozen import frozen


@frozen
class Price:
    dollars: float
    unit: str
    source: str


_SEED: Final = "seed 002, and as known in 2026"
_KNOWN: Final = "as known in 2026, not looked up"
_DYNAMODB: Final = "AWS since 2024-11-01, by airbyte.com/data-engineering-resources/dynamodb-pricing (2025-07-21)"
_FARGATE: Final = "vantage.sh/blog/fargate-pricing and wring.co/blog/aws-fargate-pricing-guide (2026-03-10)"

WRITES: Final = Price(0.625, "million write request units", _DYNAMODB)
READS: Final = Price(0.125, "million read request units", _DYNAMODB)
QUEUE: Final = Price(0.40, "million requests to SQS, after the first", _SEED)
TOPIC: Final = Price(0.50, "million requests to SNS", _SEED)
PUTS: Final = Price(5.0, "million PUTs to S3", _SEED)
GETS: Final = Price(0.40, "million GETs from S3", _SEED)
CPU: Final = Price(0.04048, "hour of a vCPU of Fargate (Linux, x86)", _FARGATE)
MEMORY: Final = Price(0.004445, "hour of a GB of Fargate", _FARGATE)
REDIS: Final = Price(0.158, "hour of a cache.m7g.large, one core of which runs scripts", _KNOWN)
OUT: Final = Price(0.09, "GB sent to the internet", _KNOWN)
BALANCER: Final = Price(0.008 / 3000, "hour of a connection at a load balancer (an LCU takes 3,000)", _KNOWN)

PRICES: Final = (WRITES, READS, QUEUE, TOPIC, PUTS, GETS, CPU, MEMORY, REDIS, OUT, BALANCER)
OLD_WRITES: Final = 1.25
OLD_READS: Final = 0.25
"""Dollars for a million units, in seed 001."""
