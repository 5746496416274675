"""The fixtures of several files: a Redis of a test's own, and a Chromium, installed where it is missing and can be."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Final

import pytest

from tests.e2e.browser import chromium
from tests.services.foundation.events.redis_server import RedisServer

INSTALL: Final = "apt-get install -y --no-install-recommends chromium"
PATIENCE: Final = 120
"""Seconds for each step of the installation."""


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def browser() -> str:
    """Return the program of a Chromium. Only a machine that has neither one nor apt-get may do without."""
    found = chromium()
    if found is not None:
        return found
    if shutil.which("apt-get") is None:
        pytest.skip("GraphiQL is not tested: there is no Chromium here, and no apt-get to install it with.")
    if os.geteuid() != 0:
        pytest.fail(f"The browser tests need Chromium: run `sudo {INSTALL}`.", pytrace=False)
    for command in ("apt-get update", INSTALL):
        _run(command)
    found = chromium()
    if found is None:
        pytest.fail(f"`{INSTALL}` succeeded, but there is still no Chromium on the PATH.", pytrace=False)
    return found


def _run(command: str) -> None:
    environment = {"PATH": os.defpath + ":/usr/sbin:/sbin", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command.split(), env=environment, timeout=PATIENCE, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"The browser tests need Chromium: `{command}` took more than {PATIENCE} s.", pytrace=False)
    if done.returncode != 0:
        pytest.fail(f"The browser tests need Chromium: `{command}` failed.\n{done.stderr[-2000:]}", pytrace=False)
