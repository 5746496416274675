"""What the servers of an event log are called."""

from redis.asyncio.connection import parse_url


def name_of(url: str) -> str:
    """Name the database that a URL leads to, whoever signs in to it and however: host, port and number."""
    parts = {"port": 6379, "db": 0, **parse_url(url)}
    return f"{parts['host']}:{parts['port']}/{parts['db']}"
