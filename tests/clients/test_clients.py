"""The clients of docs/how-to/connect-a-frontend.md, as they stand there, over connections that break."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.e2e.proxy import before
from tests.snapinfra import User, events, rebuilt

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent
PAGE: Final = ROOT / "docs" / "how-to" / "connect-a-frontend.md"
TYPES: Final = ROOT / "docs" / "reference" / "possible-types.json"
AUTH: Final = "export const getToken = async () => (globalThis as any).token as string;\n"


def documented(folder: Path, url: str) -> None:
    """Write the files that the page shows, with a server's addresses, and what the page leaves to its reader."""
    page = PAGE.read_text()
    host = urlsplit(url).netloc
    for name, code in re.findall(r"```ts\n// (\w+\.ts)\n(.*?)```", page, re.DOTALL):
        here = code.replace("wss://api.example.com", f"ws://{host}").replace(
            "https://api.example.com", f"http://{host}"
        )
        assert here != code or "api.example.com" not in code
        (folder / name).write_text(here)
    (folder / "auth.ts").write_text(AUTH)
    shutil.copy(TYPES, folder)
    for own in HERE.glob("*.ts"):
        shutil.copy(own, folder)


async def followed(client: str, generation_id: str, user: User, folder: Path) -> list[Any]:
    """Return the events that a documented client hands on."""
    await asyncio.to_thread(documented, folder, user.url)
    path = f"{os.environ['PATH']}:{ROOT / '.tools' / 'bin'}"  # noqa: TID251 - where the machine's Node is
    node = shutil.which("node", path=path)
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        HERE / "run.mjs",
        folder,
        client,
        generation_id,
        user.token,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": path},
    )
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, err.decode()
    return json.loads(out)


@pytest.mark.npm
@pytest.mark.parametrize("client", ["socket", "apollo", "urql"])
async def test_a_documented_client_resumes_by_itself_and_hands_on_every_event_once(
    alice: User, tmp_path: Path, client: str
) -> None:
    project_id = (await alice.project())["id"]
    await events(alice, await alice.generate(project_id, "SCHEMA"))
    generation_id = await alice.generate(project_id, "CODE")
    whole = await events(alice, generation_id)

    async with before(alice.url, cuts=(3, 5, 9, 4, None)) as proxy:
        handed_on = await followed(client, generation_id, proxy.user(alice), tmp_path)
        sockets = proxy.sockets

    assert sockets == 5
    assert [event["seq"] for event in handed_on] == sorted({event["seq"] for event in handed_on})
    assert rebuilt(handed_on) == rebuilt(whole)
    assert handed_on[-1]["status"] == "COMPLETED"
