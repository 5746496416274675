"""graphql-sse, the client of the protocol's authors, against a server of ours."""

import asyncio
import json
import shutil

import pytest

from tests.clients.test_package import HERE, PATH, run
from tests.snapinfra import User, events, rebuilt


@pytest.mark.npm
async def test_graphql_sse_hears_what_a_socket_hears(alice: User) -> None:
    project_id = (await alice.project())["id"]
    generation_id = await alice.generate(project_id, "SCHEMA")
    node = shutil.which("node", path=PATH)
    assert node is not None

    said = await asyncio.to_thread(run, node, HERE / "sse.mjs", alice.url, generation_id, alice.token, within=HERE)

    heard = json.loads(said)
    assert rebuilt(heard) == rebuilt(await events(alice, generation_id))
    assert heard[-1]["status"] == "COMPLETED"
