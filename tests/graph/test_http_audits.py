"""The conformance to GraphQL over HTTP: all audits of npm's graphql-http pass."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.snapinfra import Server

AUDITS = Path(__file__).parent / "audits"
TOOLS = Path(__file__).parent.parent.parent / ".tools" / "bin"


@pytest.mark.npm
async def test_every_audit_of_graphql_over_http_passes(server: Server) -> None:
    path = f"{os.environ['PATH']}:{TOOLS}"  # noqa: TID251 - where the machine's Node is
    node = shutil.which("node", path=path)
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node, AUDITS / "run.js", server.url, stdout=asyncio.subprocess.PIPE, env={"PATH": path}
    )
    async with asyncio.timeout(120):
        out, _ = await process.communicate()

    results = json.loads(out)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
