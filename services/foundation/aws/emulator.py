"""The AWS emulator as a child process: ministack, started on a loopback port with its state in a folder.

It is the same boto3 code that talks to it and to AWS; only the endpoint differs.
"""

import asyncio
import contextlib
import json
import secrets
import shutil
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from services.core import lifeline

READY_TIMEOUT: Final = 30.0
"""Seconds that the emulator may take to accept connections."""

STOP_TIMEOUT: Final = 15.0
"""Seconds that the emulator may take to write its state and end."""


_SAVING: Final = Path(__file__).with_name("saving.py")
_TABLES: Final = "dynamodb.json"
"""What it saves of DynamoDB; always there where anything was saved."""

EMULATOR_CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
"""What clients of an emulator sign with; they open nothing."""


_LEAST_PORT: Final = 10_000
_MOST_PORT: Final = 32_768


class EmulatorMissing(Exception):
    """The ministack program is not installed where we look for it."""


class DamagedState(Exception):
    """What the emulator has saved cannot be read: it would begin with nothing."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"The emulator's state in {folder} is damaged: {why}. Put a copy of the folder there, or move it away "
            "to begin with nothing."
        )


def free_port() -> int:
    """Return a loopback port that nothing listens on at the moment.

    It is none of those that systems give to connections that go out (Linux: 32768 to 60999): one of these may be taken
    before it is listened on.
    """
    while True:
        port = _LEAST_PORT + secrets.randbelow(_MOST_PORT - _LEAST_PORT)
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    """Say whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@asynccontextmanager
async def running_emulator(
    *, program: str, data: Path | None, port: int, environment: Mapping[str, str]
) -> AsyncGenerator[str, None]:
    """Run the emulator for the length of the block and yield its endpoint URL.

    `data` keeps its state across restarts; None keeps nothing. Raises EmulatorMissing, DamagedState, or TimeoutError
    where it does not come up.
    """
    if data is not None:
        await asyncio.to_thread(_check, data / "state")
    path = shutil.which(program)
    if path is None:
        raise EmulatorMissing(f"No '{program}' on the PATH: run `make dev`, or set AWS_ENDPOINT_URL to an emulator.")
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",  # a listener of its own, on all addresses
        "LOG_LEVEL": "WARNING",
        **EMULATOR_CREDENTIALS,  # with which it checks presigned URLs
        **_state(data),
    }
    # It ends after our own last write; where we are killed, it ends as well, and writes its state.
    process = await lifeline.start(
        _command(Path(path), saves=data is not None),
        environment={**environment, **settings},
        grace=STOP_TIMEOUT,
        output=asyncio.subprocess.DEVNULL,
    )
    try:
        await _ready(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        lifeline.stop(process)
        await process.wait()


def _command(program: Path, *, saves: bool) -> list[str]:
    """Return how to start the emulator; one that `saves` does so as it goes, by the interpreter it is installed for."""
    python = program.absolute().with_name("python")
    return [str(python), "-P", str(_SAVING)] if saves and python.is_file() else [str(program)]


def _check(state: Path) -> None:
    """Raise DamagedState where something was saved and can't be read, or not all of it is there."""
    if not state.is_dir():
        return
    if not (state / _TABLES).is_file():
        raise DamagedState(state, f"{_TABLES} is missing")
    for file in sorted(state.glob("*.json")):
        try:
            json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise DamagedState(state, f"{file.name} is not whole ({error})") from error


def _state(data: Path | None) -> dict[str, str]:
    if data is None:
        return {"PERSIST_STATE": "0"}
    data.mkdir(parents=True, exist_ok=True)
    return {
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
    }


async def _ready(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(READY_TIMEOUT):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            return
    raise RuntimeError(f"The emulator ended at once with exit status {process.returncode}: is port {port} taken?")
