"""The run of a real language model: a program that has one answer each kind of generation, and writes what came of it.

    python -m tests.local_model.run

`serve.py` serves the model; an emulator, an api and a worker of the run's own ask it through a proxy, which notes what
it reports. Whatever a model says, each generation ends in an honest status, and its usage is what was reported.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from services.core.frozen import frozen
from tests.campaign import server_of_its_own
from tests.fakes.proxy import Proxy, between
from tests.local_model.report import write
from tests.snapinfra import GENERATION, User, rebuilt

ROOT: Final = Path(__file__).parents[2]
TOOLS: Final = ROOT / ".tools" / "bin"
MODEL: Final = "smollm2-135m"
LOADING: Final = 60.0
"""Seconds in which the model has to be served."""
PATIENCE: Final = 600.0
"""Seconds in which a generation has to end; on a quiet machine none takes more than 30."""
TABLE: Final = {"name": "notes", "fields": [{"name": "id", "type": "STRING", "primaryKey": True}]}
_SAVE: Final = (
    "mutation($input: SaveSchemaInput!) { saveSchema(input: $input) { schema { id } userErrors { message } } }"
)
_GENERATION: Final = """
query($id: ID!) {
  generation(id: $id) {
    status reason message text missingFiles files { path content }
    attempts { provider model outcome isEstimated usage { inputTokens outputTokens cachedTokens } }
  }
}"""
_USAGE: Final = re.compile(rb'"usage":(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')
_TERMINAL: Final = {"COMPLETED", "INCOMPLETE", "FAILED"}


@frozen
class Asked:
    """What is asked for. `after` names the one that it goes on from."""

    name: str
    kind: str
    prompt: str
    max_tokens: int
    after: str | None = None


ASKED: Final = (
    Asked("a question", "CHAT", "What is a primary key? Answer in one sentence.", 80),
    Asked("a further question", "CHAT", "And what is an index?", 80, after="a question"),
    Asked("an answer that is too long", "CHAT", "Tell me everything about databases.", 16),
    Asked("a schema", "SCHEMA", "Notes with a title and a text", 600),
    Asked("an architecture", "ARCHITECTURE", "Notes", 400),
    Asked("documentation", "DOCUMENTATION", "Notes", 300),
    Asked("code", "CODE", "Notes", 300),
)


@frozen
class Ended:
    """What came of it."""

    asked: Asked
    record: Mapping[str, Any]
    reported: Counter[tuple[int, int]]
    """The prompt's and the answer's tokens of each request, as the server reported them."""
    requests: int
    seconds: float
    faults: Sequence[str]


@asynccontextmanager
async def model() -> AsyncGenerator[Proxy]:
    """Serve the model for the length of the block, behind a proxy."""
    process = await asyncio.create_subprocess_exec(
        str(TOOLS / "python"),
        str(ROOT / "tests" / "local_model" / "serve.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LOADING):
            address = (await process.stdout.readline()).decode().strip()
        port = urlsplit(address).port
        if port is None:
            raise RuntimeError("The model is not served: run make model, which installs it.")
        async with between(port) as proxy:
            yield proxy
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def reported(proxy: Proxy) -> list[tuple[int, int]]:
    """Return the usage of every request that the server has answered so far."""
    found = [usage for line in proxy.connections for usage in _USAGE.findall(bytes(line.from_server))]
    counts = [json.loads(usage) for usage in found]
    return [(each["prompt_tokens"], each["completion_tokens"]) for each in counts]


def requests(proxy: Proxy) -> int:
    return sum(bytes(line.from_client).count(b"POST /v1/chat/completions") for line in proxy.connections)


async def ask(user: User, project_id: str, proxy: Proxy, asked: Asked, before: Mapping[str, str]) -> tuple[str, Ended]:
    """Have one generation made, and judge it."""
    began, earlier, sent = time.monotonic(), Counter(reported(proxy)), requests(proxy)
    fields = {"baseGenerationId": before[asked.after]} if asked.after is not None else {}
    options = {"maxTokens": asked.max_tokens, "temperature": 0.2}
    generation_id = await user.generate(project_id, asked.kind, prompt=asked.prompt, options=options, **fields)
    async with asyncio.timeout(PATIENCE), aclosing(user.follow(GENERATION, id=generation_id, after=None)) as results:
        happened = [result["data"]["generationEvents"] async for result in results]
    record: dict[str, Any] = (await user.ask(_GENERATION, id=generation_id))["generation"]
    new = Counter(reported(proxy)) - earlier
    seconds = time.monotonic() - began
    wrong = list(faults(record, happened, new))
    return generation_id, Ended(asked, record, new, requests(proxy) - sent, seconds, wrong)


def faults(record: Mapping[str, Any], happened: list[Any], new: Counter[tuple[int, int]]) -> Iterator[str]:
    """Yield what is not honest about how a generation ended."""
    status, reason = record["status"], record["reason"]
    if status not in _TERMINAL or reason == "INTERNAL":
        yield f"It ended as {status} {reason}: {record['message']}"
    if status != "COMPLETED" and not record["message"]:
        yield "It says no reason."
    files = {file["path"]: file["content"] for file in record["files"]}
    if rebuilt(happened) != (record["text"] or "", files):
        yield "Its stream adds up to something else than what is stored."
    counted = Counter(
        (each["usage"]["inputTokens"], each["usage"]["outputTokens"])
        for each in record["attempts"]
        if not each["isEstimated"]
    )
    if counted != new:
        yield f"Its usage is {dict(counted)}, but the server reported {dict(new)}."


async def run() -> list[Ended]:
    """Ask for one of each kind, one after the other."""
    async with model() as proxy:
        variables = {
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{proxy.port}/v1",
            "OPENAI_MODEL": MODEL,
            "JOB_LEASE_SECONDS": "60",
            "AI_FIRST_TIMEOUT": "240",
        }
        async with server_of_its_own("model", **variables) as server:
            return await everything(server.user(), proxy)


async def everything(user: User, proxy: Proxy) -> list[Ended]:
    project_id = (await user.project(name="Notes", description="Keep notes"))["id"]
    saved = await user.ask(_SAVE, input={"projectId": project_id, "tables": [TABLE], "relationships": []})
    assert saved["saveSchema"]["userErrors"] == []
    ids: dict[str, str] = {}
    ended: list[Ended] = []
    for asked in ASKED:
        ids[asked.name], one = await ask(user, project_id, proxy, asked, ids)
        ended.append(one)
        sys.stdout.write(f"{asked.name}: {one.record['status']} in {one.seconds:.0f} s\n")
        sys.stdout.flush()
    return ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0 only if every generation has ended honestly."""
    parser = argparse.ArgumentParser(prog="python -m tests.local_model.run", description="Ask a real language model.")
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "model.md")
    options = parser.parse_args(arguments)
    ended = asyncio.run(run())
    write(options.report, ended)
    wrong = [f"{one.asked.name}: {fault}" for one in ended for fault in one.faults]
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    sys.stdout.write(f"{len(ended)} generations, {len(wrong)} faults. The report is {options.report}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
