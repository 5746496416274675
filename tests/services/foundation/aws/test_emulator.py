"""The emulator as a child process: what it keeps, also where it is killed, and what it says of a damaged folder."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from services.foundation.aws.clients import connect
from services.foundation.aws.emulator import DamagedState, free_port, running_emulator
from tests.cli.command import descendants, kill, listening

TOOLS: Final = Path(__file__).parents[4] / ".tools" / "bin"


@asynccontextmanager
async def running(data: Path) -> AsyncGenerator[str]:
    async with running_emulator(
        program=str(TOOLS / "ministack"),
        data=data,
        port=free_port(),
        environment=dict(os.environ),  # noqa: TID251 - a child of the test run, not a setting of the product
    ) as url:
        yield url


def tables(url: str) -> list[str]:
    aws = connect(region="us-east-1", endpoint=url)
    try:
        return aws.dynamodb.list_tables()["TableNames"]
    finally:
        aws.close()


def make_table(url: str, name: str) -> None:
    aws = connect(region="us-east-1", endpoint=url)
    try:
        aws.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
    finally:
        aws.close()


async def saved(data: Path, text: str) -> None:
    """Wait until the emulator has saved a text."""
    file = data / "state" / "dynamodb.json"
    async with asyncio.timeout(20):
        while not (file.is_file() and text in file.read_text()):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def emulators(url: str) -> list[int]:
    """Return the emulator's process, without the supervisor above it."""
    own = [pid for pid in descendants(os.getpid()) if f"GATEWAY_PORT={port_of(url)}".encode() in environment(pid)]
    return [pid for pid in own if not descendants(pid)]


def environment(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


async def test_what_was_saved_outlives_an_emulator_that_is_killed(tmp_path: Path) -> None:
    async with running(tmp_path) as url:
        await asyncio.to_thread(make_table, url, "first")
        await saved(tmp_path, "first")
        await asyncio.to_thread(make_table, url, "second")
        await saved(tmp_path, "second")
        kill(emulators(url))

    async with running(tmp_path) as again:
        assert await asyncio.to_thread(tables, again) == ["first", "second"]


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("dynamodb.json", b'{"payload": {"tables"', r"dynamodb\.json is not whole"),
        ("sqs.json", b"", r"sqs\.json is not whole"),
        ("sqs.json", b"\xff\x00\xff", r"sqs\.json is not whole"),
        ("dynamodb.json", None, r"dynamodb\.json is missing"),
    ],
)
async def test_damaged_state_is_said_to_be_damaged_and_stays_as_it_is(
    tmp_path: Path, file: str, content: bytes | None, why: str
) -> None:
    async with running(tmp_path) as url:
        await asyncio.to_thread(make_table, url, "first")
    damaged = tmp_path / "state" / file
    if content is None:
        damaged.unlink()
    else:
        damaged.write_bytes(content)

    with pytest.raises(DamagedState, match=why):
        async with running(tmp_path):
            pass

    assert not damaged.exists() if content is None else damaged.read_bytes() == content


async def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as url:
        await asyncio.to_thread(make_table, url, "first")
        sockets = [socket for pid in emulators(url) for socket in listening(pid)]

    assert sockets == [f"0100007F:{port_of(url):04X}"]  # 127.0.0.1, and no other socket on any address
